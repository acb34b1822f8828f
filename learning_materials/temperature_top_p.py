"""温度、top-k、top-p、min-p 各管什么？

两种处境：模型很有把握、模型拿不准。看每个旋钮各留下几个候选、抽到「离谱的词」的机会有多大。
对应章节：nbs/4_inference/20_sampling.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, vocab=(2000, "词表", 50), tokens=(50, "写几个词"))
rank = np.arange(args.vocab)
CASES = {
    "有把握": np.where(rank == 0, 9.0, np.where(rank < 3, 5.0, -0.002 * rank)),  # 一个词遥遥领先
    "拿不准": np.where(rank < 60, 4 - 0.02 * rank, -0.002 * rank),
}  # 六十个都说得通


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def keep(z, temperature=1.0, k=0, p=1.0, min_p=0.0):
    "次序：温度 → top-k → top-p → min-p。分数已经从大到小排好。返回截断后的概率。"
    z = z / temperature
    if k:
        z = np.where(rank < k, z, -np.inf)
    q = softmax(z)
    z = np.where(np.cumsum(q) - q < p, z, -np.inf)  # 自己前面的还没凑够 p，就留下自己
    return softmax(np.where(softmax(z) >= min_p * softmax(z).max(), z, -np.inf))


KNOBS = {
    "原样": {},
    "温度 0.5": dict(temperature=0.5),
    "温度 1.5": dict(temperature=1.5),
    "top-k 20": dict(k=20),
    "top-p 0.9": dict(p=0.9),
    "min-p 0.1": dict(min_p=0.1),
    "温度 1.5 + top-p": dict(temperature=1.5, p=0.9),
    "温度 1.5 + min-p": dict(temperature=1.5, min_p=0.1),
}
left = {case: {} for case in CASES}
print(f"                     候选个数            写 {args.tokens} 个词至少抽中一次尾巴（第 60 名以后）")
for name, knob in KNOBS.items():
    line = f"{name:<16}"
    for case, z in CASES.items():
        q = keep(z, **knob)
        left[case][name] = int((q > 0).sum())
        line += f"  {case} {left[case][name]:>5} 个，尾巴 {1 - (1 - min(1, q[60:].sum())) ** args.tokens:4.0%}"
    print(line)
picture(
    args,
    lambda p: p.curves(
        {f"{t:g}": softmax(CASES["拿不准"] / t)[:120] for t in (0.5, 1.0, 2.0)}, "名次", "概率", "同一排分数，三种温度"
    ),
)
sure, unsure = left["有把握"], left["拿不准"]
claim(
    sure["top-p 0.9"] < unsure["top-p 0.9"]
    and sure["top-k 20"] == unsure["top-k 20"]
    and unsure["温度 1.5 + min-p"] < unsure["温度 1.5 + top-p"],
    "温度管陡不陡，不砍尾巴；top-k 一律留同样多；top-p 有把握时少留、拿不准时多留；温度高时 min-p 比 top-p 收得住。",
)
