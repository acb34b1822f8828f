"""两段日程撞没撞，要分几种情形？

包含、左搭、右搭、相接……一种一种写总会漏。一个式子就够：一个开始之前，另一个还没结束，两边都成立。
对应章节：nbs/4_inference/62_builtin_tools.ipynb
"""

from itertools import combinations

from _kit import arguments, claim, picture

args = arguments(__doc__, hours=(8, "一天几个整点", 3))
spans = list(combinations(range(args.hours + 1), 2))  # 每一段 [a, b)


def really(x, y):
    "裁判：有没有哪一个钟点同时在两段里。"
    return bool(set(range(*x)) & set(range(*y)))


def formula(x, y):
    return x[0] < y[1] and y[0] < x[1]


def hasty(x, y):
    "常见的写法：看看另一段的两头在不在这一段里。"
    return x[0] <= y[0] < x[1] or x[0] < y[1] <= x[1]


pairs = [(x, y) for x in spans for y in spans]
wrong = {
    "一个式子": sum(formula(*p) != really(*p) for p in pairs), "看两头": sum(hasty(*p) != really(*p) for p in pairs)
}
missed = next(p for p in pairs if hasty(*p) != really(*p))
print(f"{len(pairs)} 对日程：一个式子判错 {wrong['一个式子']} 对，看两头判错 {wrong['看两头']} 对")
print(f"看两头漏掉的，例如 {missed[0]} 与 {missed[1]}：一段把另一段整个包住了")
picture(args, lambda p: p.bars(wrong, title=f"{len(pairs)} 对日程里判错几对", fmt="{:.0f}"))
claim(
    wrong["一个式子"] == 0 < wrong["看两头"],
    "a<d 而且 c<b，一个式子把所有情形判对；只看两头，就漏掉一段包住另一段的。",
)
