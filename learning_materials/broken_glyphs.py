"""终端写不出的字，程序该停下来，还是换个写法？

写日志的终端只会一部分字。照直写，练了一小时的程序死在一个笑脸上；换个写法，只是少看一个字。
对应章节：nbs/0_learning/12_terminal.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(__doc__, lines=(60, "写多少行日志", 5))
WORDS = ["第 {} 步，损失 2.31", "第 {} 步，准确率 71% ✓", "第 {} 步，样例：你好 🙂", "第 {} 步，café"]
log = [WORDS[i % len(WORDS)].format(i) for i in range(args.lines)]


def straight(encoding):
    "照直写：写到第几行死掉。"
    for i, line in enumerate(log):
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            return i
    return len(log)


def kindly(encoding):
    "写不出的换成编号：写成几行。"
    return len([line.encode(encoding, "backslashreplace") for line in log])


table = {e: (straight(e), kindly(e)) for e in ("utf8", "gbk", "cp1252", "ascii")}
for encoding, (dead, whole) in table.items():
    print(f"{encoding:7} 照直写到第 {dead} 行，换个写法写完 {whole} 行")
print("样子：", log[2].encode("gbk", "backslashreplace").decode("gbk"))
bars = {e: dead for e, (dead, _) in table.items()}
picture(args, lambda p: p.bars(bars, title=f"照直写，{args.lines} 行里写出几行就死了", fmt="{:.0f}"))
claim(
    table["utf8"][0] == args.lines and all(d < args.lines for e, (d, _) in table.items() if e != "utf8")
    and all(w == args.lines for _, w in table.values()),
    "照直写，只有 UTF-8 的终端走得到底；写不出的字换成编号，哪种终端都写得完，只是少看几个字。",
)
