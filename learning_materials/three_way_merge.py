"""课程更新了，而你在上面写过字：只比两份，与比三份，差在哪里？

两份比，分不清一格不同是谁改的；有了上一版，就分得清。
对应章节：nbs/0_learning/95_workbook.ipynb
"""

import random

from _kit import arguments, claim, picture

args = arguments(__doc__, cells=(200, "一章有几格", 20), mine=(0.1, "你动过几成", 0.01), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
base = list(range(args.cells))
mine = [("我", i) if rng.random() < args.mine else i for i in base]
shares, asked = [0.05, 0.1, 0.2, 0.4], {"两份": [], "三份": []}
for share in shares:
    new = [("新", i) if rng.random() < share else i for i in base]
    asked["两份"].append(sum(m != n for m, n in zip(mine, new)))
    asked["三份"].append(sum(m != b and n != b for m, b, n in zip(mine, base, new)))
    print(f"新版改了 {share:.0%}：比两份，要你裁决 {asked['两份'][-1]} 格；比三份，{asked['三份'][-1]} 格")
lines = {k: (shares, v) for k, v in asked.items()}
picture(args, lambda p: p.curves(lines, xlabel="新版改了几成", ylabel="要裁决的格"))
claim(
    all(3 * c < b for b, c in zip(asked["两份"], asked["三份"])),
    "记住上一版，要人裁决的只剩两边都动过的那几格",
)
