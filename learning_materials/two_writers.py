"""两个终端同时记笔记，会丢吗？

几个进程各往同一个文件里加若干行。一种是「读出来、加一行、写回去」，一种是拿着文件锁再做同样的事。
数一数最后剩几行。对应章节：nbs/0_learning/55_notes_store.ipynb
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from _kit import arguments, claim, picture

WRITER = """
import sys, time
path, who, count, locked = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "1"
def append(row):
    text = open(path, encoding="utf8").read()
    time.sleep(.002)                                  # 人在这中间打字，程序在这中间排版
    open(path, "w", encoding="utf8").write(text + row)
for i in range(count):
    if not locked: append(f"{who} {i}\\n"); continue
    import fcntl
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)              # 别人要等这一把锁放开
        append(f"{who} {i}\\n")
"""
args = arguments(__doc__, writers=(4, "几个进程", 2), rows=(15, "每个进程写几行"))


def survivors(locked):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "笔记.md"
        path.write_text("", encoding="utf8")
        children = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), str(w), str(args.rows), str(int(locked))],
                stderr=subprocess.DEVNULL,
            )
            for w in range(args.writers)
        ]
        for child in children:
            child.wait()
        return len(path.read_text(encoding="utf8").splitlines())


total = args.writers * args.rows
kept = {"不加锁": survivors(False), "加锁": survivors(True)}
for name, rows in kept.items():
    print(f"{name}：写了 {total} 行，剩下 {rows} 行，丢了 {total - rows} 行")
picture(
    args,
    lambda p: p.bars(
        {"写了": total, **kept}, title="最后剩几行", fmt="{:.0f}",
        colors=[p.COLORS["neutral"], p.COLORS["bad"], p.COLORS["good"]],
    ),
)
claim(kept["加锁"] == total > kept["不加锁"], "从读到写全程拿着锁，一行也不丢；不拿锁，后写的会盖掉先写的。")
