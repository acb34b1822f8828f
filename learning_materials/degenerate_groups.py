"""同一题答几遍，才不至于一整组什么也没教？

对应章节：nbs/7_trainer/92_objectives.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, groups=(2000, "每种难度抽几组", 100), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
RATES, SIZES = (0.02, 0.1, 0.5, 0.9, 0.98), (2, 4, 8, 16)

idle = {}
print("答对的机会  " + "".join(f"答 {g:2d} 遍   " for g in SIZES))
for rate in RATES:
    for g in SIZES:
        right = rng.random((args.groups, g)) < rate
        idle[rate, g] = float((right.all(1) | ~right.any(1)).mean())  # 全对或全错：人人都是平均
    print(f"{rate:8.0%}    " + "".join(f"{idle[rate, g]:7.0%}   " for g in SIZES))
by_hand = 0.5**4 * 2  # 五五开，答四遍：全对或全错
print(f"手算一格：五五开、答 4 遍，白答的机会是 2 × 0.5⁴ = {by_hand:.1%}，抽出来 {idle[0.5, 4]:.1%}")
lines = {f"答 {g} 遍": (RATES, [idle[rate, g] for rate in RATES]) for g in SIZES}
picture(args, lambda p: p.curves(lines, "答对的机会", "白答的组"))
claim(
    idle[0.5, 8] < 0.05 < idle[0.5, 2] and idle[0.98, 16] > 0.5 and abs(idle[0.5, 4] - by_hand) < 0.05,
    "不难不易的题答八遍就够；太难太易的题答十六遍也大半白答，该换题而不是多答",
)
