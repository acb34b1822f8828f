"""按工具要付代价：从总分里减，还是从办成的分里打折？

对应章节：nbs/7_trainer/99_train_agent.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, steps=(600, "练几步", 50), group=(8, "每题闯几遍", 2), rate=(0.3, "学习率", 0.01), seed=(0, "随机种子", 0)
)
WINS = {"要查的，还不熟": (0.0, 0.1), "自己会的": (0.95, 0.95)}  # 办成的机会：不按、按了
PRICES = {
    "不要钱": lambda won, called: won, "从总分里减 0.1": lambda won, called: won - 0.1 * called,
    "办成的打九折": lambda won, called: won * (1 - 0.1 * called),
}


def practise(price):
    "两种题，各学一个「按不按」；返回练完按的机会。"
    rng, logits = np.random.default_rng(args.seed), dict.fromkeys(WINS, 0.0)
    for _ in range(args.steps):
        for kind, chance in WINS.items():
            p = 1 / (1 + np.exp(-logits[kind]))
            called = rng.random(args.group) < p
            score = price(rng.random(args.group) < np.where(called, chance[1], chance[0]), called)
            score = np.asarray(score, float)
            advantage = (score - score.mean()) / (score.std() + 1e-4)
            logits[kind] += args.rate * float((advantage * (called - p)).mean())
    return {kind: float(1 / (1 + np.exp(-x))) for kind, x in logits.items()}


rates = {name: practise(price) for name, price in PRICES.items()}
for name, rate in rates.items():
    print(f"{name}：", "，".join(f"{kind}，按 {r:.0%}" for kind, r in rate.items()))
picture(args, lambda p: p.bars({f"{n}，{k}": r for n, rate in rates.items() for k, r in rate.items()}, fmt="{:.0%}"))
free, minus, fold = (list(rate.values()) for rate in rates.values())
claim(
    fold[0] > 0.9 > 0.1 > fold[1] and minus[0] < 0.1 < free[1],
    "从总分里减：一组都没办成时，按了的垫底，除以标准差后放大，不熟的工具从此不按；打折只在办成的里面分高下",
)
