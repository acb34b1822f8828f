"""点积为什么要除以 √d？

随机的查询与键，维度从 4 加到 1024，看分数散得多开、softmax 有多一边倒、梯度还剩多少。
对应章节：nbs/3_model/25_attend.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0), keys=(32, "有几个键", 2), trials=(400, "量几次", 20))
rng = np.random.default_rng(args.seed)


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def measure(d, divide):
    q, k = rng.normal(size=(args.trials, 1, d)), rng.normal(size=(args.trials, args.keys, d))
    s = (q * k).sum(-1) / (np.sqrt(d) if divide else 1)  # (次, 键)
    p = softmax(s)
    return s.std(), p.max(-1).mean(), (p * (1 - p)).sum(-1).mean()  # 最后一项：softmax 的梯度有多大


dims, top = [4, 16, 64, 256, 1024], {"不除": [], "除以 √d": []}
print("          不除                          除以 √d")
print("   d   分数标准差 最大比例  梯度      分数标准差 最大比例  梯度")
for d in dims:
    a, b = measure(d, False), measure(d, True)
    top["不除"].append(a[1])
    top["除以 √d"].append(b[1])
    print(f"{d:>5} {a[0]:>9.1f} {a[1]:>9.2f} {a[2]:>8.4f} {b[0]:>12.2f} {b[1]:>9.2f} {b[2]:>8.4f}")
picture(
    args,
    lambda p: p.curves(
        {k: (dims, v) for k, v in top.items()}, "维度 d", "最大的那份比例", "不除以 √d：维度越多越一边倒"
    ).set_xscale("log"),
)
claim(
    top["不除"][-1] > 0.9 and abs(top["除以 √d"][-1] - top["除以 √d"][0]) < 0.1,
    "d 维随机向量的点积，标准差约为 √d；不除，softmax 就只看一个键，梯度跟着消失。除以 √d，维度多少都一样。",
)
