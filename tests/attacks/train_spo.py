"攻击 SPO 的两个检查器。"

import torch

from minimind.exercises import train_spo as it


def by_autograd(pairs, epsilon):
    out = []
    for ratio, a in pairs:
        r = torch.tensor(ratio, requires_grad=True, dtype=torch.float64)
        (r * a - abs(a) / (2 * epsilon) * (r - 1) ** 2).backward()
        out.append(float(r.grad))
    return out


def by_recursion(history, keep, mean, prior):
    def sums(past):
        if not past:
            return 0.0, 0.0
        total, count = sums(past[:-1])
        return keep * total + past[-1], keep * count + 1

    total, count = sums(history)
    return (total + prior * mean) / (count + prior)


ATTACKS = {
    "train_spo.pull": dict(
        right=[by_autograd, it._pull],
        wrong={
            "用 A 不用 |A|": (it._signed, "|A|"),
            "没按 |A| 放大": (it._unscaled, "放大"),
            "没消掉 2": (it._half, "消掉"),
            "截断": (it._clip, "拉不回来"),
            "往外推": (it._away, "往回拉"),
            "目标本身": (lambda pairs, e: [r * a - abs(a) / (2 * e) * (r - 1) ** 2 for r, a in pairs], "走过头"),
        },
    ),
    "train_spo.track": dict(
        right=[by_recursion, it._tracked],
        wrong={
            "不折扣": (it._flat, "keep"),
            "方向反了": (it._reversed, "方向反了"),
            "没有先验": (it._no_prior, "没有先验"),
            "先验也折": (it._fades, "不折扣"),
            "次数没折": (it._whole_count, "次数没有折"),
            "除以 0": (lambda h, keep, mean, prior: sum(h) / len(h), "应是"),
        },
    ),
}
