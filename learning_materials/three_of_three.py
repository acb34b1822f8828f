"""五十科里有一科三题全对，能说这一科会了吗？

全靠蒙，一科三题全对的机会不大；可是有五十科。分得越细，越容易有一科蒙得特别准。
对应章节：nbs/6_evaluation/60_exam.ipynb
公开的卷子同理：对应章节：nbs/6_evaluation/70_harness.ipynb
"""

import random

from _kit import arguments, claim, picture

args = arguments(
    __doc__, subjects=(50, "几科", 1), each=(3, "每科几题", 1), tries=(2000, "重考几次", 100), seed=(0, "随机种子", 0)
)
rng = random.Random(args.seed)


def guess():
    "四选一，全靠蒙：每科对几成。"
    return [sum(rng.random() < 0.25 for _ in range(args.each)) / args.each for _ in range(args.subjects)]


exams = [guess() for _ in range(args.tries)]
some = sum(max(e) == 1 for e in exams) / args.tries
one = 0.25**args.each
print(f"一科 {args.each} 题全蒙对的机会：{one:.1%}")
print(f"{args.subjects} 科里至少有一科全对：算得 {1 - (1 - one) ** args.subjects:.0%}，考 {args.tries} 次得 {some:.0%}")
totals = [sum(e) / args.subjects for e in exams]
far = sum(abs(t - 0.25) > 0.1 for t in totals) / args.tries
print(f"合计离 25% 超过十分的只有 {far:.1%}")
chances = {str(n): 1 - (1 - 0.25**n) ** args.subjects for n in (1, 2, 3, 4, 6, 8)}
title = f"{args.subjects} 科全靠蒙，至少一科全对的机会（横轴：每科几题）"
picture(args, lambda p: p.bars(chances, title=title, fmt="{:.0%}"))
claim(
    some > 0.4 and far < 0.1,
    f"全靠蒙，也有 {some:.0%} 的机会看到一科全对；合计却几乎不会偏。分科的成绩，题少时不作数。",
)
