"""权重只用一个字节，会坏多少？

把一块矩阵量化成 -127 到 127 的整数：整块共用一把尺子，与一行一把尺子，误差差多少？位数再少又如何？
对应章节：nbs/4_inference/50_int8.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, rows=(512, "几行", 8), cols=(512, "几列", 8), uneven=(30.0, "最大的行比最小的行大几倍", 1.0),
    seed=(0, "随机种子", 0),
)
rng = np.random.default_rng(args.seed)
w = rng.normal(size=(args.rows, args.cols)) * np.geomspace(1, args.uneven, args.rows)[:, None] / np.sqrt(args.cols)
x = rng.normal(size=(64, args.cols))


def quantise(w, bits, per_row):
    top = 2 ** (bits - 1) - 1  # 8 位：127
    scale = np.abs(w).max(axis=1 if per_row else None, keepdims=True) / top
    scale = np.maximum(scale, 1e-12)  # 全零的行，0/0 会变成 NaN
    return np.round(w / scale) * scale, scale


def worst_row(bits, per_row):
    "每一行输出的相对误差，取最差的一行。"
    q, _ = quantise(w, bits, per_row)
    exact, got = x @ w.T, x @ q.T
    return float((np.linalg.norm(got - exact, axis=0) / np.linalg.norm(exact, axis=0)).max())


q, scale = quantise(w, 8, True)
half = np.abs(q - w) / scale
print(
    f"一行一把尺子：每个权重最多差 {half.max():.3f} 格（半格是 0.5）；"
    f"占 {w.size / 1e6:.2f} MB，fp32 要 {w.size * 4 / 1e6:.2f} MB"
)
shared, own = {}, {}
print("位数   最差一行的输出误差：共用一把尺子   一行一把尺子")
for bits in (8, 6, 4, 3, 2):
    shared[bits], own[bits] = worst_row(bits, False), worst_row(bits, True)
    print(f"  {bits} {shared[bits]:>32.2%} {own[bits]:>16.2%}")
outlier = w.copy()
outlier[0, 0] = 100 * np.abs(w[0]).max()
print(
    "这一行里混进一个大一百倍的数：格子变粗，"
    f"其余的数相对误差从 {np.abs(quantise(w[:1], 8, True)[0] - w[:1]).mean() / np.abs(w[0]).mean():.1%}"
    f" 变成 {np.abs(quantise(outlier[:1], 8, True)[0] - outlier[:1])[0, 1:].mean() / np.abs(w[0]).mean():.0%}"
)
picture(
    args,
    lambda p: p.curves(
        {"共用一把尺子": (list(shared), list(shared.values())), "一行一把尺子": (list(own), list(own.values()))},
        "几位", "最差一行的误差", "少一位，格子粗一倍", logy=True,
    ),
)
claim(
    own[8] < 0.02 and own[8] < shared[8] / 5 and half.max() <= 0.5001,
    f"int8 每个权重最多差半格；一行一把尺子，最差的一行只差 {own[8]:.1%}，共用一把就差 {shared[8]:.0%}。",
)
