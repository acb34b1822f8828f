"""这颗 CPU 用 bfloat16 会更快吗？

用 float32 与 bfloat16 轮流做同样的矩阵乘法，看中位数；再看「秒表说谁快」几次里变了几次，
「有没有那条指令」几次里变了几次。对应章节：nbs/0_learning/35_device.ipynb
"""

import statistics
import time

import torch

from _kit import arguments, claim, picture
from minimind.learning import device

args = arguments(__doc__, size=(256, "矩阵多大", 8), rounds=(25, "轮流几次", 3), seed=(0, "随机种子", 0))
torch.manual_seed(args.seed)
a, b = torch.randn(2, args.size, args.size)
kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}
inputs = {name: (a.to(kind), b.to(kind)) for name, kind in kinds.items()}


def milliseconds(name):
    x, y = inputs[name]
    start = time.perf_counter()
    x @ y
    return (time.perf_counter() - start) * 1e3


def ask():
    "忘掉上次的答案，真的再试一次：有那条指令，也真的算得成吗？"
    device._bf16_works.cache_clear()
    return device.cpu_has_bf16()


for name in kinds:
    milliseconds(name)  # 头一次要准备内核，不算
took = {name: [] for name in kinds}
for _ in range(args.rounds):
    for name in kinds:
        took[name].append(milliseconds(name))
middle = {name: statistics.median(ms) for name, ms in took.items()}
ratio = middle["bfloat16"] / middle["float32"]
wins = sum(fast < slow for fast, slow in zip(took["bfloat16"], took["float32"]))
answers = [ask() for _ in range(args.rounds)]
for name, ms in took.items():
    print(f"{name:<8}：中位数 {middle[name]:.2f} 毫秒，最快 {min(ms):.2f}，最慢 {max(ms):.2f}")
print(f"{args.rounds} 次轮流，秒表判 bfloat16 快 {wins} 次、慢 {args.rounds - wins} 次")
print(f"问 {args.rounds} 次「有没有那条指令」：答有 {sum(answers)} 次，答没有 {args.rounds - sum(answers)} 次")
wrong = (inputs["bfloat16"][0] @ inputs["bfloat16"][1]).float() - a @ b
print(f"代价：乘出来的相对误差 {float(wrong.norm() / (a @ b).norm()):.2%}；好处：少占一半内存")
picture(args, lambda p: p.curves(took, "第几次", "毫秒", f"{args.size}×{args.size} 的矩阵乘法", logy=True))
claim(
    len(set(answers)) == 1,
    f"这颗 CPU {'有' if answers[0] else '没有'}乘 bfloat16 的指令，量下来它用的时间是 float32 的 {ratio:.1f} 倍；"
    "要不要用它，听指令的（次次同一个答案），不听秒表的，同一个种子才练得出同一个模型。",
)
