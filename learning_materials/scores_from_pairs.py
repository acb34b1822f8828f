"""只知道谁胜谁负，能排出名次吗？

对应章节：nbs/7_trainer/82_train_reward.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, players=(12, "几个回答", 3), games=(600, "比几场", 10), steps=(500, "学几步", 10), seed=(0, "随机种子", 0)
)
rng = np.random.default_rng(args.seed)
real = np.sort(rng.normal(0, 1.5, args.players))
a, b = (rng.integers(args.players, size=args.games) for _ in range(2))
a, b = a[a != b], b[a != b]
won = rng.random(len(a)) < 1 / (1 + np.exp(real[b] - real[a]))
winner, loser = np.where(won, a, b), np.where(won, b, a)

scores = np.zeros(args.players)
for _ in range(args.steps):
    wrong = 1 / (1 + np.exp(scores[winner] - scores[loser]))  # 判错的把握
    push = np.bincount(winner, wrong, args.players) - np.bincount(loser, wrong, args.players)
    scores += 5.0 * push / len(winner)
scores -= scores.mean() - real.mean()  # 分数只有差有意义，平移到一处再比
order = np.corrcoef(real, scores)[0, 1]
print("真的分数：", np.round(real, 1))
print("学到的  ：", np.round(scores, 1))
print(f"{len(a)} 场胜负，两者的相关系数 {order:.2f}")
picture(
    args,
    lambda p: p.curves(
        {"学到的": (real, scores), "正好": (real, real)},
        xlabel="真的分数",
        ylabel="学到的分数",
        title="从胜负里学出的尺子",
    ),
)
claim(order > 0.9, "一场一场的胜负，就够学出一把尺子；只是零点在哪里，谁也不知道")
