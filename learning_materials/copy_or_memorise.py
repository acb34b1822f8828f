"""参数的值只有几十个，模型学的是抄还是背？

对应章节：nbs/1_world/45_tools.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, slots=(60, "背得下几个值", 1), drawn=(2000, "训练几次", 10), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)


def again(values):
    "训练里抽 `drawn` 次、每次 `values` 个值之一：之后再抽一次，这个值已经在最近的 `slots` 个里的机会。"
    stream = rng.integers(values, size=args.drawn)
    hits = [stream[i] in set(stream[max(0, i - args.slots) : i]) for i in range(args.slots, args.drawn)]
    return sum(hits) / len(hits)


kinds = (20, 60, 200, 1000, 5000)
recalled = {str(v): again(v) for v in kinds}
for v, share in recalled.items():
    print(f"{v:>5} 个值：光靠背最近的 {args.slots} 个，就能蒙对 {share:.0%}")
picture(args, lambda p: p.bars(recalled, fmt="{:.0%}", title="不抄，光靠背，能对多少"))
claim(recalled["20"] > 0.9 and recalled["5000"] < 0.1, "值少，背就够了，没有理由去抄；值多得背不完，才只好去抄")
