"""前馈层里的「弯」和「门」各有什么用？

三件事用数字看：线性层叠再多还是一层；有了弯，神经元多了才慢慢拟合得出 a·b；有了门，两个神经元就一丝不差，
走出练过的范围也不差。对应章节：nbs/3_model/50_feedforward.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0), points=(400, "拟合用几个点", 50))
rng = np.random.default_rng(args.seed)

w1, w2, w3, x = *(rng.normal(size=(16, 16)) for _ in range(3)), rng.normal(size=16)
print(f"三层线性与合成的一层，最大差 {np.abs(w3 @ (w2 @ (w1 @ x)) - (w3 @ w2 @ w1) @ x).max():.1e}：叠多少层都是一层\n")


def silu(z):
    return z / (1 + np.exp(-z))


def wrong(guess, xy):
    truth = xy[:, 0] * xy[:, 1]
    return float(np.sqrt(((guess - truth) ** 2).mean() / truth.var()))


def bent(width):
    "没有门：随机的第一层，过一道弯，最小二乘求出最后一层。返回（范围内，范围外）的误差。"
    w, b = rng.normal(size=(2, width)), rng.normal(size=width)
    train = rng.uniform(-2, 2, (args.points, 2))
    last = np.linalg.lstsq(silu(train @ w + b), train.prod(1), rcond=None)[0]
    return [wrong(silu(xy @ w + b) @ last, xy) for xy in (rng.uniform(-2, 2, (1000, 2)), rng.uniform(-6, 6, (1000, 2)))]


def gated(xy):
    "两个带门的神经元。SiLU(a) - SiLU(-a) 恰好等于 a，所以乘上 b 就是 a·b。"
    a, b = xy.T
    return silu(a) * b - silu(-a) * b


print("拟合 a·b，误差（1 表示和猜平均一样差）：  练过的范围里   三倍的范围")
inside = {}
for width in (2, 4, 8, 16, 32):
    near, far = bent(width)
    inside[width] = near
    print(f"  只有弯，{width:>2} 个神经元 {near:>22.1e} {far:>14.1e}")
near, far = (wrong(gated(xy), xy) for xy in (rng.uniform(-2, 2, (1000, 2)), rng.uniform(-6, 6, (1000, 2))))
print(f"  有门，   2 个神经元 {near:>22.1e} {far:>14.1e}")
picture(
    args,
    lambda p: p.curves(
        {"只有弯": (list(inside), list(inside.values())), "有门（2 个就够）": ([2, 32], [max(near, 1e-16)] * 2)},
        "神经元", "误差", "学一个乘法", logy=True,
    ),
)
claim(
    near < 1e-9 and far < 1e-9 < min(inside.values()),
    "没有弯，叠多少层都是一层；有了弯，要许多神经元才凑得出乘法；有了门，两个就恰好是乘法，「a 而且 b」直接写得出来。",
)
