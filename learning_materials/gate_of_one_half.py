"""没有门的专家，怎样装进一定要有门的结构？

门是 sigmoid(g·x)，没有偏置。试着把 g 填大，让它接近 1；再试 g 填 0，把专家的输出乘 2。看哪一种等于没有门。
对应章节：nbs/4_inference/08_layouts.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, width=(32, "宽度", 2), tokens=(1000, "几个词", 10), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
x = rng.normal(size=(args.tokens, args.width)).astype(np.float32)
expert = rng.normal(size=(args.width, args.width)).astype(np.float32)
want = x @ expert.T


def gate(g):
    return 1 / (1 + np.exp(-(x @ g)))[:, None]  # (词, 1)


off = {}
for size in (0.1, 1.0, 10.0):
    g = np.full(args.width, size, np.float32)
    off[f"g 全填 {size:g}"] = float(np.abs(gate(g) * want - want).max())
    low, high, worst = gate(g).min(), gate(g).max(), off[f"g 全填 {size:g}"]
    print(f"  g 全填 {size:<4g}：门从 {low:.2f} 到 {high:.2f}，专家的输出最多差 {worst:.2f}")
zero = np.zeros(args.width, np.float32)
off["g 填 0，矩阵乘 2"] = float(np.abs(gate(zero) * (x @ (2 * expert).T) - want).max())
print(f"  g 填 0，矩阵乘 2：门处处是 {gate(zero).min():.2f}，最多差 {off['g 填 0，矩阵乘 2']:.2f}")
picture(args, lambda p: p.bars(off, title="与没有门相比，最多差多少", fmt="{:.2f}"))
claim(
    off["g 填 0，矩阵乘 2"] == 0 < min(v for k, v in off.items() if "乘 2" not in k),
    "g 填得再大，x 反过来门就关上了；只有填 0 与 x 无关，恰是一半。乘 2 在二进制里只动指数，所以一位也不差。",
)
