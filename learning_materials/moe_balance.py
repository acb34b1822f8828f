"""专家为什么会挤到一个人那里？

不造网络，只演分诊台：谁被选中谁就练得更好，更好就更常被选中。加上负载均衡的惩罚（实收份额 × 平均得分），再演一遍。
对应章节：nbs/3_model/60_moe.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, seed=(1, "随机种子", 0), experts=(4, "几位专家", 2), steps=(200, "走几步", 20),
    alpha=(1.0, "惩罚的力度", 0.0),
)


def run(alpha):
    "返回每步各专家的实收份额 (步, 专家)。"
    rng = np.random.default_rng(args.seed)
    bias, skill, history = rng.normal(0, 0.1, args.experts), np.zeros(args.experts), []
    for _ in range(args.steps):
        logits = bias + skill + rng.normal(0, 0.5, (256, args.experts))  # 每个 token 给专家打分
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        chosen = p.argmax(1)
        share = np.bincount(chosen, minlength=args.experts) / len(chosen)  # 数出来的，没有梯度
        skill += 0.03 * share  # 被选中的练得更多
        skill -= 0.005 * skill
        mean = p.mean(0)
        grad = (
            args.experts * (p[:, :, None] * (np.eye(args.experts) - p[:, None])).mean(0) @ share
        )  # 惩罚 n·Σ份额·得分 对 bias 的梯度
        bias = bias - alpha * 0.2 * grad
        history.append(share)
    return np.array(history), float(args.experts * (share * mean).sum())


free, free_loss = run(0.0)
held, held_loss = run(args.alpha)
for name, h, loss in (("没有惩罚", free, free_loss), (f"惩罚 {args.alpha:g}", held, held_loss)):
    print(
        f"{name}：第 1 步 {np.round(h[0], 2)} → 最后 {np.round(h[-20:].mean(0), 2)}；"
        f"惩罚项 {loss:.2f}（完全均匀是 1，全挤一处是 {args.experts}）"
    )
picture(
    args,
    lambda p: p.curves({f"专家 {i}": free[:, i] for i in range(args.experts)}, "步", "实收份额", "没有惩罚：强者愈强"),
)
claim(
    free[-1].max() > 0.9 and held[-20:].mean(0).max() < 0.5,
    "被选中就多练，多练更被选中，最后全挤到一位；惩罚把收得多的那位压低，份额才匀得开。",
)
