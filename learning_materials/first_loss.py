"""第一步的损失应当是多少？

一个还没学过的模型，损失约等于 ln(词表大小)。词嵌入的标准差大一点，会高出多少？标签忘了错开，又会低得多离谱？
对应章节：nbs/3_model/80_causal_lm.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, vocab=(2048, "词表", 16), width=(144, "宽度", 8), length=(256, "几个位置", 8), seed=(0, "随机种子", 0)
)
rng = np.random.default_rng(args.seed)
ids = rng.integers(0, args.vocab, args.length + 1)


def loss(std, targets, echo=0.0):
    "词嵌入与输出头共用一块标准差为 std 的矩阵；身体先归一化。`echo`：身体把输入词原样放过去几成。"
    table = rng.normal(0, std, (args.vocab, args.width))
    hidden = rng.normal(size=(args.length, args.width)) + echo * table[ids[:-1]] / std
    hidden /= np.sqrt((hidden**2).mean(1, keepdims=True))
    logits = hidden @ table.T  # (位置, 词表)
    logits -= logits.max(1, keepdims=True)
    p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return float(-p[np.arange(args.length), targets].mean())


ideal, nxt, same = np.log(args.vocab), ids[1:], ids[:-1]
print(f"词表 {args.vocab}：瞎猜的损失 ln({args.vocab}) = {ideal:.2f}")
table = {}
for std in (0.02, 0.05, 0.1, 0.3, 1.0):
    table[std] = loss(std, nxt)
    print(f"  词嵌入标准差 {std:<4}：第一步的损失 {table[std]:6.2f}")
copy = loss(0.3, same, echo=5.0)
print(f"标签忘了错开一位、身体又把输入原样放过去：损失 {copy:.4f}，低得不真实")
for v in (2048, 6400, 151_936):
    print(f"  ln({v}) = {np.log(v):.2f}")
picture(
    args,
    lambda p: p.curves(
        {"第一步的损失": (list(table), list(table.values())), "ln(词表)": (list(table), [ideal] * len(table))},
        "词嵌入的标准差", "损失", "共用的矩阵太大，开局就一口咬定",
    ),
)
claim(
    abs(table[0.02] - ideal) < 0.1 and table[1.0] > 1.5 * ideal and copy < 0.5,
    "第一步的损失应贴着 ln(词表)：高出许多，查初始化和共用的方向；低得离谱，查标签有没有错开。",
)
