"""同伴出了事，另一个要等多久才知道？

真的开两个进程：0 号在等 1 号交梯度，1 号出事（被杀，或读到坏数据、写下原因再走）。没有人看着，与另有一个线程看着，
各等多久。对应章节：nbs/7_trainer/15_peers.ipynb
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _kit import arguments, claim, picture

WAITER = """
import os, sys, threading, time
board, period = sys.argv[1], float(sys.argv[2])
def watch(peer):
    while True:
        time.sleep(period)
        try: os.kill(peer, 0)                    # 0 号信号是问它在不在，不是杀
        except ProcessLookupError: os._exit(3 if os.path.exists(board) else 4)   # 4：不在了，却什么也没说
peer = int(input())
if period: threading.Thread(target=watch, args=(peer,), daemon=True).start()
print("等", flush=True)
input()                                          # 等同伴交梯度：永远等不到
"""
PEER = """
import sys
print("在", flush=True)
sys.stdin.read()
open(sys.argv[1], "w", encoding="utf8").write("第 1 号进程：data.jsonl:7 少了 text")
"""
args = arguments(__doc__, period=(0.1, "隔几秒看一眼", 0.01), patience=(2.0, "没人看着时，等几秒就不等了", 0.5))


def open_process(*words):
    return subprocess.Popen([sys.executable, "-c", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def play(killed, period, board):
    "演一遍，返回（0 号的退出码，它等了几秒）；到最后还在等，退出码是 None。"
    with open_process(PEER, str(board)) as peer, open_process(WAITER, str(board), str(period)) as waiter:
        peer.stdout.readline()
        print(peer.pid, file=waiter.stdin, flush=True)  # 告诉 0 号该看着谁
        waiter.stdout.readline()
        if killed:
            peer.kill()
        peer.communicate()  # 没被杀的，读到一行坏数据，写下原因再走
        start = time.monotonic()
        while (code := waiter.poll()) is None and time.monotonic() - start < (30 if period else args.patience):
            time.sleep(0.002)
        waiter.kill()  # 还在等的，由我们来停；已经走了的，不碍事
        return code, time.monotonic() - start


shown, codes = {}, []
for name, killed, period in (("没人看着", 1, 0), ("看着，它被杀", 1, args.period), ("看着，它说了", 0, args.period)):
    with tempfile.TemporaryDirectory() as folder:
        board = Path(folder) / "黑板.txt"
        code, shown[name] = play(killed, period, board)
        reason = board.read_text(encoding="utf8") if board.exists() else "没有人说"
    codes.append(code)
    print(f"{name}：0 号等了 {shown[name]:.2f} 秒{'才知道' if code else '还不知道，只好由我们来停'}；原因：{reason}")
picture(args, lambda p: p.bars(shown, title="同伴出事之后，0 号又等了几秒", fmt="{:.2f}"))
claim(
    codes == [None, 4, 3],
    f"没人看着就一直等下去。主线程卡在通信里听不见，要另有一个线程看黑板、看同伴还在不在：隔 {args.period:g} 秒看一眼，"
    f"{max(list(shown.values())[1:]):.1f} 秒就知道；先写下原因的，还知道为什么。",
)
