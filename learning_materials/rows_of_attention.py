"""注意力图的一行加起来是多少，右上角为什么是空的？

一行是一个词把“看”分给前面的词，一共一份；后面的词它还没见过，一点也分不到。
对应章节：nbs/8_serving/36_microscope.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, words=(8, "一句话几个词", 2), width=(16, "头宽", 1), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
q, k = rng.normal(size=(2, args.words, args.width))
scores = q @ k.T / np.sqrt(args.width)
later = np.triu(np.ones((args.words, args.words), bool), 1)  # 后面的词


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


right = softmax(np.where(later, -np.inf, scores))
late = np.where(later, 0, softmax(scores))  # 常见的错：先分完，再把后面的抹掉
print("先挡再分，每行的和：", np.round(right.sum(1), 3).tolist())
print("先分再抹，每行的和：", np.round(late.sum(1), 3).tolist())
print(f"第一个词只能看自己：{right[0, 0]:.0%}；先分再抹，它只剩 {late[0, 0]:.0%}")
names = [f"词{i}" for i in range(args.words)]
picture(args, lambda p: p.heatmap(None, right.tolist(), names, names, title="一行是一个词看向哪里"))
claim(
    np.allclose(right.sum(1), 1) and not right[later].any() and late.sum(1).min() < 0.9,
    "每行加起来恰好是 1，右上角全是 0：先把后面的词挡掉，再分那一份。先分再抹，前面的词就短了一截。",
)
