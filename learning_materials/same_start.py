"""几种训练接着做，与各从同一处做，哪一种的分数说得清功过？

对应章节：nbs/8_serving/25_pipeline.ipynb
"""

from itertools import permutations

from _kit import arguments, claim, picture

args = arguments(__doc__, gain=(0.6, "一种训练把自己教的提高多少", 0.0), forget=(0.15, "把别人教的忘掉几成", 0.0))
NAMES = ("偏好", "推理", "工具")


def train(skills, name):
    "练一种：自己的涨一截（到 1 为止），别的忘掉一截。"
    return {k: min(1.0, v + args.gain) if k == name else v * (1 - args.forget) for k, v in skills.items()}


start = dict.fromkeys(NAMES, 0.3)
apart = {name: train(start, name)[name] - start[name] for name in NAMES}  # 各从同一处出发
chained = {name: set() for name in NAMES}
for order in permutations(NAMES):
    skills = dict(start)
    for name in order:
        skills = train(skills, name)
    for name in NAMES:
        chained[name].add(round(skills[name] - start[name], 3))
for name in NAMES:
    gains = "、".join(f"{g:+.2f}" for g in sorted(chained[name]))
    print(f"{name}：从同一处出发 {apart[name]:+.2f}；接着练，看次序是 {gains}")
spread = {name: max(gains) - min(gains) for name, gains in chained.items()}
picture(args, lambda p: p.bars(spread, fmt="{:.2f}", title="同一种训练，换个次序，分数差多少"))
claim(
    all(len(gains) > 1 for gains in chained.values()) and len({round(g, 3) for g in apart.values()}) == 1,
    "接着练，同一种训练的分数跟着次序变，里面掺着后来者忘掉的；从同一处出发，每个差只有一个原因",
)
