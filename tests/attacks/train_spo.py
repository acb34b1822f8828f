"攻击 SPO 的检查器。"

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


def memory_by_series(keep, prior):
    w = sum(keep**i for i in range(3000))
    return w, 1 - w / (w + prior)


def gaps_by_prefix(scores, first):
    return [s - (first + sum(scores[:i])) / (i + 1) for i, s in enumerate(scores)]


def mean_in_place(scores, first):
    out = gaps_by_prefix(scores, first)
    scores.insert(0, first)
    return out


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
    "train_spo.memory": dict(
        right=[memory_by_series],
        wrong={
            "次序反了": (lambda k, n: it.solution_memory(k, n)[::-1], "次序反了"),
            "除以 w": (lambda k, n: (1 / (1 - k), n * (1 - k)), "不是除以 w"),
            "自己的占几成": (lambda k, n: (1 / (1 - k), 1 - it.solution_memory(k, n)[1]), "全体的"),
            "少了一次": (lambda k, n: (k / (1 - k), n / (k / (1 - k) + n)), "移项"),
            "只给 w": (lambda k, n: 1 / (1 - k), "2 项"),
            "n₀ 当成 1": (lambda k, n: (1 / (1 - k), 1 / (1 / (1 - k) + 1)), "n₀ = 2"),
        },
    ),
    "train_spo.gaps": dict(
        right=[gaps_by_prefix],
        wrong={
            "先记后比": (it._keeps_first, "先记后比"),
            "不跟着走": (lambda s, first: [x - first for x in s], "没有跟着走"),
            "只和上一次比": (lambda s, first: [x - p for x, p in zip(s, [first, *s])], "以前的平均"),
            "方向反了": (lambda s, first: [-x for x in gaps_by_prefix(s, first)], "方向反了"),
            "减全体的平均": (lambda s, first: [x - sum(s) / len(s) for x in s], "应是"),
            "把先验插进了传来的列表": (mean_in_place, "改动了"),
        },
    ),
}
