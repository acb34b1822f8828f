"""不归一化会怎样？

把一个向量反复乘随机矩阵，走几十层。矩阵只要偏大或偏小一点点，数就爆炸或消失；
每层先缩放到固定的大小，就一直稳。对应章节：nbs/3_model/20_norm.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, layers=(40, "走几层", 5), width=(64, "向量多宽", 8), seed=(0, "随机种子", 0))


def rms(x):
    return float(np.sqrt((x**2).mean()))


def walk(gain, normalise):
    "每层乘一个标准差为 gain/√宽 的矩阵，返回每层之后的大小。"
    rng = np.random.default_rng(args.seed)
    x, sizes = rng.normal(size=args.width), []
    for _ in range(args.layers):
        if normalise:
            x = x / rms(x)
        x = rng.normal(size=(args.width, args.width)) @ x * gain / np.sqrt(args.width)
        sizes.append(rms(x))
    return sizes


runs = {}
print(f"走 {args.layers} 层之后，向量的大小（均方根）：")
for gain in (0.8, 1.0, 1.25):
    raw, kept = walk(gain, False), walk(gain, True)
    runs[f"矩阵 ×{gain}"] = raw
    runs[f"矩阵 ×{gain}，归一化"] = kept
    print(f"  矩阵放大 {gain:<4}：不归一化 {raw[-1]:>10.2e}，归一化 {kept[-1]:.2f}")
half = np.finfo(np.float16)
print(f"半精度（float16）装得下的范围是 {half.smallest_subnormal:.0e} 到 {half.max:.0f}")
picture(args, lambda p: p.curves(runs, "第几层", "大小", "每层差一点点，几十层就差几个数量级", logy=True))
claim(
    runs["矩阵 ×1.25"][-1] > 100 * runs["矩阵 ×0.8"][-1] and 0.3 < runs["矩阵 ×1.25，归一化"][-1] < 3,
    "每层 25% 的偏差，几十层之后就是几个数量级；每层之前先归一化，大小就与深度无关。",
)
