"""选项越长，概率越小，怎样比才公平？

一个什么也不懂的模型，每个字都随便猜。看总概率，它几乎总选最短的；除以长度，才不偏。
对应章节：nbs/6_evaluation/50_choices.ipynb
"""

import random

from _kit import arguments, claim, picture

args = arguments(__doc__, questions=(3000, "几道题", 100), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
LENGTHS = (2, 4, 8, 16)  # 四个选项各几个字


def scores():
    "一道题：每个选项每个字的对数概率，互不相干。"
    return [[-rng.uniform(1, 6) for _ in range(n)] for n in LENGTHS]


picked = {"看总概率": [0] * 4, "除以长度": [0] * 4}
for _ in range(args.questions):
    chosen = scores()
    total = [sum(c) for c in chosen]
    mean = [sum(c) / len(c) for c in chosen]
    picked["看总概率"][total.index(max(total))] += 1
    picked["除以长度"][mean.index(max(mean))] += 1
for name, counts in picked.items():
    share = "、".join(f"{n} 个字 {c / args.questions:.0%}" for n, c in zip(LENGTHS, counts))
    print(f"{name}：选中 {share}")
shown = {f"{n} 个字": c / args.questions for n, c in zip(LENGTHS, picked["看总概率"])}
picture(args, lambda p: p.bars(shown, title="只看总概率，一个什么也不懂的模型选谁", fmt="{:.0%}"))
claim(
    picked["看总概率"][0] > 0.85 * args.questions and max(picked["除以长度"]) < 0.6 * args.questions,
    "只看总概率，什么也不懂的模型几乎总选最短的；除以长度好得多（短的起伏大，仍占点便宜）。两个分数都要报。",
)
