"""纯 Python 的 BPE 为什么也跟得上？

同一份文字，数一数两种训练法各碰了多少个位置：每合并一次就全部重数，与只改合并处的左右邻居。
两种学到的合并要相同。对应章节：nbs/9_lab/40_tokenizer_speed.ipynb
"""

import random
from collections import Counter, defaultdict

from _kit import arguments, claim, picture
from minimind.world.stories import passage

args = arguments(__doc__, chars=(3000, "几个字", 100), merges=(120, "合并几次", 5), seed=(0, "随机种子", 0))
rng, text = random.Random(args.seed), ""
while len(text) < args.chars:
    text += passage(rng)
start = list(text[: args.chars].encode())


def recount():
    seq, merges, touched = list(start), [], []
    for new in range(256, 256 + args.merges):
        count, out, i = Counter(zip(seq, seq[1:])), [], 0
        pair = min(count, key=lambda p: (-count[p], p))
        while i < len(seq):
            hit = i + 1 < len(seq) and (seq[i], seq[i + 1]) == pair
            out.append(new if hit else seq[i])
            i += 2 if hit else 1
        seq, merges, touched = out, merges + [pair], touched + [len(seq)]  # 全文数了一遍
    return merges, touched


def incremental():
    seq, where, merges, touched = list(start), defaultdict(set), [], []
    prev, nxt = list(range(-1, len(seq) - 1)), list(range(1, len(seq))) + [-1]
    for i, pair in enumerate(zip(seq, seq[1:])):
        where[pair].add(i)
    for new in range(256, 256 + args.merges):
        pair, work = min(filter(where.get, where), key=lambda p: (-len(where[p]), p)), 0
        for i in sorted(where.pop(pair)):
            if seq[i] != pair[0] or (j := nxt[i]) < 0 or seq[j] != pair[1]:
                continue
            work += 1
            left, right = prev[i], nxt[j]
            if left >= 0:
                where[seq[left], seq[i]].discard(left)
                where[seq[left], new].add(left)
            if right >= 0:
                where[seq[j], seq[right]].discard(j)
                where[new, seq[right]].add(i)
                prev[right] = i
            seq[i], nxt[i], seq[j] = new, right, None
        merges, touched = merges + [pair], touched + [work]
    return merges, touched


(a, slow), (b, fast) = recount(), incremental()
same = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), len(a))
print(f"{len(start)} 个字节，合并 {args.merges} 次；两种办法前 {same} 次合并相同")
print(f"  全部重数：碰了 {sum(slow):,} 个位置；只改邻居：碰了 {sum(fast):,} 个，少 {sum(slow) / sum(fast):.0f} 倍")
print(f"  头十次合并碰 {sum(fast[:10]):,} 个，最后十次只碰 {sum(fast[-10:]):,} 个：越往后，一对出现得越少")
series = {"全部重数": slow, "只改邻居": fast}
picture(args, lambda p: p.curves(series, "第几次合并", "碰了几个位置", "每次合并的工作量", logy=True))
claim(
    sum(fast) * 10 < sum(slow) and same > args.merges * 0.8,
    "合并一对只影响它的左右邻居；只改那里，工作量从「次数 × 全文」降到与全文同一个量级，纯 Python 也够用。",
)
