import hashlib
import random
import zlib

from minimind.exercises import facts as it



def one_by_one(table):
    out = {}
    for key, value in table.items():
        if value in out:
            raise ValueError(f"{value} 有两个键")
        out[value] = key
    return out


def drops_silently(table):
    return {value: key for key, value in table.items()}


def keeps_the_first(table):
    out = {}
    for key, value in table.items():
        out.setdefault(value, key)
    return out


def neighbours_only(table):
    values = list(table.values())
    if any(a == b for a, b in zip(values, values[1:])):
        raise ValueError("相邻的两个值相同")
    return dict(zip(values, table))


def raises_key_error(table):
    if len(set(table.values())) < len(table):
        raise KeyError("有重复")
    return dict(zip(table.values(), table))


def list_of_keys(table):
    if len(set(table.values())) < len(table):
        raise ValueError("有重复")
    return {value: [key] for key, value in table.items()}


def by_crc(a, b):
    return zlib.crc32(f"{min(a, b)}x{max(a, b)}".encode()) % 10 == 3


def unsorted_md5(a, b):
    return int(hashlib.md5(f"{a}*{b}".encode()).hexdigest(), 16) % 1000 < 100


def builtin_hash(a, b):
    return hash(f"{min(a, b)}*{max(a, b)}") % 10 == 0


def a_tenth_by_dice(a, b):
    return random.random() < 0.1


def round_sums(a, b):
    return (a + b) % 10 == 0


def small_numbers(a, b):
    return min(a, b) < 15


def close_pairs(a, b):
    return abs(a - b) < 5


def half_of_them(a, b):
    return zlib.crc32(f"{min(a, b)}x{max(a, b)}".encode()) % 2 == 0


def last_one_wins(pairs):
    return {key: value for key, value in pairs}


def with_a_set(pairs):
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(key)
        seen.add(key)
    return dict(pairs)


def says_nothing(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("有重复")
    return dict(pairs)


def names_everything(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("、".join(key for key, _ in pairs))
    return dict(pairs)


def adjacent_only(pairs):
    if any(a[0] == b[0] for a, b in zip(pairs, pairs[1:])):
        raise ValueError(pairs[0][0])
    return dict(pairs)


def values_too(pairs):
    if len({value for _, value in pairs}) < len(pairs):
        raise ValueError("值重复")
    return with_a_set(pairs)


def by_while(ring, x, steps):
    at = ring.index(x) + steps
    while at < 0:
        at += len(ring)
    while at >= len(ring):
        at -= len(ring)
    return ring[at]


ATTACKS = {
    "facts.invert": dict(
        right=[one_by_one],
        wrong={
            "悄悄丢一条": (drops_silently, "共用一个值"),
            "悄悄留下前一条": (keeps_the_first, "共用一个值"),
            "只看相邻的": (neighbours_only, "盐"),
            "抛的不是 ValueError": (raises_key_error, "KeyError"),
            "值成了列表": list_of_keys,
        },
    ),
    "facts.split": dict(
        right=[by_crc],
        wrong={
            "没有先排序": (unsorted_md5, "泄题"),
            "用了内置的 hash": (builtin_hash, "md5"),
            "每次掷骰子": (a_tenth_by_dice, "再问一遍"),
            "凡是和的个位为 0": (round_sums, "和的个位"),
            "凡是较小的数": small_numbers,
            "凡是相近的两个数": (close_pairs, "差"),
            "留出了一半": (half_of_them, "一成"),
            "一道也不留": (lambda a, b: False, "0.0%"),
        },
    ),
    "facts.unique": dict(
        right=[with_a_set],
        wrong={
            "后一个盖掉前一个": (last_one_wins, "安静地返回"),
            "没说是哪个键": (says_nothing, "话里要说出"),
            "只看挨着的": (adjacent_only, "猫"),
            "值也不许重复": (values_too, "值重复"),
            "全部的键都说一遍": (names_everything, "只说它"),
        },
    ),
    "facts.ring": dict(
        right=[by_while],
        wrong={
            "停在头上": (it._stops_at_the_end, "绕回来"),
            "只会往后": (lambda ring, x, steps: by_while(ring, x, abs(steps)), "往前数"),
            "多走一步": (lambda ring, x, steps: by_while(ring, x, steps + 1), "多走了一步"),
            "从头数起": (lambda ring, x, steps: ring[steps % len(ring)], "从 x 数起"),
            "不动": lambda ring, x, steps: x,
        },
    ),
}
