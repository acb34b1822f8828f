"""24 道题对 18 道，到底有多准？

正确率的 95% 区间：教科书公式与 Wilson 公式，各让水平已知的考生考几千次，看区间有多少次真的盖住真值；
再看要分清两个模型得出多少道题。对应章节：nbs/6_evaluation/20_exact_match.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, right=(18, "对几道", 0), questions=(24, "一共几道"), exams=(4000, "模拟几次", 100), seed=(0, "随机种子", 0)
)
rng, Z = np.random.default_rng(args.seed), 1.96


def textbook(k, n):
    p = k / n
    half = Z * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


def wilson(k, n):
    p, z2 = k / n, Z * Z / n
    middle, half = (p + z2 / 2) / (1 + z2), Z * np.sqrt(p * (1 - p) / n + z2 / n / 4) / (1 + z2)
    return middle - half, middle + half


k, n = min(args.right, args.questions), args.questions
for name, f in (("教科书", textbook), ("Wilson", wilson)):
    a, b = f(k, n)
    c, d = f(n, n)
    print(f"{name}：{k}/{n} 的区间 {a:.0%}–{b:.0%}；全对时 {c:.0%}–{d:.0%}")

covered = {"教科书": {}, "Wilson": {}}
for truth in (0.5, 0.8, 0.95):
    k_sim = rng.binomial(n, truth, args.exams)
    for name, f in (("教科书", textbook), ("Wilson", wilson)):
        a, b = f(k_sim, n)
        covered[name][f"真实水平 {truth:.0%}"] = float(((a <= truth) & (truth <= b)).mean())
for name, table in covered.items():
    print(f"{name}的区间盖住真值：" + "，".join(f"{t} {c:.0%}" for t, c in table.items()))
width = {m: float(np.subtract(*wilson(round(0.8 * m), m)[::-1])) for m in (24, 96, 384, 1536)}
print("正确率 80% 时区间的宽度：" + "，".join(f"{m} 题 {w:.0%}" for m, w in width.items()))
need = next(m for m in range(10, 5000) if wilson(0.8 * m, m)[1] < wilson(0.85 * m, m)[0])
print(f"要让 80% 与 85% 的区间不重叠，每份卷子要 {need} 道题")
picture(args, lambda p: p.bars(covered, title=f"说是 95%，实际盖住几成（{n} 道题）", fmt="{:.0%}"))
claim(
    min(covered["Wilson"].values()) > 0.9 > min(covered["教科书"].values()) and wilson(n, n)[0] < 1,
    "题少时教科书公式会说大话，全对就说“百分之百确定”；Wilson 的区间说到做到。题数翻四倍，区间才窄一半。",
)
