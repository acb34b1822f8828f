"""奖励写得不好，模型会钻什么空子？

对应章节：nbs/7_trainer/96_train_grpo.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, steps=(300, "练几步", 20), group=(8, "每步答几遍", 2), rate=(0.3, "学习率", 0.01), seed=(0, "随机种子", 0)
)
SAYS = ("42。", "答案是 42。", "41 42 43 44 45。", "我想想，我想想，42。", "不知道。")
RIGHT = np.array([1, 1, 0, 1, 0.0])  # 人看：答对了，而且只说了一个答案
REWARDS = {
    "提到就算": [float("42" in s) + 0.02 * len(s) for s in SAYS],  # 还嫌短：每个字加一点
    "最后一个数对，嫌长": [float(s.rstrip("。").endswith("42")) - 0.02 * len(s) for s in SAYS],
}


def practise(reward, rng):
    "五种说法上的 GRPO：抽一组，减组平均、除标准差，推。"
    logits = np.zeros(len(SAYS))
    for _ in range(args.steps):
        p = np.exp(logits - logits.max())
        p /= p.sum()
        picked = rng.choice(len(SAYS), args.group, p=p)
        scores = np.array(reward)[picked]
        advantage = (scores - scores.mean()) / (scores.std() + 1e-4)
        for i, a in zip(picked, advantage):
            logits += args.rate / args.group * a * (np.eye(len(SAYS))[i] - p)
    return p


good = {}
for name, reward in REWARDS.items():
    p = practise(reward, np.random.default_rng(args.seed))
    good[name] = float(p @ RIGHT)
    print(f"{name}：奖励 {p @ np.array(reward):.2f}，最爱说「{SAYS[p.argmax()]}」，人看答对 {good[name]:.0%}")
picture(args, lambda p: p.bars(good, fmt="{:.0%}", title="练完以后，人看答对多少"))
claim(
    good["提到就算"] < 0.5 < good["最后一个数对，嫌长"],
    "提到就给分、还嫌短，它就把所有的数都说一遍；改成只看最后一个数、嫌长，空子就堵上了。奖励要读着采样改",
)
