"攻击成对比较的检查器。"

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


def smoothed_by_moments(worse, better, n):
    down, up, total = worse + 0.5, better + 0.5, n + 2
    first, second = (up - down) / total, (up + down) / total
    return first, 1.96 * ((second - first**2) / total) ** 0.5


def scaled(mean=1.0, half=1.0):
    return lambda *a: (smoothed_by_moments(*a)[0] * mean, smoothed_by_moments(*a)[1] * half)


def only_n(worse, better, n):
    return (better - worse) / n, 1.96 * math.sqrt(better + worse + 1 - (better - worse) ** 2 / n) / n


def needed_by_bisection(worse, n):
    enough = lambda better: smoothed_by_moments(worse, better, n)[0] > smoothed_by_moments(worse, better, n)[1]
    low, high = 0, n - worse
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def no_error_from_worse(worse, n):
    return None if needed_by_bisection(0, n) is None else needed_by_bisection(0, n) + worse


def or_none(fn):
    return lambda worse, n: None if needed_by_bisection(worse, n) is None else fn(worse, n)


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
    "paired.smoothed": dict(
        right=[smoothed_by_moments],
        wrong={
            "没有添": (it._textbook, "一个点"),
            "各添了一道": (it._one_each, "添多了"),
            "没有减平均的平方": (it._no_mean, "平均数的平方"),
            "没有除以 √n": (lambda b, c, n: scaled(half=math.sqrt(n + 2))(b, c, n), "√(题数)"),
            "没有乘 1.96": (scaled(half=1 / 1.96), "1.96"),
            "方向反了": (scaled(mean=-1), "由错变对是 +1"),
            "题数没有添": (only_n, "n + 2"),
            "用了两倍": scaled(half=2 / 1.96),
        },
    ),
    "paired.needed": dict(
        right=[needed_by_bisection],
        wrong={
            "多一道": (lambda worse, n: worse + 1 if 2 * worse + 1 <= n else None, "不是看差"),
            "净多几道": (or_none(lambda worse, n: needed_by_bisection(worse, n) - worse), "净多"),
            "变错的不带误差": (no_error_from_worse, "也带来误差"),
            "全对": (or_none(lambda worse, n: n - worse), "最少"),
            "差一道": or_none(lambda worse, n: needed_by_bisection(worse, n) - 1),
            "不可能时给 0": lambda worse, n: needed_by_bisection(worse, n) or 0,
        },
    ),
}
