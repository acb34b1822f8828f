"""两段都对的代码，结果为什么不相等？

同一串 float32，换几种次序相加，差多少？差距随个数怎么长？检查答案时容差该取多大，
看这里的数就有底了。对应章节：nbs/0_learning/40_exercises.ipynb
"""

import math

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)


def running(x):
    return x.cumsum(dtype=np.float32)[-1]  # 一个接一个地加


sizes, worst = [10, 100, 1000, 10_000, 100_000], []
print("     个数   从前往后        从后往前        分组相加        最大相对误差")
for n in sizes:
    x = rng.random(n, dtype=np.float32)
    truth = math.fsum(x.tolist())
    ways = [running(x), running(x[::-1]), x.sum()]  # numpy 的 sum 是两两分组加的
    worst.append(max(abs(float(w) - truth) / truth for w in ways))
    print(f"{n:>9}   " + "   ".join(f"{w:<13.8g}" for w in ways) + f"   {worst[-1]:.1e}")

off_by_one = 1 / sizes[2]  # 求平均时分母多加了 1：错在千分之一
print(f"\n真的写错（1000 个数求平均，分母多加 1）：相对误差 {off_by_one:.1e}")
print(f"(0.1 + 0.2 == 0.3) 是 {0.1 + 0.2 == 0.3}，差 {0.1 + 0.2 - 0.3:.1e}")
print(f"nan 混进来时：abs(nan - 1) > 容差 是 {abs(float('nan') - 1) > 1e-4}，于是错的也会被当成对的")
picture(
    args,
    lambda p: p.curves(
        {"换次序的误差": (sizes, worst), "分母多加 1": (sizes, [1 / n for n in sizes])}, "加几个数", "相对误差",
        "舍入误差与真错误", logy=True,
    ).set_xscale("log"),
)
claim(
    max(worst) < 1e-3 and worst[2] < 1e-4 < off_by_one,
    "次序不同，末几位就不同，所以不能用 ==；容差 1e-4 放得过舍入，拦得住写错。",
)
