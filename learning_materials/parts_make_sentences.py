"""几样零件拼一拼，能说出多少种应用题？

对应章节：nbs/1_world/42_problems.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__,
    ways=(10, "每样零件几种说法", 2),
    steps=(3, "最多几步", 1),
    drawn=(3000, "抽几道题", 100),
    seed=(0, "随机种子", 0),
)
rng = np.random.default_rng(args.seed)


def distinct(steps):
    "抽 `drawn` 道 `steps` 步的题，有几种不同的说法（开头、每一步、结尾各抽一样）。"
    return len({tuple(rng.integers(args.ways, size=steps + 2)) for _ in range(args.drawn)})


found = {}
for steps in range(1, args.steps + 1):
    found[f"{steps} 步"] = distinct(steps)
    parts, every = args.ways * (steps + 2), args.ways ** (steps + 2)
    print(f"{steps} 步：零件一共 {parts} 句，拼得出 {every:,} 种，抽 {args.drawn} 道见到 {found[f'{steps} 步']} 种")
picture(args, lambda p: p.bars(found, fmt="{:.0f}", title=f"抽 {args.drawn} 道题，几种不同的说法"))
claim(
    list(found.values())[-1] > 10 * args.ways * (args.steps + 2), "几十句零件，拼得出写不完的题；步数越多，重样的越少"
)
