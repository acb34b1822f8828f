"""一场工具对话里，说明书占去几成，多问几件能摊薄多少？

对应章节：nbs/7_trainer/90_tool_tuning.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(
    __doc__, tools=(3, "摆出几样工具"), booklet=(45, "一样工具的说明书有几个 token"),
    frame=(90, "固定的套话有几个 token", 0),
    ask=(40, "问一件事，用户的话与工具的结果有几个 token"),
    learn=(35, "问一件事，要学的有几个 token"),
)
head = args.frame + args.tools * args.booklet  # 一场里只读一遍
share = {n: n * args.learn / (head + n * (args.ask + args.learn)) for n in (1, 2, 3, 6, 12)}
most = args.learn / (args.ask + args.learn)  # 问得再多也到不了这么多
for n, part in share.items():
    print(f"一场问 {n:2d} 件：要学的占 {part:.0%}，学一个 token 要读 {1 / part:.1f} 个")
print(f"说明书 {head} 个 token；无限地问下去，要学的最多占 {most:.0%}")
picture(args, lambda p: p.bars({f"问 {n} 件": part for n, part in share.items()}, fmt="{:.0%}", title="要学的占几成"))
claim(
    share[1] < share[6] / 1.5 and share[12] - share[6] < share[6] - share[1],
    "接连问几件，说明书就摊薄了；摊到六件以后，再多也省不了多少",
)
