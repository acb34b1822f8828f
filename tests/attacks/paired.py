"攻击成对比较的两个检查器。"

import math
from statistics import mean, pstdev

from minimind.exercises import paired as it


def with_statistics(before, after):
    change = [int(b) - int(a) for a, b in zip(before, after)]
    return mean(change), 1.96 * pstdev(change) / len(change) ** 0.5


def two_standard_errors(before, after):
    d, half = it._by_counts(before, after)
    return d, half * 2 / 1.96


def uses_root_mean_square(before, after):
    n = len(before)
    changed = sum(a != b for a, b in zip(before, after)) / n
    return it._by_counts(before, after)[0], 1.96 * math.sqrt(changed / n) * 1.02


def ends(before, after):
    d, half = it._by_counts(before, after)
    return d - half, d + half


def with_comb(before, after):
    up, down = it._sides(before, after)
    n, m = up + down, max(up, down)
    return 1.0 if up == down else min(1.0, 2 * sum(math.comb(n, k) for k in range(m, n + 1)) / 2**n)


def strictly_more(before, after):
    up, down = it._sides(before, after)
    m, n = min(up, down), up + down
    return min(1.0, 2 * it._tail(m - 1, n)) if m else 0.0


def complement(before, after):
    return 1 - it._by_tossing(before, after)


ATTACKS = {
    "paired.interval": dict(
        right=[it._by_counts, with_statistics],
        wrong={
            "不成对": (it._unpaired, "不同的题"),
            "没有除 √n": (it._no_root_n, "√n"),
            "没有开方": (it._not_squared, "开方"),
            "只算变了的": (it._only_changed, "也要算在 n"),
            "反了": (it._backwards, "反了"),
            "两倍": (two_standard_errors, "半宽"),
            "没有减平均": (uses_root_mean_square, "半宽"),
            "交的是两头": (ends, "（差，半宽）"),
        },
    ),
    "paired.sign": dict(
        right=[it._by_tossing, with_comb],
        wrong={
            "一边": (it._one_sided, "一边"),
            "没变的也算": (it._everything, "没变的题"),
            "恰好": (it._exactly, "更偏"),
            "超过 1": (it._not_capped, "超过了 1"),
            "只看变错": (it._wrong_side, "较少的一边"),
            "少了自己": (strictly_more, "p 值"),
            "反过来": (complement, "p 值"),
        },
    ),
}
