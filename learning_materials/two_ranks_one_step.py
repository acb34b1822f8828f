"""两张卡一起练，和一张卡练，是同一个训练吗？

把同一批样本分给一个、两个、四个「进程」，各算各的梯度，再合起来。比较三种合法，并看浮点数的次序留下多大的差。
对应章节：nbs/9_lab/50_parity.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, rows=(12, "一批几行", 4), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
tokens = rng.integers(2, 60, args.rows)  # 每行要学的 token 数不同
w = rng.normal(size=16).astype(np.float32)
rows = [(rng.normal(size=(n, 16)).astype(np.float32), rng.normal(size=n).astype(np.float32)) for n in tokens]


def gradient_sum(mine):
    return sum((2 * x.T @ (x @ w - y) for x, y in mine), np.zeros(16, np.float32))


def count(mine):
    return sum(len(y) for _, y in mine)


whole = gradient_sum(rows) / count(rows)  # 一个进程：全部求和，除以 token 数


def off(g):
    return float(np.abs(g - whole).max() / np.abs(whole).max())


gap = {}
print(f"{args.rows} 行，一共 {count(rows)} 个要学的 token")
for world in (2, 4):
    parts = [rows[r::world] for r in range(world)]
    per_rank = [count(p) for p in parts]
    average = sum(gradient_sum(p) / n for p, n in zip(parts, per_rank)) / world  # 各自平均，再求平均（常见的错）
    weighted = sum(gradient_sum(p) for p in parts) / sum(per_rank)  # 求和，再除以全体的 token 数
    forgot = gradient_sum(parts[0]) / per_rank[0]  # 忘了同步：只用自己的
    gap[f"{world} 个进程"] = {"忘了同步": off(forgot), "各自平均": off(average), "求和再除": off(weighted)}
    print(
        f"  {world} 个进程（各有 {per_rank} 个 token）：忘了同步差 {off(forgot):.0%}，"
        f"各自平均差 {off(average):.1%}，求和再除差 {off(weighted):.1e}"
    )
order = gradient_sum(rows[::-1]) / count(rows)
print(f"一个进程、只把行的次序倒过来：差 {off(order):.1e}（float32 的加法次序）")
seen = [sorted(i for i in range(args.rows)[r::2]) for r in range(2)]
print(f"两个进程各看的行：{seen[0]} 与 {seen[1]}，合起来每行恰好一次")
picture(args, lambda p: p.bars(gap, title="与一个进程的梯度差多少", fmt="{:.1%}"))
claim(
    all(v["求和再除"] < 1e-5 < v["各自平均"] for v in gap.values()),
    "把和加起来、再除以全体的 token 数，几个进程都是同一个训练，只剩浮点数次序那一点差；各自平均就不是了。",
)
