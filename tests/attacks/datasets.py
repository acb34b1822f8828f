"攻击数据集的两个检查器。"

import hashlib
import random

import numpy as np


def flatten_by_concat(samples):
    flat = np.concatenate([np.zeros(0, np.uint16), *(np.asarray(s, np.uint16) for s in samples)])
    ends = [0]
    for s in samples:
        ends.append(ends[-1] + len(s))

    def get(i):
        if not -len(samples) <= i < len(samples):
            raise IndexError(i)
        i %= len(samples)
        return flat[ends[i] : ends[i + 1]]

    return flat, np.array(ends), get


def change(flat=lambda x: x, offsets=lambda x: x, get=None):
    def fn(samples):
        a, b, c = flatten_by_concat(samples)
        return flat(a), offsets(b), (lambda i: get(a, b, i)) if get else c

    return fn


def skips_empty(samples):
    return flatten_by_concat([s for s in samples if s])


def no_bounds(flat, offsets, i):
    i = i % max(1, len(offsets) - 1)
    return flat[offsets[i] : offsets[i + 1]]


def draw(chosen, rejected, row, seed, p, key="{seed}/{row}"):
    digest = hashlib.sha256(key.format(seed=seed, row=row).encode()).digest()
    lucky = int.from_bytes(digest[:8], "big") / 2**64 < p
    return (["S", *chosen], ["S", *rejected]) if lucky else (list(chosen), list(rejected))


def draw_global(chosen, rejected, row, seed, p):
    random.seed(f"{seed}-{row}")
    return (["S", *chosen], ["S", *rejected]) if random.random() < p else (chosen, rejected)


def draw_sequence(chosen, rejected, row, seed, p, kept={}):
    lucky = kept.setdefault(seed, random.Random(seed)).random() < p  # 谁先问，谁先抽
    return (["S", *chosen], ["S", *rejected]) if lucky else (chosen, rejected)


def every_fifth(chosen, rejected, row, seed, p):
    return (["S", *chosen], ["S", *rejected]) if p and (row * 7 + seed) % round(1 / p) == 0 else (chosen, rejected)


def inserts(chosen, rejected, row, seed, p):
    if draw(chosen, rejected, row, seed, p)[0][:1] == ["S"]:
        chosen.insert(0, "S")
        rejected.insert(0, "S")
    return chosen, rejected


def only_chosen(chosen, rejected, row, seed, p):
    return draw(chosen, rejected, row, seed, p)[0], rejected


def at_the_end(chosen, rejected, row, seed, p):
    return tuple(side[1:] + side[:1] if side[0] == "S" else side for side in draw(chosen, rejected, row, seed, p))


ATTACKS = {
    "datasets.flat": dict(
        right=[flatten_by_concat],
        wrong={
            "没管负下标": (change(get=lambda a, b, i: a[b[i] : b[i + 1]]), "get(-1)"),
            "越界绕回开头": (change(get=no_bounds), "get("),
            "offsets 少了最后一项": (change(offsets=lambda b: b[:-1]), "offsets"),
            "offsets 里放的是长度": (change(offsets=np.diff), "offsets"),
            "每个数八字节": (change(flat=lambda a: a.astype(np.int64)), "uint16"),
            "带符号的两字节": (change(flat=lambda a: a.astype(np.int16)), "uint16"),
            "空样本被扔了": (skips_empty, "offsets"),
            "总取第一条": (change(get=lambda a, b, i: a[: b[1]]), "get("),
        },
    ),
    "datasets.draw": dict(
        right=[draw],
        wrong={
            "种子与行号加起来": (lambda c, r, row, seed, p: draw(c, r, row + seed, 0, p), "分得开"),
            "不看行号": (lambda c, r, row, seed, p: draw(c, r, 0, seed, p), "两成"),
            "不看种子": (lambda c, r, row, seed, p: draw(c, r, row, 0, p), "种子"),
            "动了全局随机数": (draw_global, "全局"),
            "按问的次序抽": (draw_sequence, "倒着取"),
            "每五行加一次": (every_fifth, "独立"),
            "只加一边": (only_chosen, "只能抽一次"),
            "加在最后": (at_the_end, "改写之后"),
            "在原来的列表上插入": (inserts, "改动了传进来的数据"),
            "从不加": (lambda c, r, row, seed, p: (c, r), "两成"),
        },
    ),
}
