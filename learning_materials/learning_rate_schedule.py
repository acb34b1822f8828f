"""学习率为什么要降？从 1.1 倍开始又会怎样？

在一个带噪声的山谷里走几百步：一直大步、一直小步、余弦、WSD，看最后离谷底多远。再核对余弦公式的首尾。
对应章节：nbs/7_trainer/20_optim.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, steps=(400, "走几步", 20), lr=(0.4, "最大的步子", 0.001), seed=(0, "随机种子", 0))
T = args.steps


def cosine(t):
    return 0.1 + 0.9 * (1 + np.cos(np.pi * t / (T - 1))) / 2


def padded(t):
    return 0.1 + (1 + np.cos(np.pi * t / T)) / 2  # 垫上一层：开头就成了 1.1 倍


def wsd(t):
    return 1.0 if t < 0.8 * T else 1 - 0.9 * (t - 0.8 * T) / (0.2 * T - 1)


PLANS = {"一直大步": lambda t: 1.0, "一直小步": lambda t: 0.02, "余弦": cosine, "WSD": wsd}


def walk(plan):
    "二维山谷，陡缓差十倍，梯度带噪声；100 次平均。返回每步离谷底的高度。"
    rng = np.random.default_rng(args.seed)
    curve, x = np.array([2.0, 0.2]), np.full((100, 2), 4.0)
    height = []
    for t in range(T):
        x = x - args.lr * plan(t) * (curve * x + rng.normal(0, 1, x.shape))
        height.append(float((curve * x**2).sum(1).mean() / 2))
    return height


runs = {name: walk(plan) for name, plan in PLANS.items()}
print(f"从高度 {(2.0 + 0.2) * 16 / 2:.1f} 出发，走 {T} 步，最大步子 {args.lr}：")
for name, h in runs.items():
    print(f"  {name}：走到四分之一时 {h[T // 4]:.3f}，最后 {np.mean(h[-10:]):.3f}")
print("\n余弦的首尾（应是 1 和 0.1）：")
for name, f in (("正确的", cosine), ("垫一层的", padded)):
    print(f"  {name}：第 0 步 {f(0):.4f}，最后一步 {f(T - 1):.4f}")
picture(args, lambda p: p.curves(runs, "步", "离谷底的高度", "先大步，再小步", logy=True))
final = {name: np.mean(h[-10:]) for name, h in runs.items()}
claim(
    min(final["余弦"], final["WSD"]) < final["一直大步"] / 2 and cosine(0) == 1 and padded(0) > 1.09,
    "一直大步会在谷底来回弹，一直小步走得慢；先大后小两头都占。公式要首尾精确：垫一层会从 1.1 倍开始。",
)
