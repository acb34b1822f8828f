"""把一批拆成几个微批，为什么梯度变了？

四行长短不一的数据，一次算完，与拆成四个微批各自平均、再除以四，比一比梯度；按 token 数加权又如何。
对应章节：nbs/7_trainer/52_step.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0), lengths=("1,3,8,40", "每行有几个要学的 token，用逗号隔开"))
lengths = [int(n) for n in args.lengths.split(",")]
rng = np.random.default_rng(args.seed)
w = rng.normal(size=6)
rows = [(rng.normal(size=(n, 6)), rng.normal(size=n)) for n in lengths]  # 每个 token 一个输入、一个目标


def loss_and_grad(x, y):
    "返回损失之和与梯度之和。"
    wrong = x @ w - y
    return float((wrong**2).sum()), 2 * x.T @ wrong


total = sum(lengths)
sums = [loss_and_grad(x, y) for x, y in rows]
together = loss_and_grad(np.concatenate([x for x, _ in rows]), np.concatenate([y for _, y in rows]))
big = together[1] / total  # 一个大批：全部加起来，除以 token 数
each = sum(g / n for (_, g), n in zip(sums, lengths)) / len(rows)  # 各自平均，再平均
weighted = sum(g for _, g in sums) / total  # 先求和，最后除一次


def off(g):
    return float(np.linalg.norm(g - big) / np.linalg.norm(big))


print(f"四个微批各有 {lengths} 个要学的 token，一共 {total} 个")
print(f"  一次算完：平均损失 {together[0] / total:.4f}")
print(f"  各自平均再平均：{np.mean([s / n for (s, _), n in zip(sums, lengths)]):.4f}，梯度差 {off(each):.0%}")
print(f"  先求和最后除一次：{sum(s for s, _ in sums) / total:.4f}，梯度差 {off(weighted):.1e}")
share = {f"{n} 个 token 的行": {"各自平均": 1 / len(rows) / n * total, "应有": 1.0} for n in lengths}
print("各自平均时，一个 token 的分量是应有的几倍：" + "，".join(f"{k} {v['各自平均']:.1f}" for k, v in share.items()))
picture(
    args,
    lambda p: p.bars({k: v["各自平均"] for k, v in share.items()}, title="一个 token 的分量是应有的几倍", fmt="{:.1f}"),
)
claim(
    off(weighted) < 1e-12 and (off(each) > 0.05 or len(set(lengths)) == 1),
    "微批各自平均，短行里的 token 就被放大了许多倍；损失先求和，等所有微批（和所有进程）凑齐，再除一次 token 数。",
)
