"""命令行为什么一敲就有反应？

开新的 Python 进程，比一比「开头全导入」与「用到时才导入」的小程序，只看帮助各要多久。
最后检查真正的命令行有没有偷偷导入重的东西。
对应章节：nbs/99_cli.ipynb
"""

import resource
import subprocess
import sys

from _kit import arguments, claim, picture

args = arguments(__doc__, rounds=(1, "每样量几次"))
CODE = {
    "什么也不导入": "pass",
    "先全导入的命令行": "import numpy, matplotlib.pyplot, click; print('帮助')",
    "用到才导入的命令行": "import click\ndef draw():\n import numpy, matplotlib.pyplot\nprint('帮助')",
}


def seconds(code):
    "子进程用掉的处理器时间（秒）：机器忙的时候，它比墙上的钟可靠。"
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    start = used()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return used() - start


took = {name: min(seconds(code) for _ in range(args.rounds)) for name, code in CODE.items()}
for name, s in took.items():
    print(f"{name}：{s:.2f} 秒处理器时间")
probe = (
    "import sys, minimind.cli; print(sorted(sys.modules.keys() & {'torch', 'transformers', 'datasets', 'streamlit'}))"
)
heavy = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout.strip()
print(f"导入 minimind.cli 之后，已经载入的重家伙：{heavy}")
picture(args, lambda p: p.bars(took, title="新开一个进程，各用几秒", fmt="{:.2f}"))
claim(
    took["用到才导入的命令行"] < took["先全导入的命令行"] and heavy == "[]",
    "开头只导入轻的，重的写进用到它的函数里；看一眼帮助就不必等。这条规矩要有一句检查守着，不然迟早被打破。",
)
