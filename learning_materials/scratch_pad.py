"""写草稿为什么比心算容易学？

把两位数加法看成「要记住多少条规则」。一步说出得数，要记的是整张表；一格一格写竖式，每格只用到很少几条。
随机遮住一部分题，看只凭见过的规则能答对多少没见过的题。对应章节：nbs/1_world/30_skills.ipynb
"""

import random

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0))
pairs = [(a, b) for a in range(100) for b in range(100)]


def steps(a, b):
    "竖式的两格：个位、十位（带进位）。每格是一条「看到什么 → 写什么」的规则。"
    ones = a % 10 + b % 10
    tens = a // 10 + b // 10 + ones // 10
    return [((a % 10, b % 10, 0), ones), ((a // 10, b // 10, ones // 10), tens)]


def exam(n):
    "学过 n 道题，考其余的：每条用到的规则都见过，才算答得出。"
    taught = random.Random(args.seed).sample(pairs, n)
    whole, rules = set(taught), {rule for p in taught for rule, _ in steps(*p)}
    rest = [p for p in pairs if p not in whole]
    return sum(all(r in rules for r, _ in steps(*p)) for p in rest) / len(rest)


rules = {rule for p in pairs for rule, _ in steps(*p)}
print(f"心算要记 {len(pairs)} 条（每道题一条）；竖式只要 {len(rules)} 条（两个数字加上有没有进位）")
sizes = [20, 50, 100, 200, 400, 800]
score = [exam(n) for n in sizes]
for n, s in zip(sizes, score):
    print(f"学过 {n:>3} 道：没学过的题，靠心算 0%，靠竖式 {s:.0%}")
a, b = 78, 63
print(
    f"{a}+{b}，{a % 10}+{b % 10}={steps(a, b)[0][1]:02d}，"
    f"{a // 10}+{b // 10}+{steps(a, b)[0][1] // 10}={steps(a, b)[1][1]:02d} → {a + b}"
)
picture(
    args,
    lambda p: p.curves(
        {"竖式": (sizes, score), "心算": (sizes, [0] * len(sizes))}, "学过几道题", "没学过的答对几成",
        "草稿让规则可以重用",
    ),
)
claim(
    len(rules) < len(pairs) / 20 and score[-1] > 0.8,
    f"草稿把 {len(pairs)} 条换成 {len(rules)} 条可以反复用的小规则，学几百道就能答没见过的；心算每道都要背。",
)
