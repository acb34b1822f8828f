"攻击“测速”的两个检查器。"

from collections import deque
from statistics import median

from minimind.exercises import bench as it


def with_deque(names, rounds):
    line, out = deque(names), []
    for _ in range(rounds):
        out.append(list(line))
        line.rotate(-1)
    return out


def every_round_twice(names, rounds):
    return [line for line in it.solution_turns(names, rounds) for _ in range(2)]


def first_only(names, rounds):
    return [[names[r % len(names)]] for r in range(rounds)]


def by_columns(seconds, base):
    ratios = {name: [] for name in seconds}
    for at, unit in enumerate(seconds[base]):
        for name in seconds:
            ratios[name].append(unit / seconds[name][at])
    return {name: median(each) for name, each in ratios.items()}


def against_first(seconds, base):
    line = next(iter(seconds.values()))
    return {name: median(line[0] / s for s in values) for name, values in seconds.items()}


def best_ratio(seconds, base):
    return {name: max(b / s for b, s in zip(seconds[base], values)) for name, values in seconds.items()}


ATTACKS = {
    "bench.turns": dict(
        right=[with_deque],
        wrong={
            "没有从头": (it._no_wrap, "一圈"),
            "总是同样": (it._fixed, "总是同一个"),
            "一正一反": (it._there_and_back, "轮不到"),
            "转反了": (it._to_the_right, "转反"),
            "第 0 轮就转": (it._from_one, "照原样"),
            "一次转两位": (it._twice_as_far, "每轮的次序"),
            "每轮写了两遍": every_round_twice,
            "只写了第一个": first_only,
        },
    ),
    "bench.faster": dict(
        right=[by_columns],
        wrong={
            "先取中位数": (it._medians_first, "先各取"),
            "总和": (it._totals, "尖峰"),
            "各取最快": (it._best_of_each, "不在同一轮"),
            "比值平均": (it._mean_ratio, "离谱"),
            "反了": (it._slower, "反了"),
            "先排序": (it._sorted_first, "同一轮"),
            "没有基准": (it._without_base, "有哪几种写法"),
            "都除第一轮": against_first,
            "取最大的比": best_ratio,
        },
    ),
}
