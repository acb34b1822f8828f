"""只是打开一个文件，怎么就执行了程序？

pickle 是一串指令，其中一条是“调用这个函数”。谁写的文件，就由谁挑函数；JSON 里放不进函数。
对应章节：nbs/8_serving/40_security.ipynb
"""

import json
import pickle
import pickletools

from _kit import arguments, claim, picture

args = arguments(__doc__, times=(3, "打开几次", 1))
footprints = []


def leave(word):
    "替身：真的坏文件会在这里删东西、偷密码。"
    footprints.append(word)


class Weights:
    def __reduce__(self):
        return leave, ("有人来过",)


file = pickle.dumps({"lm_head.weight": Weights()})
for _ in range(args.times):
    pickle.loads(file)
print(f"只是打开 {args.times} 次，函数就被调用了 {len(footprints)} 次：{footprints[0]}")
codes = [op.name for op, *_ in pickletools.genops(file)]
print(f"文件里的指令：{'、'.join(dict.fromkeys(codes))}")
try:
    json.dumps({"lm_head.weight": Weights()})
    packed = True
except TypeError:
    packed = False
print("JSON 装得下函数吗：", "装得下" if packed else "装不下")
counts = {name: codes.count(name) for name in dict.fromkeys(codes)}
picture(args, lambda p: p.bars(counts, title="这个“权重文件”里的指令（REDUCE 就是调用）", fmt="{:.0f}"))
claim(
    len(footprints) == args.times and "REDUCE" in codes and not packed,
    "读 pickle 就是执行它；所以读权重要 weights_only=True，或用放不进指令的 safetensors。",
)
