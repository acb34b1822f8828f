"""续训时少存一样，会差多少？

一个小小的 Adam 训练，走一半停下再接着走。分别少存动量、少存步数、少存随机数、少存「看到第几条」，看最后的权重差多少。
对应章节：nbs/7_trainer/40_checkpoint.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, steps=(40, "一共几步", 4), seed=(0, "随机种子", 0))
data = np.random.default_rng(args.seed).normal(size=(200, 8))
goal = data @ np.arange(1.0, 9.0)


def fresh():
    return {
        "权重": np.zeros(8), "动量": (np.zeros(8), np.zeros(8)), "步数": 0, "位置": 0,
        "随机数": np.random.default_rng(args.seed + 1),
    }


def train(s, steps):
    for _ in range(steps):
        rows = np.arange(s["位置"], s["位置"] + 4) % len(data)
        keep = s["随机数"].random((4, 8)) > 0.2  # dropout：每步都要抽随机数
        x = data[rows] * keep / 0.8
        g = x.T @ (x @ s["权重"] - goal[rows]) / 4
        s["步数"] += 1
        m, v = s["动量"]
        s["动量"] = m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        step = (m / (1 - 0.9 ** s["步数"])) / (np.sqrt(v / (1 - 0.99 ** s["步数"])) + 1e-8)
        s["权重"] = s["权重"] - 0.3 * (1 - s["步数"] / args.steps * 0.9) * step
        s["位置"] += 4
    return s


def copy_of(s):
    rng = np.random.default_rng()
    rng.bit_generator.state = s["随机数"].bit_generator.state
    return {**s, "随机数": rng}


half = args.steps // 2
print(f"从头开始时的损失 {(goal**2).mean():.2f}")
whole, stopped = train(fresh(), args.steps), train(fresh(), half)
gap = {}
for missing in ("什么也不少", "动量", "步数", "随机数", "位置"):
    s = copy_of(stopped)
    if missing in s:
        s[missing] = fresh()[missing]
    done = train(s, args.steps - half)
    gap[missing] = float(np.abs(done["权重"] - whole["权重"]).max())
    loss = float(((data @ done["权重"] - goal) ** 2).mean())
    print(
        f"{'少存' if missing in s else ''}{missing}：权重最多差 {gap[missing]:.2e}，"
        f"损失 {loss:.2f}（没断过的是 {((data @ whole['权重'] - goal) ** 2).mean():.2f}）"
    )
picture(args, lambda p: p.bars(gap, title="续训之后，权重最多差多少", fmt="{:.2g}"))
claim(
    gap["什么也不少"] == 0 < min(v for k, v in gap.items() if k != "什么也不少"),
    "少一样就走上另一条路，却都不报错、损失照样下降；只有五样全存，接上之后才逐位相同。",
)
