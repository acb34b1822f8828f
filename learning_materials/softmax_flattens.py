"""候选多了，softmax 为什么会摊平？

一行分数里有一个该看的，其余是噪声。候选从 128 个到 2048 个，该看的那个分到的越来越少；分数乘大一点能补回来。
对应章节：nbs/9_lab/70_long_context.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, short=(128, "原来几个候选", 2), times=(16.0, "变成几倍", 1.0), score=(6.0, "该看的那个几分", 0.1)
)
rng = np.random.default_rng(0)


def share(count, sharpen=1.0):
    "300 行平均，该看的那个分到几成。"
    rows = rng.standard_normal((300, count))
    rows[:, 0] = args.score
    e = np.exp(sharpen * (rows - rows.max(1, keepdims=True)))
    return float((e[:, 0] / e.sum(1)).mean())


counts = [int(args.short * args.times ** (k / 4)) for k in range(5)]
m = 0.1 * np.log(args.times) + 1
plain, mended = [share(n) for n in counts], [share(n, m * m) for n in counts]
for n, a, b in zip(counts, plain, mended):
    print(f"  {n:5d} 个候选：分到 {a:5.1%}；分数乘 {m * m:.2f} 之后 {b:5.1%}")
picture(args, lambda p: p.curves({"原样": (counts, plain), "乘大": (counts, mended)}, "候选", "分到几成", "摊平与补救"))
claim(plain[-1] < plain[0] and mended[-1] > plain[-1], "候选越多摊得越平；YaRN 的注意力系数就是把分数乘大一点。")
