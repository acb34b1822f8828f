"""语言模型到底在做什么？

数一数「一个字后面跟着哪个字」，就有了最小的语言模型。你会看到：它猜下一个字的惊讶（损失）
比瞎猜小多少，以及它接着写出来的话。对应章节：nbs/00_start.ipynb
"""

import math
import random
from collections import Counter, defaultdict

from _kit import arguments, claim, picture

TEXT = (
    "小猫喵喵叫。小狗汪汪叫。小猫爱吃鱼。小狗爱吃肉。小鱼爱喝水。小鸟叽叽叫。小鸟爱唱歌。"
    "法国的首都是巴黎。日本的首都是东京。大的反义词是小。小的反义词是大。"
)
args = arguments(__doc__, seed=(3, "随机种子", 0), words=(30, "续写几个字"))

follow = defaultdict(Counter)  # follow[甲][乙]：甲后面跟着乙的次数
for a, b in zip(TEXT, TEXT[1:]):
    follow[a][b] += 1
vocab = sorted(set(TEXT))


def probability(a, b):
    "数出来的概率；没见过的搭配也留一点（加 0.01）。"
    return (follow[a][b] + 0.01) / (sum(follow[a].values()) + 0.01 * len(vocab))


guess = math.log(len(vocab))
loss = -sum(math.log(probability(a, b)) for a, b in zip(TEXT, TEXT[1:])) / (len(TEXT) - 1)
print(f"词表 {len(vocab)} 个字。瞎猜的损失 ln({len(vocab)}) = {guess:.2f}")
print(f"数过一遍之后，平均每个字的损失 = {loss:.2f}，相当于每次在 {math.exp(loss):.1f} 个字里犹豫")
top = {b: probability("小", b) for b, _ in follow["小"].most_common(6)}
print("「小」后面最可能是：" + "，".join(f"{b} {p:.0%}" for b, p in top.items()))

rng, text = random.Random(args.seed), "小"
for _ in range(args.words):
    text += rng.choices(vocab, [probability(text[-1], b) for b in vocab])[0]
print(f"让它接着写：{text}")
picture(args, lambda p: p.bars(top, title="「小」后面是什么", ylabel="概率", fmt="{:.2f}"))
claim(loss < guess / 2, "语言模型只做一件事：给每个可能的下一个字打分；学得越好，正确的那个字越不让它惊讶。")
