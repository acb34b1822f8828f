"""GAE 的 λ 取多少：抖一点好，还是偏一点好？

对应章节：nbs/7_trainer/97_train_ppo.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, length=(20, "一句有几个 token", 4), trials=(2000, "写几遍", 100), wrong=(0.2, "评论家估错多少", 0.0),
    seed=(0, "随机种子", 0),
)
rng = np.random.default_rng(args.seed)
LAMBDAS = (0.0, 0.5, 0.8, 0.95, 1.0)

# 每个 token 让最后的分加一点随机的数；第一个 token 是要点评的，它真的值 0.5 分
steps = rng.normal(size=(args.trials, args.length)) * 0.3
steps[:, 0] = 0.5
true_values = np.concatenate([np.zeros((args.trials, 1)), steps.cumsum(1)[:, :-1]], 1)  # 写之前，分的期望
values = true_values + args.wrong * rng.normal(size=(1, args.length))  # 评论家：每个位置有固定的偏差
rewards = np.zeros_like(steps)
rewards[:, -1] = steps.sum(1)
ahead = np.concatenate([values[:, 1:], np.zeros((args.trials, 1))], 1)
deltas = rewards + ahead - values

off, shake = {}, {}
for lam in LAMBDAS:
    first = deltas @ lam ** np.arange(args.length)
    off[lam], shake[lam] = abs(float(first.mean()) - 0.5), float(first.std())
    print(f"λ={lam:4}：第一个 token 的优势平均 {first.mean():+.2f}（真的是 +0.50），抖动 {shake[lam]:.2f}")
print("λ=1 时评论家的偏差只剩第一格的，别的都抵消了：优势 = 回报 − 第一格的估计")
lines = {"偏": (LAMBDAS, [off[k] for k in LAMBDAS]), "抖": (LAMBDAS, [shake[k] for k in LAMBDAS])}
picture(args, lambda p: p.curves(lines, "λ", "分", "偏与抖"))
claim(
    shake[0.0] < shake[0.8] < shake[1.0],
    "λ 越大越抖，越不依赖评论家中间估得准不准；0.95 是两头之间",
)
