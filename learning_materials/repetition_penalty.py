"""重复惩罚为什么有时反而让它更爱重复？

「出现过的词，分数除以 1.3」：分数是负的，除完反而变大。比较两种写法在正、负分数上的效果，以及惩罚误伤了谁。
对应章节：nbs/4_inference/20_sampling.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

WORDS = ["好", "的", "是", "猫", "狗", "鱼"]
args = arguments(__doc__, penalty=(1.3, "惩罚（大于 1）", 1.01))


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def divide(z, seen):
    return np.where(seen, z / args.penalty, z)


def fixed(z, seen):
    return np.where(seen, np.where(z > 0, z / args.penalty, z * args.penalty), z)  # 正的除，负的乘：都往下走


base, seen = np.array([2.0, 1.5, 1.0, 0.8, 0.5, 0.2]), np.array([True, False, False, True, False, False])
rose = {}
for shift in (0.0, -4.0):  # 整体减 4，概率一点没变，分数却全成了负的
    z = base + shift
    before, naive, good = softmax(z), softmax(divide(z, seen)), softmax(fixed(z, seen))
    print(f"分数 {z}，说过的是「{WORDS[0]}」和「{WORDS[3]}」")
    print(f"  「好」的概率：原来 {before[0]:.3f}，只用除法 {naive[0]:.3f}，正除负乘 {good[0]:.3f}")
    rose[shift] = (naive[0] - before[0], good[0] - before[0])
print(
    f"\n同样的惩罚 {args.penalty:g}，对概率的影响却随分数整体高低而变：下降 {-rose[0.0][1]:.3f} 与 {-rose[-4.0][1]:.3f}"
)

digits = np.array([3.0, 2.6, 0.5])  # 答案「47」：题目里说过 4 和 7
said = np.array([True, False, False])
p = 1.0
while np.argmax(np.where(said, digits / p, digits)) == 0:
    p += 0.01
print(f"算术题里，正确的数字题目中出现过（分数 {digits[0]}），别的数字 {digits[1]}：惩罚到 {p:.2f} 就答错了")
picture(
    args,
    lambda p: p.bars(
        {
            "只用除法": {"正的分数": rose[0.0][0], "负的分数": rose[-4.0][0]},
            "正除负乘": {"正的分数": rose[0.0][1], "负的分数": rose[-4.0][1]},
        },
        title="说过的词，概率变了多少",
        fmt="{:+.2f}",
    ),
)
claim(
    rose[-4.0][0] > 0 > max(rose[0.0][1], rose[-4.0][1]),
    "分数有正有负，惩罚要正的除、负的乘；它对「的」「是」和数字一视同仁，所以算术和问答里宁可不开。",
)
