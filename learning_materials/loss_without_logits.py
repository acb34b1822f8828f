"""整张词表的分数，能不能用过就丢？

一千个位置 × 6400 个词的分数是一步里最大的一块。交叉熵对分数的梯度有现成的式子 softmax − onehot：
一小块一小块地算，当场求导，分数就不必留到反向。结果与整张算的一样吗？省下多少？
对应章节：nbs/3_model/80_causal_lm.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, vocab=(2048, "词表", 16), width=(64, "宽度", 8), places=(512, "几个要学的位置", 8),
    chunk=(64, "一块几个位置", 1), seed=(0, "随机种子", 0),
)
rng = np.random.default_rng(args.seed)
x, w = rng.normal(size=(args.places, args.width)), rng.normal(0, 0.1, (args.vocab, args.width))
y = rng.integers(0, args.vocab, args.places)


def whole(x, y):
    "整张算：分数 (位置, 词表) 一直留着。返回损失之和、对 x 的梯度、对 w 的梯度、最大的一块有几个数。"
    z = x @ w.T
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).sum()
    p[np.arange(len(y)), y] -= 1  # softmax − onehot
    return loss, p @ w, p.T @ x, z.size


def in_chunks(size):
    "一块 size 个位置：每块当场求导，只把两样梯度留下。"
    loss, dx, dw, biggest = 0.0, np.empty_like(x), np.zeros_like(w), 0
    for i in range(0, args.places, size):
        part, dx[i : i + size], more, big = whole(x[i : i + size], y[i : i + size])
        loss, dw, biggest = loss + part, dw + more, max(biggest, big)
    return loss, dx, dw, biggest


reference = whole(x, y)
sizes = sorted({1, args.chunk, args.places // 2, args.places} - {0})
biggest, error = {}, 0.0
for size in sizes:
    got = in_chunks(size)
    biggest[size] = got[3] * 4 / 2**20
    error = max(error, *(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(got[:3], reference[:3])))
    print(f"一块 {size:>4} 个位置：损失 {got[0] / args.places:.4f}，最大的一块分数 {biggest[size]:6.2f} MB（fp32）")
print(f"与整张算的相比，损失和两样梯度的相对误差至多 {error:.1e}")
picture(
    args,
    lambda p: p.curves(
        {"最大的一块分数": (list(biggest), list(biggest.values()))}, "一块几个位置", "MB",
        "块越小，分数占得越少；结果不变",
    ),
)
claim(
    error < 1e-9 and got[3] == reference[3] and biggest[sizes[0]] <= biggest[sizes[-1]],
    "分数可以分块算、用过就丢：损失与梯度不变，占的内存从「位置 × 词表」降到「一块 × 词表」。",
)
