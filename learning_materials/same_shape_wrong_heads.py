"""权重装上了、没报错，模型为什么胡说？

同一组注意力权重，只把头数记错（4 头当成 8 头）：每块矩阵的形状都一样，装载不会报错，输出却全变了。
再看还有哪些东西是形状看不出来的。对应章节：nbs/4_inference/10_load.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, width=(64, "宽度", 16), length=(10, "句子多长", 2), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
weights = {name: rng.normal(0, args.width**-0.5, (args.width, args.width)) for name in ("q", "k", "v", "o")}
x = rng.normal(size=(args.length, args.width))


def attention(heads, base=1e6):
    t, d = args.length, args.width // heads
    split = lambda m: m.reshape(t, heads, d).transpose(1, 0, 2)  # (头, t, d)
    angle = np.arange(t)[:, None] * base ** (-np.arange(d // 2) / (d // 2))  # (t, d/2)

    def rotate(m):
        a, b = m[..., : d // 2], m[..., d // 2 :]
        return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], -1)

    q, k, v = (split(x @ weights[n]) for n in "qkv")
    s = rotate(q) @ rotate(k).transpose(0, 2, 1) / np.sqrt(d)
    s = np.where(np.tril(np.ones((t, t), bool)), s, -np.inf)
    p = np.exp(s - s.max(-1, keepdims=True))
    return ((p / p.sum(-1, keepdims=True)) @ v).transpose(1, 0, 2).reshape(t, -1) @ weights["o"]


right = attention(4)
mistakes = {"头数 4 记成 8": attention(8), "RoPE 底数 1e6 记成 1e4": attention(4, base=1e4), "一样不差": attention(4)}
shapes = {name: w.shape for name, w in weights.items()}
print(f"权重的形状：{shapes}，4 头与 8 头完全一样，所以装载不报错")
off = {}
for name, out in mistakes.items():
    off[name] = float(np.linalg.norm(out - right) / np.linalg.norm(right))
    print(f"  {name:<22}：输出差了 {off[name]:.0%}")
ids, other = {"法": 7, "国": 3}, {"法": 3, "国": 9}
print(
    f"换了分词器也一样安静：「法国」原来是 {[ids[c] for c in '法国']}，"
    f"现在是 {[other[c] for c in '法国']}，都在词表之内"
)
picture(args, lambda p: p.bars(off, title="形状全对，输出差多少", fmt="{:.0%}"))
claim(
    off["头数 4 记成 8"] > 0.1 and off["一样不差"] == 0,
    "形状对不等于模型对：头数、RoPE 底数、分词器都写不进形状，要有一张身份证随权重走，装载时逐项核对。",
)
