"""模型一个字也不改，怎样让它写出的一定合法？

每一步把“接上去就不合法”的词的概率变成 0，再从剩下的里抽。乱写的模型也只写得出合法的。
对应章节：nbs/4_inference/65_constrain.ipynb
量真的模型：对应章节：nbs/9_lab/32_constrained.ipynb
"""

import random
import re

from _kit import arguments, claim, picture

args = arguments(__doc__, tries=(2000, "写几次", 100), longest=(12, "最多写几个词", 6), seed=(0, "随机种子", 0))
WORDS = ["[", "]", ",", "7", "42", "猫", "。"]  # 词表；合法的是 [7,42,…] 这样的一列数
LEGAL = re.compile(r"\[(\d+(,\d+)*)?\]")


def allowed(text, left):
    "接上去还走得通的词；还剩 left 步，最后要来得及收尾。"
    if not text:
        return ["["]
    if text[-1].isdigit():
        return ["]"] if left < 3 else ["]", ","]
    return ["7", "42"] if text[-1] == "," else ["]"] if left < 2 else ["]", "7", "42"]


def write(rng, guided):
    text = ""
    for i in range(args.longest):
        choices = allowed(text, args.longest - i) if guided else WORDS
        text += rng.choice(choices)
        if text.endswith("]"):
            break
    return text


rng = random.Random(args.seed)
rates = {}
for name, guided in (("随它写", False), ("加约束", True)):
    made = [write(rng, guided) for _ in range(args.tries)]
    rates[name] = sum(bool(LEGAL.fullmatch(t)) for t in made) / args.tries
    print(f"{name}：合法 {rates[name]:.1%}，例如 {made[:4]}")
picture(args, lambda p: p.bars(rates, title="写出的有几成合法", fmt="{:.1%}"))
claim(
    rates["加约束"] == 1 and rates["随它写"] < 0.3,
    "挡住不合法的词，一个乱写的模型也百分之百合法；可它写的是哪几个数，约束管不着：样子对，不等于答案对。",
)
