"""同一个词表，小模型为什么把参数都花在上面？

词表占 V·h 个参数，一层占 12h² 上下。h 小的时候，前者大；h 大的时候，后者大。
对应章节：nbs/6_evaluation/80_cost.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(__doc__, vocab=(6400, "词表有几个词", 10), layers=(8, "几层", 1))


def share(h):
    "词表占全部参数的几成（共用输出头）。"
    feed = 64 * -(-h * 8 // 3 // 64)
    layer = 2 * h * h + 2 * h * (h // 4) + 3 * h * feed
    table = args.vocab * h
    return table / (table + args.layers * layer)


widths = [32, 64, 128, 256, 512, 1024, 2048]
for h in widths:
    print(f"宽 {h:>4}：词表占 {share(h):.0%}")
half = next((h for h in range(16, 4097, 16) if share(h) < 0.5), None)
print(f"宽到 {half} 左右，词表才降到一半以下")
shown = {str(h): share(h) for h in widths}
title = f"{args.vocab} 个词、{args.layers} 层：词表占几成（横轴：宽度）"
picture(args, lambda p: p.bars(shown, title=title, fmt="{:.0%}"))
claim(
    share(32) > share(512) > share(2048) and share(32) > 0.5,
    "词表跟着宽度走直线，层跟着宽度走平方：越小的模型，词表占得越多，所以小模型配小词表。",
)
