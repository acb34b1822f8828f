"""两个模型差了五分，算谁赢？

两个一样好的模型，各考一百题，分数也会不同。区间不叠才敢说谁更好，冤枉人的次数就少得多。
对应章节：nbs/8_serving/15_compare.ipynb
"""

import math
import random

from _kit import arguments, claim, picture

args = arguments(__doc__, questions=(100, "几道题", 10), tries=(3000, "比几次", 100), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
SKILL = 0.6  # 两个模型真正的本事，一样


def wilson(k, n, z=1.96):
    p = k / n
    middle, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def exam():
    return sum(rng.random() < SKILL for _ in range(args.questions))


blamed = {"差五分就算赢": 0, "区间不叠才算": 0}
for _ in range(args.tries):
    a, b = sorted((exam(), exam()))
    blamed["差五分就算赢"] += (b - a) / args.questions >= 0.05
    blamed["区间不叠才算"] += wilson(b, args.questions)[0] > wilson(a, args.questions)[1]
wrong = {k: v / args.tries for k, v in blamed.items()}
for name, rate in wrong.items():
    print(f"两个一样好的模型，{name}：{rate:.1%} 的时候硬说一个更好")
picture(args, lambda p: p.bars(wrong, title="一样好，却硬分出高下的次数", fmt="{:.1%}"))
claim(
    wrong["差五分就算赢"] > 0.3 and wrong["区间不叠才算"] < 0.03,
    "两个一样好的模型，差五分是家常便饭；等区间不叠再下结论，就很少冤枉人。",
)
