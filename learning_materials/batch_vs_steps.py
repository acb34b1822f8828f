"""同样多的数据，批大步少，还是批小步多？

一个线性回归的小题目，数据只够看一遍。批从 1 到 512，各自挑最好的学习率，看最后的误差。
对应章节：nbs/7_trainer/30_arguments.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, samples=(2048, "一共几条数据", 64), seed=(0, "随机种子", 0))
DIM, RATES = 32, (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
rng = np.random.default_rng(args.seed)
scale = np.geomspace(1, 0.1, DIM)  # 有的方向陡，有的缓
truth = rng.normal(size=DIM)
x = rng.normal(size=(args.samples, DIM)) * scale
y = x @ truth + rng.normal(0, 0.3, args.samples)


def train(batch, lr):
    w, steps = np.zeros(DIM), args.samples // batch
    for t in range(steps):
        a, b = x[t * batch : (t + 1) * batch], y[t * batch : (t + 1) * batch]
        w -= lr * (1 - 0.9 * t / steps) * a.T @ (a @ w - b) / batch
        if not np.isfinite(w).all() or np.abs(w).max() > 1e3:
            return np.inf
    return float((scale**2 * (w - truth) ** 2).sum())  # 在新数据上多出来的误差


print(f"{args.samples} 条数据只看一遍，每种批各挑最好的学习率：")
best = {}
for batch in (1, 4, 16, 64, 256, 512):
    if batch > args.samples:
        continue
    score = {lr: train(batch, lr) for lr in RATES}
    lr = min(score, key=score.get)
    best[batch] = score[lr]
    print(f"  批 {batch:>3}：{args.samples // batch:>4} 步，最好的学习率 {lr:<5g}，误差 {score[lr]:.4f}")
start = float((scale**2 * truth**2).sum())
print(f"（一步不走是 {start:.2f}）")
picture(
    args,
    lambda p: p.curves(
        {"最好的误差": (list(best), list(best.values()))}, "一批几条", "误差", "数据固定时，批越大步数越少", logy=True
    ).set_xscale("log"),
)
claim(
    best[max(best)] > 3 * best[16],
    "数据不多时步数比批量要紧：批太大，走不了几步，学习率加大也补不回来。大批是给大数据和多张卡的。",
)
