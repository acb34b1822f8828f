"""我的预训练损失正常吗？

不用训练就能算出三把尺子：瞎猜 ln(词表)、只数频率（一元熵）、只看前一个字（二元）。损失该落在哪两把之间，一看便知。
对应章节：nbs/7_trainer/60_train_pretrain.ipynb
"""

import math
import random
from collections import Counter, defaultdict

from _kit import arguments, claim, picture
from minimind.world.stories import passage

args = arguments(__doc__, passages=(2000, "读几段短文", 100), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
train, test = ([passage(rng) for _ in range(n)] for n in (args.passages, args.passages // 10))
single, pair, triple = Counter(), defaultdict(Counter), defaultdict(Counter)
for text in train:
    single.update(text)
    for i in range(1, len(text)):
        pair[text[i - 1]][text[i]] += 1
        triple[text[max(0, i - 2) : i]][text[i]] += 1
vocab, total = len(single) + 1, sum(single.values())


def p1(c):
    return (single[c] + 1) / (total + vocab)


def p2(text, i):
    seen = pair[text[i - 1]]
    return (seen[text[i]] + 2 * p1(text[i])) / (sum(seen.values()) + 2)


def p3(text, i):
    seen = triple[text[max(0, i - 2) : i]]
    return (seen[text[i]] + 2 * p2(text, i)) / (sum(seen.values()) + 2)


spots = [(t, i) for t in test for i in range(1, len(t))]
mean = lambda p: -sum(math.log(p(t, i)) for t, i in spots) / len(spots)
rulers = {
    "瞎猜 ln(词表)": math.log(vocab),
    "只数频率": mean(lambda t, i: p1(t[i])),
    "看前一个字": mean(p2),
    "看前两个字": mean(p3),
}
print(f"按字切，词表 {vocab} 个字；在没读过的 {len(test)} 段短文上，每个字的损失：")
for name, loss in rulers.items():
    print(f"  {name:<10} {loss:.2f}（每次在 {math.exp(loss):.0f} 个字里犹豫）")
print("怎样对照你的曲线：")
print("  第一步高出瞎猜一大截 → 初始化或共用的方向错了；低得离谱 → 标签没有错开")
print("  练了很久还在“只数频率”附近 → 上文没起作用，查掩码与位置")
print("  低于“看前两个字” → 它已经会用更远的上文，继续练")
picture(args, lambda p: p.bars(rulers, title="不用训练就能算的尺子", ylabel="损失", fmt="{:.2f}"))
order = list(rulers.values())
claim(
    order == sorted(order, reverse=True),
    "损失从 ln(词表) 出发，先落到一元熵，再靠上文一级级往下；卡在哪一级，毛病就在哪一级。",
)
