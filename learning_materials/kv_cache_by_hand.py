"""有缓存时，每一步到底少算了什么？

手写一层因果注意力，逐词生成两遍：每步全部重算，与「旧的键和值留着，只算新词」。逐步核对输出一样，再数一数各算了多少。
对应章节：nbs/4_inference/30_generate.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, prompt=(8, "提示几个词"), new=(64, "新写几个词"), width=(32, "宽度", 4), seed=(0, "随机种子", 0)
)
rng = np.random.default_rng(args.seed)
WQ, WK, WV = (rng.normal(0, args.width**-0.5, (args.width, args.width)) for _ in range(3))
words = rng.normal(size=(args.prompt + args.new, args.width))  # 每一步的新词（假装是刚抽出来的）


def attend(q, k, v):
    s = q @ k.T / np.sqrt(args.width)
    p = np.exp(s - s.max())
    return p / p.sum() @ v


processed, gap, keys, values = {"不用缓存": [], "用缓存": []}, 0.0, None, None
for t in range(args.prompt, args.prompt + args.new):
    seen = words[:t]
    full = attend(seen[-1] @ WQ, seen @ WK, seen @ WV)  # 全部重算：t 个词都再乘一遍矩阵
    fresh = seen if keys is None else seen[-1:]  # 第一步预填整个提示，之后只喂一个
    keys = fresh @ WK if keys is None else np.concatenate([keys, fresh @ WK])
    values = fresh @ WV if values is None else np.concatenate([values, fresh @ WV])
    gap = max(gap, float(np.abs(attend(seen[-1] @ WQ, keys, values) - full).max()))
    processed["不用缓存"].append(len(seen))
    processed["用缓存"].append(len(fresh))

total = {name: sum(n) for name, n in processed.items()}
print(f"提示 {args.prompt} 个词，新写 {args.new} 个；每一步的输出最多差 {gap:.1e}")
for name, n in processed.items():
    print(f"  {name}：头几步各送进 {n[:5]} 个词，合计 {total[name]} 个")
n, p = args.new, args.prompt
print(
    f"公式：不用缓存 n·p + n(n-1)/2 = {n * p + n * (n - 1) // 2}，"
    f"用缓存 p + n - 1 = {p + n - 1}；差 {total['不用缓存'] / total['用缓存']:.0f} 倍"
)
for new in (1, 16, 256, 1024):
    print(f"  写 {new:>4} 个：省 {(new * p + new * (new - 1) / 2) / (p + new - 1):.1f} 倍")
picture(args, lambda p: p.curves(processed, "写到第几个", "这一步送进几个词", "缓存让每一步只算一个新词"))
claim(
    gap < 1e-9 and total["用缓存"] == p + n - 1,
    "旧词看不见后面，它们的键和值不会变；留着就行。每步只送一个新词，结果一样，写得越长省得越多。",
)
