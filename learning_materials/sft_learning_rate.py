"""学习率 1e-6，走几百步，权重动了多少？

Adam 每一步最多挪动约一个学习率。把「学习率 × 步数」与权重本身的大小比一比，就知道这个学习率够不够、会不会太大。
对应章节：nbs/7_trainer/70_train_full_sft.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, steps=(300, "走几步", 10), std=(0.02, "权重原来的标准差", 1e-4),
    noise=(1.0, "梯度里的噪声是信号的几倍", 0.0), seed=(0, "随机种子", 0),
)
DIM = 2000


def moved(lr, steps):
    "一致的梯度加噪声，走 steps 步 Adam，返回权重平均挪了多远。"
    rng = np.random.default_rng(args.seed)
    w, m, v = np.zeros(DIM), np.zeros(DIM), np.zeros(DIM)
    signal = rng.normal(size=DIM)
    for t in range(1, steps + 1):
        g = signal + rng.normal(0, args.noise, DIM) * np.abs(signal)
        m, v = 0.9 * m + 0.1 * g, 0.95 * v + 0.05 * g * g
        w -= lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-8)
    return float(np.abs(w).mean())


print(f"走 {args.steps} 步 Adam，权重原来的标准差 {args.std:g}：")
share = {}
for lr in (1e-6, 1e-5, 1e-4, 1e-3, 4e-3):
    far = moved(lr, args.steps)
    share[f"{lr:g}"] = far / args.std
    print(
        f"  学习率 {lr:<6g}：上限（学习率×步数）{lr * args.steps:.1e}，"
        f"实际挪了 {far:.1e}，是权重大小的 {far / args.std:.1%}"
    )
big = int(args.std / 1e-6)
print(f"学习率 1e-6 要走约 {big:,} 步，才挪得到一个标准差那么远")
picture(
    args,
    lambda p: p.curves(
        {"挪了权重的几成": ([float(k) for k in share], list(share.values()))}, "学习率", "挪动 ÷ 权重的标准差",
        f"{args.steps} 步 Adam", logy=True,
    ).set_xscale("log"),
)
claim(
    share["1e-06"] < 0.05 < 1 < share["0.004"],
    f"走 {args.steps} 步，1e-6 只挪了权重的 {share['1e-06']:.1%}，"
    "等于没练；它是给几十万步、轻轻改的。步数少，学习率就得大。",
)
