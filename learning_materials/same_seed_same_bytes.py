"""种子都定了，数据为什么还是每次不一样？

开几个新的 Python 进程，各用三种办法造「随机」数据，比较它们的指纹。只有一种每次都相同。
对应章节：nbs/1_world/50_files.ipynb
"""

import os
import subprocess
import sys

from _kit import arguments, claim, picture

CODE = """
import hashlib, random
words = "苹果 香蕉 葡萄 橘子 牛奶 面包 鸡蛋 巧克力".split()
def mark(rows): return hashlib.sha256("|".join(map(str, rows)).encode()).hexdigest()[:8]
print(mark(set(words)))                                                  # 集合的次序
print(mark([random.Random(hash("pretrain")).random() for _ in range(3)]))  # 拿 hash() 当种子
print(mark([random.Random("pretrain-0").random() for _ in range(3)]))      # 拿字符串当种子
"""
NAMES = ["靠集合的次序", "拿 hash() 当种子", "拿字符串当种子"]
args = arguments(__doc__, runs=(5, "开几个进程", 2))

env = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}  # 平时 Python 每次启动都换一颗哈希种子
runs = [
    subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True).stdout.split()
    for _ in range(args.runs)
]
different = {}
for name, marks in zip(NAMES, zip(*runs)):
    different[name] = len(set(marks))
    print(f"{name}：{args.runs} 次运行得到 {different[name]} 种结果  {' '.join(marks)}")
picture(args, lambda p: p.bars(different, title=f"运行 {args.runs} 次，得到几种数据", fmt="{:.0f}"))
claim(
    different["拿字符串当种子"] == 1 and different["拿 hash() 当种子"] > 1,
    "hash() 与集合的次序每次启动都变；random.Random(字符串) 用固定的算法，才逐字节相同。",
)
