"""短阅读为什么会答得比瞎猜还差？

训练题里要问的人总是先说，测试题里总是后说。一个只有两个参数的小分类器会学哪条线索？把训练题的先后打乱，
它又学哪条？对应章节：nbs/1_world/30_skills.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0), questions=(2000, "几道训练题", 50), steps=(300, "走几步"))
rng = np.random.default_rng(args.seed)


def make(n, first):
    """每道题两个候选。线索一：它是不是先说的；线索二：它的主人像不像要问的人（带噪声，难认一些）。
    `first` 是答案排在前面的概率。返回候选甲减候选乙的线索 (n, 2) 与「甲对不对」(n,)。"""
    right = rng.random(n) < 0.5
    early = np.where(rng.random(n) < first, 1.0, -1.0) * np.where(right, 1, -1)
    match = np.where(right, 1.0, -1.0) + rng.normal(0, 1.5, n)
    return np.stack([early, match], 1), right.astype(float)


def train(x, y):
    w = np.zeros(2)
    for _ in range(args.steps):  # 逻辑回归，梯度下降
        w -= 0.5 * x.T @ (1 / (1 + np.exp(-x @ w)) - y) / len(y)
    return w


def accuracy(w, x, y):
    return float(((x @ w > 0) == (y > 0.5)).mean())


exam, result = make(2000, first=0.05), {}
for name, first in {"答案总是先说": 0.98, "先后随机": 0.5}.items():
    x, y = make(args.questions, first)
    w = train(x, y)
    result[name] = {"训练题": accuracy(w, x, y), "测试题": accuracy(w, *exam)}
    print(
        f"训练题里{name}：位置的权重 {w[0]:+.2f}，名字的权重 {w[1]:+.2f}；"
        f"训练题对 {result[name]['训练题']:.0%}，测试题对 {result[name]['测试题']:.0%}"
    )
print("（瞎猜是 50%；测试题里答案几乎总是后说）")
picture(args, lambda p: p.bars(result, title="同一份试卷，两种训练题", ylabel="正确率", fmt="{:.0%}"))
claim(
    result["答案总是先说"]["测试题"] < 0.5 < result["先后随机"]["测试题"],
    "训练题里藏着容易的线索，模型就学那条；测试时线索反过来，分数比瞎猜还低。打乱先后，近路就断了。",
)
