"""全对才给分，与对几成给几成：题难到几成，前一种就学不动了？

对应章节：nbs/7_trainer/95_rewards.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, digits=(6, "最难几位数", 2), steps=(300, "练几步", 20), group=(32, "每步猜几遍", 2),
    seed=(0, "随机种子", 0),
)


def guess(digits, whole):
    "学着猜一个 `digits` 位数，每一位一个十选一；`whole` 是全对才有分。返回最后猜中的机会。"
    rng = np.random.default_rng(args.seed)
    secret, logits = rng.integers(10, size=digits), np.zeros((digits, 10))
    for _ in range(args.steps):
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        tried = np.stack([rng.choice(10, args.group, p=row) for row in p], 1)  # (g, digits)
        hit = tried == secret
        score = hit.all(1).astype(float) if whole else hit.mean(1)
        advantage = (score - score.mean()) / (score.std() + 1e-4)
        for d in range(digits):
            push = np.zeros(10)
            np.add.at(push, tried[:, d], advantage)
            logits[d] += 0.5 * (push - advantage.sum() * p[d]) / args.group
    p = np.exp(logits - logits.max(1, keepdims=True))
    return float((p / p.sum(1, keepdims=True))[np.arange(digits), secret].prod())


sizes = range(1, args.digits + 1)
table = {name: [guess(d, whole) for d in sizes] for name, whole in (("全对才有分", True), ("对几成给几成", False))}
for name, chances in table.items():
    print(f"{name}：", "  ".join(f"{d} 位 {c:.0%}" for d, c in zip(sizes, chances)))
picture(args, lambda p: p.curves({k: (list(sizes), v) for k, v in table.items()}, xlabel="几位数", ylabel="猜中的机会"))
claim(
    table["全对才有分"][0] > 0.9 > 0.1 > table["全对才有分"][-1] and table["对几成给几成"][-1] > 0.9,
    "蒙不对一次，就没有一组分得出高下；拆细的分，每一位都有坡可爬",
)
