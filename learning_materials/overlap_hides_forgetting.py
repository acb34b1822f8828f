"""新旧两件事共用一个词，忘没忘还看得清吗？

对应章节：nbs/1_world/47_shop.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, words=(40, "一共几个词", 10), steps=(200, "学新的几步", 10), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
n = args.words
code = rng.normal(size=(n, 64)) / 8  # 每个词的向量
old, new = rng.normal(size=(n, 4)), rng.normal(size=(n, 4))
W = np.linalg.lstsq(code, old, rcond=None)[0]  # 先学会：每个词 → 旧的答案


def after(shared):
    "只学新的；新的用到 `shared` 个旧的词，其余是没见过的词。返回旧词的误差（没共用的那些）。"
    fresh = rng.normal(size=(n - shared, 64)) / 8
    x, y, w = np.concatenate([code[:shared], fresh]), new, W.copy()
    for _ in range(args.steps):
        w -= 0.5 * x.T @ (x @ w - y) / n
    return ((code[shared:] @ w - old[shared:]) ** 2).mean(), (
        (code[:shared] @ w - old[:shared]) ** 2
    ).mean() if shared else 0.0


apart, (rest, both) = after(0)[0], after(n // 2)
print(f"新旧不共用：旧词的误差 {apart:.2f}")
print(f"一半共用：没共用的旧词 {rest:.2f}，共用的旧词 {both:.2f}（它们的答案本来就被改成了新的）")
picture(
    args,
    lambda p: p.bars(
        {"不共用": apart, "共用的词": both, "没共用的词": rest}, fmt="{:.2f}", title="学了新的，旧词的误差"
    ),
)
claim(both > rest, "共用的词错得最多，那是被改了答案，不是忘了；要量忘没忘，新旧就不能重名")
