"""编号拼成文字再切回来，还是那些编号吗？

对应章节：nbs/7_trainer/95_actor.ipynb
"""

import random
from itertools import product

from _kit import arguments, claim, picture

args = arguments(__doc__, rows=(400, "写几行", 50), length=(12, "一行几个 token", 2), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
letters = "小猫狗叫"
vocab = [*letters, *("".join(p) for p in product(letters, repeat=2))]  # 单字，与两个字连着的


def cut(text):
    "分词器的切法：从左起，能取长的就取长的。"
    out = []
    while text:
        piece = text[:2] if text[:2] in vocab else text[0]
        out, text = [*out, piece], text[len(piece) :]
    return out


def written(odd):
    "写一行：先照分词器的切法，再以 `odd` 的机会把一块拆成两个单字（模型偶尔也这样写）。"
    row = cut("".join(rng.choice(letters) for _ in range(2 * args.length)))
    return [p for piece in row for p in (piece if rng.random() < odd else [piece])]


print("写的：", (row := written(0.2)), "\n切回：", cut("".join(row)))
shares = {}
for odd in (0.0, 0.01, 0.05, 0.2):
    rows = [written(odd) for _ in range(args.rows)]
    shares[f"{odd:.0%}"] = sum(cut("".join(r)) != r for r in rows) / len(rows)
    print(f"每块有 {odd:.0%} 的机会写成两个单字：{shares[f'{odd:.0%}']:.0%} 的行切回来变了")
picture(args, lambda p: p.bars(shares, fmt="{:.0%}", title="切回来变了的行（横：每块拆开的机会）"))
claim(
    shares["0%"] == 0 and 0 < shares["1%"] < shares["20%"],
    "文字一个不差，编号却变了；每块只有百分之一的机会，一行长了也逃不掉。所以与服务器来往的是编号，不是文字",
)
