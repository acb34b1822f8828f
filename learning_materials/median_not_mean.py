"""量速度，为什么看中位数、还要轮流跑？

用一台假装的机器：有的时刻别的程序插进来，而且越跑越慢。甲乙其实一样快，看四种量法各得出什么结论。
对应章节：nbs/9_lab/10_bench.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, rounds=(20, "各量几次", 4), drift=(0.5, "从头到尾慢几成", 0.0), spikes=(0.1, "被打扰的机会", 0.0),
    repeats=(500, "整场试验做几遍", 20), seed=(0, "随机种子", 0),
)


def machine(rng, order):
    "按次序跑一串甲(0)、乙(1)，返回各自的用时。真实用时都是 1。"
    n = len(order)
    slow = 1 + args.drift * np.arange(n) / n  # 发热、降频、邻居开工
    spike = np.where(rng.random(n) < args.spikes, rng.exponential(8, n), 0)
    t = slow * rng.normal(1, 0.02, n) + spike
    return t[order == 0], t[order == 1]


rng, k = np.random.default_rng(args.seed), args.rounds
apart = np.repeat([0, 1], k)  # 先跑完甲，再跑乙
turns = np.array([x for i in range(k) for x in ((0, 1) if i % 2 else (1, 0))])  # 轮流跑，每轮换次序
WAYS = {
    "先后跑，平均": lambda a, b: b.mean() / a.mean(),
    "先后跑，中位数": lambda a, b: np.median(b) / np.median(a),
    "轮流跑，平均": lambda a, b: b.mean() / a.mean(),
    "轮流跑，同轮相除再取中位": lambda a, b: np.median(b / a),
}
result = {}
print("甲乙一样快，乙 ÷ 甲应当是 1：")
for name, ratio in WAYS.items():
    got = np.array([ratio(*machine(rng, apart if name.startswith("先后") else turns)) for _ in range(args.repeats)])
    result[name] = np.quantile(got, [0.05, 0.5, 0.95])
    print(f"  {name:<14}：多半得到 {result[name][1]:.2f}，九成落在 {result[name][0]:.2f} 到 {result[name][2]:.2f}")
picture(
    args,
    lambda p: p.bars({n: r[2] - r[0] for n, r in result.items()}, title="结论晃动的幅度（越小越好）", fmt="{:.2f}"),
)
best, worst = result["轮流跑，同轮相除再取中位"], result["先后跑，平均"]
claim(
    abs(best[1] - 1) < 0.03 < abs(worst[1] - 1) and best[2] - best[0] < (worst[2] - worst[0]) / 3,
    "先后跑会把机器的漂移算到后跑的头上，平均数会被一次打扰拉走；轮流跑、同轮相除、取中位数才站得住。",
)
