"""比两个模型，该问同一句，还是各问各的？

题有难有易。各问各的，题的难易混进差别里；问同一句，难易抵消，差别看得清。
对应章节：nbs/8_serving/35_web_compare.ipynb
"""

import random
from statistics import mean, stdev

from _kit import arguments, claim, picture

args = arguments(__doc__, questions=(20, "一次比几句", 2), tries=(2000, "比几次", 100), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
BETTER = 0.05  # 后一个模型真的好这么多


def ease():
    return rng.random()  # 这一句有多容易，0 到 1


def says(skill, easy):
    "答得有多好：题的难易，加上本事，加一点运气。"
    return easy + skill + rng.gauss(0, 0.05)


def same():
    return mean(says(BETTER, e) - says(0, e) for e in [ease() for _ in range(args.questions)])


def apart():
    first = mean(says(BETTER, ease()) for _ in range(args.questions))
    return first - mean(says(0, ease()) for _ in range(args.questions))


found = {"问同一句": [same() for _ in range(args.tries)], "各问各的": [apart() for _ in range(args.tries)]}
right = {name: sum(d > 0 for d in diffs) / args.tries for name, diffs in found.items()}
for name, diffs in found.items():
    print(f"{name}：差别平均 {mean(diffs):+.3f}，上下 {stdev(diffs):.3f}；看对谁更好的次数 {right[name]:.0%}")
picture(args, lambda p: p.bars(right, title=f"只问 {args.questions} 句，看对谁更好的有几成", fmt="{:.0%}"))
claim(
    right["问同一句"] > 0.95 > right["各问各的"],
    "问同一句，题的难易两边一样，减一减就没了；各问各的，难易的起伏盖过了真正的差别。",
)
