"攻击报告的两个检查器。"

import math
from decimal import Decimal
from itertools import zip_longest

from minimind.exercises import report as it


def step_by_growing(top, count):
    step = Decimal("1e-12")
    while float(step) < top / count * (1 - 1e-9):
        step *= Decimal("2.5") if step.as_tuple().digits[0] == 2 else 2
    return float(step)


def with_four(top, count):
    power = 10.0 ** math.floor(math.log10(top / count))
    return next(m * power for m in (1, 2, 4, 5, 10) if m * power >= top / count * (1 - 1e-9))


def spread_by_columns(samples, k):
    groups = {}
    for sample in samples:
        groups[sample["skill"]] = groups.get(sample["skill"], []) + [sample]
    rounds = zip_longest(*groups.values())
    return [s for turn in rounds for s in turn if s is not None][:k]


def stops_at_shortest(samples, k):
    groups = {}
    for sample in samples:
        groups.setdefault(sample["skill"], []).append(sample)
    return [s for turn in zip(*groups.values()) for s in turn][:k]


def whole_rounds(samples, k):
    out = spread_by_columns(samples, len(samples))
    skills = len({s["skill"] for s in samples})
    return out[: max(k, skills)] if k else []


def last_first(samples, k):
    return spread_by_columns(samples[::-1], k)


ATTACKS = {
    "report.ticks": dict(
        right=[step_by_growing],
        wrong={
            "只用 10 的次方": (it._always_ten, "漏了 2 和 5"),
            "取小的那个": (it._too_small, "超出 count"),
            "不会进到 10": (it._no_ten, "进到 10"),
            "不取整": (lambda top, count: top / count, "间隔是"),
            "还用了 4": (with_four, "应是 5"),
            "至少是 1": (lambda top, count: max(1.0, step_by_growing(top, count)), "应是 0.05"),
            "忘了除以格数": (lambda top, count: step_by_growing(top, 1), "应是 2"),
        },
    ),
    "report.spread": dict(
        right=[spread_by_columns],
        wrong={
            "取前 k 个": (it._first_k, "前 k 个"),
            "只转一圈": (it._one_round, "只转了一圈"),
            "最短的一组没了就停": (stops_at_shortest, "取 4 个"),
            "一圈没转完不停": (whole_rounds, "取 2 个"),
            "从后往前": (last_first, "取 4 个"),
            "重复补满": (lambda samples, k: (spread_by_columns(samples, k) * (k + 1))[:k], "要 9 个"),
        },
    ),
}
