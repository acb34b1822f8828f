"""查询、键、值各管什么？

五个词，每个词一个小向量。手工定下三块矩阵，让「苹果」去找「发布了什么」，一步步打印：打分、归一、混合。
再把值换掉、把次序打乱，看哪一步变。对应章节：nbs/3_model/25_attend.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

WORDS = ["苹果", "发布", "了", "新", "手机"]
#               水果  公司  动作  虚词  产品
X = np.array(
    [
        [0.6, 0.6, 0.0, 0.0, 0.1], [0.0, 0.3, 1.0, 0.0, 0.2], [0.0, 0.0, 0.1, 1.0, 0.0], [0.0, 0.0, 0.0, 0.4, 0.4],
        [0.0, 0.4, 0.0, 0.0, 1.0],
    ]
)
WQ = np.zeros((5, 3))
WQ[[0, 1], 0] = 2.0
WQ[2, 1] = 2.0
WQ[4, 2] = 1.0  # 名词去问：谁说得出我是什么产品
WK = np.zeros((5, 3))
WK[4, 0] = 3.0
WK[4, 1] = 1.0
WK[1, 2] = 1.0  # 产品举手：我能回答这个问题
WV = np.eye(5)  # 被选中的，交出自己的全部内容
args = arguments(__doc__, word=(0, "让第几个词去问", 0))
args.word = min(args.word, 4)


def attention(x, wv=WV):
    q, k, v = x @ WQ, x @ WK, x @ wv  # (5, 3) (5, 3) (5, 5)
    score = q @ k.T / np.sqrt(q.shape[1])  # (5, 5) 第 i 行：第 i 个词给大家打的分
    weight = np.exp(score - score.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    return score, weight, weight @ v


score, weight, out = attention(X)
who = WORDS[args.word]
print(f"「{who}」打的分：" + "，".join(f"{w} {s:.2f}" for w, s in zip(WORDS, score[args.word])))
print(
    "变成比例：      "
    + "，".join(f"{w} {s:.0%}" for w, s in zip(WORDS, weight[args.word]))
    + f"（合计 {weight[args.word].sum():.2f}）"
)
print(f"混合之前 {X[args.word]} → 之后 {np.round(out[args.word], 2)}")
again = attention(X, WV * 10)
print(f"值放大 10 倍：比例变了 {np.abs(again[1] - weight).max():.1e}，输出变成 {np.abs(again[2] / out).max():.0f} 倍")
order = [4, 2, 0, 3, 1]
shuffled = attention(X[order])[2]
moved = np.abs(shuffled - out[order]).max()
print(f"把五个词打乱：每个词的输出只跟着换了位置，数值差 {moved:.1e}（注意力自己不认得先后）")
picture(args, lambda p: p.heatmap(None, weight, WORDS, WORDS, "每一行：这个词看谁、看多少", fmt=".2f"))
claim(
    weight[0].argmax() == 4 and moved < 1e-9,
    "查询与键决定看谁、看多少，值决定看到了什么；三步是打分、归一、混合，先后要靠位置编码另外告诉它。",
)
