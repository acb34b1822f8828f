"""隔几天复习最省事？

用一个简单的遗忘模型来演：记得的概率是 exp(-隔了几天 / 牢固度)；想起来一次，牢固度就变大，快忘的时候想起来变大得最多。
比较天天复习、每周复习、间隔翻倍三种安排。数字只属于这个模型，道理是通的。对应章节：nbs/0_learning/70_notes_review.ipynb
"""

import math
import random

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0), cards=(300, "几道题"), days=(120, "几天"))


def simulate(schedule):
    "返回（平均每题复习几次，一个月后还记得的比例）。"
    rng, reviews, kept = random.Random(args.seed), 0, 0
    for _ in range(args.cards):
        strength, last, streak, gap = 2.0, 0, 0, 1
        for day in range(1, args.days + 1):
            if day - last < gap:
                continue
            recall = math.exp(-(day - last) / strength)
            if rng.random() < recall:
                strength, streak = strength * (1 + 3 * (1 - recall)), streak + 1  # 越接近忘记，想起来越有用
            else:
                strength, streak = max(2.0, strength * 0.7), 0  # 忘了，重新学
            gap, last, reviews = schedule(streak), day, reviews + 1
        kept += math.exp(-(args.days + 30 - last) / strength)
    return reviews / args.cards, kept / args.cards


plans = {"天天": lambda streak: 1, "每周": lambda streak: 7, "翻倍": lambda streak: 2 ** min(streak, 5)}
result = {name: simulate(plan) for name, plan in plans.items()}
print(f"{args.cards} 道题，安排 {args.days} 天，再过 30 天考：")
for name, (times, kept) in result.items():
    print(f"  {name}复习：平均每题 {times:.1f} 次，考试时还记得 {kept:.0%}，每记住一题花 {times / kept:.1f} 次")
cost = {name: times / kept for name, (times, kept) in result.items()}
picture(args, lambda p: p.bars(cost, title="每记住一题要复习几次", fmt="{:.1f}"))
claim(
    cost["翻倍"] < cost["每周"] < cost["天天"],
    "答对就把间隔翻倍，答错就从头来：每记住一题花的次数最少。天天看记得最牢，却贵好几倍。",
)
