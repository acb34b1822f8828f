"""只管好坏的差，好的那一句会怎样？

对应章节：nbs/7_trainer/84_train_dpo.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, steps=(400, "学几步", 10), shared=(0.9, "好坏两句有多像", 0.0), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
d, words = 32, 50
h = rng.normal(size=d) / np.sqrt(d)
E = rng.normal(size=(words, d))
E[1] = args.shared * E[0] + np.sqrt(max(0.0, 1 - args.shared**2)) * E[1]  # 坏的那一句和好的很像：共用大半个方向
E[0], E[1] = E[0] + 4 * h, E[1] + 4 * h


def log_probs(w):
    z = E @ w
    return z - np.log(np.exp(z - z.max()).sum()) - z.max()


def learn(sft):
    "DPO 走 `steps` 步：返回一路的（好的，坏的）对数概率；`sft` 是另加几倍的「照着好的说」。"
    w, seen, start = h.copy(), [], log_probs(h)
    for _ in range(args.steps):
        now = log_probs(w)
        seen.append((now[0], now[1]))
        margin = 0.5 * ((now[0] - start[0]) - (now[1] - start[1]))
        p = np.exp(now)
        w += 0.05 * (0.5 / (1 + np.exp(margin)) * (E[0] - E[1]) + sft * (E[0] - p @ E))
    return np.array(seen)


plain, helped = learn(0.0), learn(0.1)
for name, seen in (("只管差", plain), ("另加照着好的说", helped)):
    print(f"{name}：好的 {seen[0, 0]:.2f} → {seen[-1, 0]:.2f}，坏的 {seen[0, 1]:.2f} → {seen[-1, 1]:.2f}")
steps = range(args.steps)
picture(
    args,
    lambda p: p.curves(
        {
            "好的，只管差": (steps, plain[:, 0]),
            "坏的，只管差": (steps, plain[:, 1]),
            "好的，另加一项": (steps, helped[:, 0]),
        },
        xlabel="步",
        ylabel="对数概率",
    ),
)
claim(helped[-1, 0] > plain[-1, 0], "差越拉越大，不等于好的越来越可能；另加「照着好的说」，好的那一句才留得住")
