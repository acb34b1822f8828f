"""还没更新，比率为什么不是 1？

对应章节：nbs/7_trainer/94_rollout.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, width=(256, "一个点积有多长", 8), tokens=(500, "几个 token", 10), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
a = rng.normal(size=(args.tokens, args.width)).astype(np.float32)
b = rng.normal(size=args.width).astype(np.float32)


def one_by_one(dtype):
    "采样时：一项一项地加（缓存里一个位置一个位置地算）。"
    total = np.zeros(args.tokens, dtype)
    for i in range(args.width):
        total = (total + (a[:, i] * b[i]).astype(dtype)).astype(dtype)
    return total.astype(np.float64)


def in_blocks(dtype, size=8):
    "训练时：一块一块地加（整行的矩阵乘法）。数学上是同一个和。"
    starts = range(0, args.width, size)
    blocks = [(a[:, i : i + size] * b[i : i + size]).astype(dtype).sum(1, dtype=dtype) for i in starts]
    return np.stack(blocks, 1).sum(1, dtype=dtype).astype(np.float64)


off = {}
for name, dtype in (("float64", np.float64), ("float32", np.float32), ("float16", np.float16)):
    ratio = np.exp((one_by_one(dtype) - in_blocks(dtype)) / np.sqrt(args.width))  # 当作对数概率之差
    off[name] = float(np.abs(ratio - 1).max())
    print(f"{name}：两种加法，比率离 1 最远 {off[name]:.1e}")
same = float(np.abs(np.exp(in_blocks(np.float32) - in_blocks(np.float32)) - 1).max())
print(f"用同一次算出来的当分母：{same:.1e}")
digits = {name: np.log10(max(value, 1e-17)) for name, value in off.items()}
picture(args, lambda p: p.bars(digits, title="比率离 1 多远（10 的几次方）"))
claim(
    off["float64"] < off["float32"] < off["float16"] and same == 0,
    "加法换个次序，末几位就不同，精度越低差得越多；分母取第一遍更新时算出来的那一个，才恰好是 1",
)
