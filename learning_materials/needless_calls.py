"""见工具就按的模型，调用正确率能有多高？

对应章节：nbs/6_evaluation/40_tool_use.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, items=(1000, "几道题", 20), need=(60, "百分之几的题真要用工具", 1), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
needs = rng.random(args.items) < args.need / 100  # 这道题要不要用工具

models = {
    "见工具就按": np.ones(args.items, bool), "从来不按": np.zeros(args.items, bool),
    "该按才按（九成）": np.where(rng.random(args.items) < 0.9, needs, ~needs),
}
score = {}
for name, calls in models.items():
    right, missed, needless = (calls == needs).mean(), (~calls[needs]).mean(), calls[~needs].mean()
    score[name] = float(right)
    print(f"{name}：该用的都用了 {1 - missed:.0%}，不该用却用了 {needless:.0%}，两样合起来判对 {right:.0%}")
picture(args, lambda p: p.bars(score, fmt="{:.0%}", title="该用的与不该用的合起来，判对多少"))
best = max(score, key=score.get)
claim(best == "该按才按（九成）", "只看该用的题，见工具就按是满分；要把不该用的题一起考，才分得出谁真的会")
