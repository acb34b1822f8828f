"""进度存两份，会怎样？

日志里打了勾的「读完」是一份，另存一个计数又是一份。随便改几次，数它们有多少次对不上。
对应章节：nbs/0_learning/75_study.ipynb
"""

import random

from _kit import arguments, claim, picture

args = arguments(__doc__, steps=(200, "改几次"))
rng = random.Random(0)
log, counted, apart = [], 0, []
for _ in range(args.steps):
    act = rng.choice(["命令记一章", "命令记一章", "编辑器里删一行", "编辑器里加一行", "同一章又记一次"])
    if act == "命令记一章":
        log.append(f"- [x] 读完 {len(log):02d}_x")
        counted += 1
    elif act == "同一章又记一次" and log:
        log.append(rng.choice(log))
        counted += 1  # 另存的那一份不知道这是同一章
    elif act == "编辑器里删一行" and log:
        log.pop(rng.randrange(len(log)))  # 用编辑器改的，另存的那一份也不知道
    elif act == "编辑器里加一行":
        log.append(f"- [x] 读完 {len(log) + 1000}_y")
    parsed = len(set(log))  # 每次从日志里数，永远是日志现在的样子
    apart.append(abs(parsed - counted))
wrong = sum(a > 0 for a in apart)
print(f"改了 {args.steps} 次：另存的计数有 {wrong} 次与日志不一样，最多差 {max(apart)} 章；从日志里数的一次也没有。")
picture(args, lambda p: p.curves({"差几章": apart}, "改了几次", "另存的计数差几章"))
claim(wrong > args.steps // 2, "同一件事只存一处，用的时候现数；存两份，迟早不一样。")
