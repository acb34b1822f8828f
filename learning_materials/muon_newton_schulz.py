"""Muon 把更新「拉圆」是什么意思？

真实的梯度矩阵，力度集中在少数方向。看五轮 Newton–Schulz（只有矩阵乘法）把奇异值变成了什么，方向变没变，
与直接做奇异值分解差多少。对应章节：nbs/7_trainer/20_optim.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, rows=(64, "矩阵几行", 4), cols=(32, "矩阵几列", 4), rounds=(5, "迭代几轮"), seed=(0, "随机种子", 0)
)
rng = np.random.default_rng(args.seed)
k = min(args.rows, args.cols)
U, V = np.linalg.qr(rng.normal(size=(args.rows, k)))[0], np.linalg.qr(rng.normal(size=(args.cols, k)))[0]
S = np.geomspace(1, 1e-2, k)  # 最强的方向比最弱的强一百倍
G = U * S @ V.T


def newton_schulz(g, rounds):
    "奇数次多项式 ax+bx³+cx⁵ 反复代入：方向不动，只有奇异值被推向 1 附近。"
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / np.linalg.norm(g)
    x = x.T if g.shape[0] > g.shape[1] else x
    for _ in range(rounds):
        A = x @ x.T
        x = a * x + (b * A + c * A @ A) @ x
    return x.T if g.shape[0] > g.shape[1] else x


O = newton_schulz(G, args.rounds)
before, after = np.linalg.svd(G, compute_uv=False), np.linalg.svd(O, compute_uv=False)
print("奇异值（方向的力度），从强到弱取几个：")
show = [0, k // 4, k // 2, 3 * k // 4, k - 1]
print("  之前 " + "  ".join(f"{before[i]:.3f}" for i in show))
print("  之后 " + "  ".join(f"{after[i]:.3f}" for i in show))
for name, m in (("梯度本身", G), (f"{args.rounds} 轮之后", O)):
    energy = np.linalg.svd(m, compute_uv=False) ** 2
    print(f"{name}：最强的一个方向占了全部力度的 {energy[0] / energy.sum():.0%}")
side = U.T @ O @ V  # 换到原来的方向上看：应当是对角的
off = np.abs(side - np.diag(np.diag(side))).max()
rms = float(np.sqrt((O**2).mean()))
print(
    f"原来的方向之外冒出来的部分最多 {off:.1e}；每个数的均方根 {rms:.4f}，"
    f"理论值 1/√{max(G.shape)} = {max(G.shape) ** -0.5:.4f}"
)
picture(
    args,
    lambda p: p.curves({"之前": before, "之后": after}, "第几个方向", "力度", "五轮矩阵乘法，把力度拉平", logy=True),
)
claim(
    after[0] / after[k // 2] < 2 < before[0] / before[k // 2] and off < 1e-6,
    "Muon 只留方向、拉平力度：弱的方向也能学到；只用矩阵乘法，不必做奇异值分解。它只给隐藏层的矩阵用。",
)
