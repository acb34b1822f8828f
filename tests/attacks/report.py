"攻击报告的四个检查器。"

import math
from decimal import Decimal
from itertools import zip_longest

import json

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


def metrics_by_pairs(lines):
    found = {}
    for line in lines:
        try:
            r = json.loads(line)
        except json.JSONDecodeError:
            continue
        kept = [p for p in found.get(r["stage"], []) if p[0] != r["step"]]
        found[r["stage"]] = [*kept, (r["step"], r["loss"])]
    return {stage: sorted(points) for stage, points in found.items()}


def canvas_in_parts(step, loss, last, top):
    across, up = step / last, loss / top
    return across * 400, (1 - up) * 200


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
    "report.metrics": dict(
        right=[metrics_by_pairs],
        wrong={
            "两次都留": (it._keeps_both, "只留后记"),
            "留了先记的": (it._first_wins, "后记的才算数"),
            "坏行就停": (it._stops_at_bad, "不是停下"),
            "没有排序": (it._not_sorted, "排好"),
            "不分阶段": lambda lines: {"pretrain": sum(it.solution_metrics(lines).values(), [])},
        },
    ),
    "report.canvas": dict(
        right=[canvas_in_parts],
        wrong={
            "上下颠倒": (lambda s, loss, last, top: (400 * s / last, 200 * loss / top), "越靠下"),
            "左右也倒": (lambda s, loss, last, top: (400 - 400 * s / last, 200 - 200 * loss / top), "左右"),
            "没有铺满": (lambda s, loss, last, top: (s, top - loss), "比例"),
            "x 与 y 反了": (lambda *a: canvas_in_parts(*a)[::-1], "弄反"),
            "宽高反了": (lambda s, loss, last, top: (200 * s / last, 400 - 400 * loss / top), "宽 400"),
        },
    ),
}
