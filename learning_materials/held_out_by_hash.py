"""留一成做考题，为什么不随机抽，而用哈希？

世界里多加一件事，或者换一台机器，考题还是那些吗？比较「随机抽一成」与「看题目自己的哈希」两种留法：
加一件事之后，有多少考题跑进了训练集。对应章节：nbs/1_world/10_facts.ipynb
"""

import hashlib
import random

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0), share=(0.1, "留出几成", 0.01))
facts = [f"{a}+{b}" for a in range(60) for b in range(60)]


def by_random(items):
    return set(random.Random(args.seed).sample(items, int(len(items) * args.share)))


def by_hash(items):
    return {q for q in items if int(hashlib.md5(q.encode()).hexdigest(), 16) % 1000 < args.share * 1000}


moved = {}
for name, split in (("随机抽", by_random), ("看哈希", by_hash)):
    before, after = split(facts), split(["新来的题", *facts])  # 只在最前面多了一道
    moved[name] = len(before - after) / len(before)
    print(f"{name}：{len(facts)} 道里留出 {len(before)} 道；多加一道题之后，{moved[name]:.0%} 的旧考题跑进了训练集")

ordered = by_hash(facts)
unordered = {q for q in facts if "+".join(sorted(q.split("+"), key=int)) in ordered}
leak = sum("+".join(q.split("+")[::-1]) not in ordered for q in ordered) / len(ordered)
print(f"还有一个坑：只看写法的话，{leak:.0%} 的考题，交换加数之后就在训练集里（37+48 与 48+37）")
fixed = sum("+".join(q.split("+")[::-1]) not in unordered for q in unordered)
print(f"先把两个数排好再算哈希，这样的漏题有 {fixed} 道")
picture(args, lambda p: p.bars(moved, title="多加一道题，旧考题跑进训练集的比例", fmt="{:.0%}"))
claim(
    moved["看哈希"] == 0 < moved["随机抽"] and fixed == 0,
    "留不留只看题目自己，加题、换种子、换机器都不变；等价的题要先写成同一个样子再算。",
)
