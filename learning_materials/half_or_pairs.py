"""同一份权重，RoPE 的两种配对混着用，从第几个词开始错？

前后对折训练出的 q、k，照相邻成对去转：位置 0 全对，越往后越离谱；把行换个队就处处相同。
对应章节：nbs/8_serving/62_gguf.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, width=(16, "头宽（偶数）", 4), length=(24, "看多远", 4), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
d = args.width - args.width % 2
q, k = rng.normal(size=(2, d))
speed = 1e4 ** (-np.arange(d // 2) / (d // 2))  # 每一对转得多快


def turn(x, position, first, second):
    "x 的 first[i] 与 second[i] 是一对，转 position·speed[i]。"
    out, angle = x.copy(), position * speed
    out[first] = x[first] * np.cos(angle) - x[second] * np.sin(angle)
    out[second] = x[first] * np.sin(angle) + x[second] * np.cos(angle)
    return out


halves = np.arange(d // 2), np.arange(d // 2) + d // 2
pairs = np.arange(0, d, 2), np.arange(1, d, 2)
order = np.stack(halves, 1).ravel()  # 换队：第 2i、2i+1 个位置放第 i 对
print(f"换队的次序：{order.tolist()}")
far = range(args.length)
right = np.array([turn(q, p, *halves) @ k for p in far])
mixed = np.array([turn(q, p, *pairs) @ k for p in far])
moved = np.array([turn(q[order], p, *pairs) @ k[order] for p in far])
for p in (0, 1, args.length - 1):
    print(f"  距离 {p:>2}：本该 {right[p]:+.3f}，混着用 {mixed[p]:+.3f}，换队之后 {moved[p]:+.3f}")
lines = {"前后对折（训练时）": right.tolist(), "混着用": mixed.tolist(), "换队之后": moved.tolist()}
picture(args, lambda p: p.curves(lines, xlabel="q 与 k 的距离", ylabel="分数", title="谁和谁一起转"))
claim(
    abs(mixed[0] - right[0]) < 1e-9 < 1e-2 < np.abs(mixed - right).max() and np.allclose(moved, right),
    "位置 0 谁也不转，所以第一个词看不出错；往后处处不同。把 q、k 的行换个队，另一种转法就得到同样的分数。",
)
