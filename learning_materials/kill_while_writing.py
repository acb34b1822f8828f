"""写文件写到一半被杀掉，还剩什么？

真的开一个进程反复写同一个文件，在随机的时刻杀掉它，再看文件还完整不完整。直接写与
「临时文件 + 改名」各杀若干次。对应章节：nbs/0_learning/20_paths.ipynb
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _kit import arguments, claim, picture

WRITER = """
import os, sys
path, safe = sys.argv[1], sys.argv[2] == "1"
print("开始", flush=True)
for n in range(10 ** 9):
    target = path + ".tmp" if safe else path
    with open(target, "w") as f:                 # 打开的一瞬间，旧内容就清空了
        for _ in range(40): f.write(f"{n % 10}" * 20000)
    if safe: os.replace(target, path)            # 改名要么成了，要么没成
"""
args = arguments(__doc__, seed=(0, "随机种子", 0), kills=(8, "每种写法杀几次"))
rng, SIZE = random.Random(args.seed), 40 * 20000


def whole(path):
    text = path.read_text()
    return len(text) == SIZE and len(set(text)) == 1


def torn(safe):
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "权重.txt"
        for _ in range(args.kills):
            path.write_text("0" * SIZE)
            child = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(int(safe))], stdout=subprocess.PIPE)
            child.stdout.readline()
            time.sleep(0.01 + rng.random() * 0.04)
            child.kill()
            child.wait()
            bad += not whole(path)
    return bad


result = {"直接写": torn(False), "临时文件再改名": torn(True)}
for name, bad in result.items():
    print(f"{name}：杀了 {args.kills} 次，{bad} 次留下半个文件")
picture(
    args,
    lambda p: p.bars(
        result, title=f"杀 {args.kills} 次，坏几次", fmt="{:.0f}", colors=[p.COLORS["bad"], p.COLORS["good"]]
    ),
)
claim(
    result["直接写"] > 0 and result["临时文件再改名"] == 0,
    "直接写会留下半个文件；先写临时文件再改名，杀在哪一刻都是完整的一份。",
)
