"""只许练一分钟，学习率该按步数降，还是按表降？

同一个带噪声的小题目，计划走一千步，限时一分钟（假的钟，不用真等）。机器慢的走不完，机器快的提前走完；
三种算进度的办法：看步数、看表、取快的那个，比最后的误差。对应章节：nbs/7_trainer/58_loop.ipynb
"""

import math

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, steps=(1000, "计划走几步", 100), slow=(0.2, "慢机器一步几秒", 0.01), fast=(0.03, "快机器一步几秒", 0.001),
    seed=(0, "随机种子", 0),
)
LIMIT, PEAK, TRIALS = 60.0, 0.2, 200  # 秒；最高的学习率；同时练几份，取平均
PROGRESS = {
    "看步数": lambda step, spent: step / args.steps,
    "看表": lambda step, spent: spent / LIMIT,
    "取快的": lambda step, spent: max(step / args.steps, spent / LIMIT),
}


def train(progress, seconds):
    "返回（走了几步，停下时学习率是最高的几成，最后的误差，每一步的学习率）。"
    rng = np.random.default_rng(args.seed)
    slope = np.geomspace(1, 0.05, 16)  # 有的方向陡，有的缓
    w, rates, step = np.full((TRIALS, 16), 3.0), [], 0
    while step < args.steps and step * seconds < LIMIT:
        rate = 0.5 * (1 + math.cos(math.pi * min(1.0, progress(step, step * seconds))))
        w -= PEAK * rate * (slope * w + rng.normal(0, 0.5, w.shape))
        step, rates = step + 1, rates + [rate]
    return step, rates[-1], float((slope * w**2).sum(1).mean()), rates


error, curve = {}, {}
for machine, seconds in (("慢机器", args.slow), ("快机器", args.fast)):
    print(f"{machine}，一步 {seconds:g} 秒：")
    error[machine] = {}
    for name, progress in PROGRESS.items():
        step, last, error[machine][name], rates = train(progress, seconds)
        curve[f"{machine}，{name}"] = (np.arange(step) * seconds, rates)
        print(f"  {name}：走了 {step} 步停下，学习率还有最高的 {last:.0%}，误差 {error[machine][name]:.4f}")
cost = {m: max(e.values()) / e["取快的"] for m, e in error.items()}
print("选错了办法，误差是取快的：" + "，".join(f"{m} {c:.1f} 倍" for m, c in cost.items()))
shown = {k: v for k, v in curve.items() if not k.endswith("取快的")}
picture(args, lambda p: p.curves(shown, "走到第几秒", "学习率（最高的几成）", "停下来的时候，降到底了吗"))
claim(
    all(e["取快的"] <= min(e.values()) * 1.001 for e in error.values()) and min(cost.values()) > 1.5,
    f"时间到了学习率还没降下来，误差大 {cost['慢机器']:.1f} 倍；只看表，快机器又提前走完（{cost['快机器']:.1f} 倍）。"
    "两个进度取快的那个，怎样停都恰好降到底。",
)
