"""只抄 LoRA 的两个矩阵、不抄 alpha，会差多少？

同样的 A 与 B，倍数是 alpha/r。读的人把倍数当作 1，或把 alpha 记成别的数，看合出的权重差几成。
对应章节：nbs/4_inference/09_adapters.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, width=(64, "宽度", 4), rank=(8, "秩", 1), alpha=(32, "练的时候的 alpha", 1), seed=(0, "随机种子", 0)
)
rng = np.random.default_rng(args.seed)
A, B = rng.normal(0, 0.02, (args.rank, args.width)), rng.normal(0, 0.02, (args.width, args.rank))
print(f"A {A.shape}，B {B.shape}：两个文件的形状一模一样，alpha 写在另一处")


def update(alpha, r=args.rank):
    return alpha / r * B @ A  # 加到原来的权重上的那一份


right = update(args.alpha)
readings = {
    "倍数当作 1": update(args.rank), "alpha 记成一半": update(args.alpha / 2),
    "除以 √r（rsLoRA 的读法）": update(args.alpha, args.rank**0.5), "设定一起读": update(args.alpha),
}
off = {}
for name, got in readings.items():
    off[name] = float(np.linalg.norm(got - right) / np.linalg.norm(right))
    print(f"  {name}：更新差了 {off[name]:.0%}")
picture(args, lambda p: p.bars(off, title="合出的更新差几成", fmt="{:.0%}"))
claim(
    off["设定一起读"] == 0 and (off["alpha 记成一半"] > 0.4),
    "A 与 B 全对，倍数错了，力度就不对，而且没有报错。换一种文件，设定要一起换算。",
)
