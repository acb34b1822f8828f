"""LoRA 的两个矩阵都从零起步，会怎样？

对应章节：nbs/7_trainer/80_train_lora.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, width=(16, "多宽", 2), rank=(2, "秩", 1), steps=(300, "学几步", 10), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
x = rng.normal(size=(64, args.width))
y = x @ (rng.normal(size=(args.width, args.rank)) @ rng.normal(size=(args.rank, args.width)) / args.width)


def learn(A, B):
    "学 y ≈ x·Aᵀ·Bᵀ，返回一路的误差。"
    seen = []
    for _ in range(args.steps):
        off = x @ A.T @ B.T - y
        seen.append(float((off**2).mean()))
        A, B = A - 0.05 * B.T @ off.T @ x / len(x), B - 0.05 * off.T @ (x @ A.T) / len(x)
    return seen


shape = (args.rank, args.width)
runs = {
    "两个都是零": learn(np.zeros(shape), np.zeros(shape[::-1])),
    "A 随机，B 是零": learn(rng.normal(0, 0.3, shape), np.zeros(shape[::-1])),
}
for name, seen in runs.items():
    print(f"{name}：误差 {seen[0]:.3f} → {seen[-1]:.3f}")
picture(
    args,
    lambda p: p.curves(
        {k: (range(args.steps), v) for k, v in runs.items()},
        xlabel="步",
        ylabel="误差",
        title="两个都是零，一步也动不了",
    ),
)
claim(
    runs["两个都是零"][-1] == runs["两个都是零"][0] > 2 * runs["A 随机，B 是零"][-1],
    "两个都是零就永远是零；一个随机、一个是零，起步不改变输出，又学得动",
)
