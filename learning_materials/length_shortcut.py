"""好回答总比坏回答短，打分的会学到什么？

对应章节：nbs/1_world/43_preferences.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, pairs=(400, "几对", 50), steps=(300, "学几步", 10), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)


def features(true, short):
    "一个回答两个特征：对不对（看得很模糊）、短不短（一眼可见）。"
    return np.stack([true + rng.normal(0, 2, len(true)), short], 1)


def learn(shortcut):
    "好的是对的；`shortcut` 时好的还总是短的。学一个线性的打分，返回（两个权重，好坏一样长时判对的比例）。"
    n = args.pairs
    short = np.ones(n) if shortcut else rng.integers(0, 2, n)
    good, bad = features(np.ones(n), short), features(np.zeros(n), 1 - short if shortcut else rng.integers(0, 2, n))
    w = np.zeros(2)
    for _ in range(args.steps):
        gap = (good - bad) @ w
        w += 0.05 * ((good - bad) / (1 + np.exp(gap))[:, None]).mean(0)
    same = np.zeros(4000)
    test = (features(np.ones(4000), same) - features(np.zeros(4000), same)) @ w
    return w, (test > 0).mean()


rows = {name: learn(flag) for name, flag in (("长短不相干", False), ("好的总是短", True))}
for name, (w, right) in rows.items():
    print(f"{name}：真假的权重 {w[0]:.2f}，长短的权重 {w[1]:.2f}；一样长的对子判对 {right:.0%}")
share = {name: abs(w[1]) / np.abs(w).sum() for name, (w, _) in rows.items()}
picture(args, lambda p: p.bars(share, fmt="{:.0%}", title="打分里有多少是在看长短"))
claim(share["好的总是短"] > 0.7 > 0.5 > share["长短不相干"], "有捷径，它就学捷径：打分大半在看长短，真假只占一小份")
