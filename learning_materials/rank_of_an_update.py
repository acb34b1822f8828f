"""学一件新事，矩阵要改几个方向？

对应章节：nbs/3_model/90_lora.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, width=(64, "矩阵多宽", 16), facts=(4, "新事有几条", 1), steps=(200, "学几步", 10), seed=(0, "随机种子", 0)
)
rng = np.random.default_rng(args.seed)
d = args.width
W = rng.normal(size=(d, d)) / np.sqrt(d)
x, y = rng.normal(size=(args.facts, d)), rng.normal(size=(args.facts, d))  # 几条新事：输入 → 输出
full = W.copy()
for _ in range(args.steps):
    full -= 0.2 / d * (full @ x.T - y.T) @ x

values = np.linalg.svd(full - W)[1]
used = int((values > 1e-3 * values[0]).sum())
print(f"{d}×{d} 的矩阵学了 {args.facts} 条新事，改动里不可忽略的方向有 {used} 个")
U, S, V = np.linalg.svd(full - W)
errors = {}
for rank in range(args.facts + 2):
    part = W + (U[:, :rank] * S[:rank]) @ V[:rank]
    errors[str(rank)] = float(((part @ x.T - y.T) ** 2).mean())
    print(f"只留 {rank} 个方向：新事的误差 {errors[str(rank)]:.3f}")
picture(args, lambda p: p.bars(errors, fmt="{:.2f}", title="只留前几个方向，新事还剩多少误差"))
claim(used <= args.facts, "几条新事就改几个方向：用两个瘦矩阵存下来，一点不少")
