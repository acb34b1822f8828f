"攻击“数据大十倍，内存不动”的四个检查器。"

import math

import numpy as np

from minimind.exercises import data_memory as it


def table_by_ceil(corpus_bytes, bytes_per_row, bytes_per_entry):
    return bytes_per_entry * len(range(0, corpus_bytes, bytes_per_row))


def rounds_to_nearest(corpus_bytes, bytes_per_row, bytes_per_entry):
    return round(corpus_bytes / bytes_per_row) * bytes_per_entry


def at_least_one_row(corpus_bytes, bytes_per_row, bytes_per_entry):
    return max(1, math.ceil(corpus_bytes / bytes_per_row)) * bytes_per_entry


def chunks_by_while(first, limit, chunk):
    at, out = 0, np.zeros(0, int)
    while at < len(first):
        part = first[at : at + chunk]
        out = np.concatenate([out, at + np.nonzero(part < limit)[0]])
        at += len(part)
    return out


def whole(first, limit, chunk):
    return np.flatnonzero(first[:] < limit)


def one_by_one(first, limit, chunk):
    return [i for i in range(len(first)) if first[i] < limit]


def by_iterating(first, limit, chunk):
    return [i for i, value in enumerate(first) if value < limit]


def copies(first, limit, chunk):
    return np.flatnonzero(np.asarray(first) < limit)


def values_not_places(first, limit, chunk):
    return [int(v) for at in range(0, len(first), chunk) for v in first[at : at + chunk] if v < limit]


def overlaps(first, limit, chunk):
    step = max(1, chunk - 1)
    return [at + int(i) for at in range(0, len(first), step) for i in np.flatnonzero(first[at : at + chunk] < limit)]


def pages_by_prefix(text):
    out = {"anon": 0.0, "file": 0.0}
    for line in text.splitlines():
        for key, start in (("anon", "Pss_Anon:"), ("file", "Pss_File:")):
            if line.startswith(start):
                out[key] = float(line[len(start) : -2]) / 2**10
    return out


def grew_both(small, large, slack):
    return all(large - small > most for most in (slack, small / 10))


ATTACKS = {
    "data_memory.table": dict(
        right=[table_by_ceil],
        wrong={
            "往下取整": (it._round_down, "往上取整"),
            "总多一行": (it._always_one_more, "多算了"),
            "取整的是字节": (it._rounds_bytes, "先把行数取整"),
            "四舍五入": (rounds_to_nearest, "字节的语料"),
            "至少一行": (at_least_one_row, "0 字节的语料"),
            "忘了乘每行的字节": (lambda corpus, row, entry: table_by_ceil(corpus, row, 1), "901 字节"),
        },
    ),
    "data_memory.chunks": dict(
        right=[chunks_by_while],
        wrong={
            "下标没加回起点": (it._no_offset, "下标"),
            "等于的也算": (it._or_equal, "下标"),
            "末尾不满的一块没看": (it._full_chunks_only, "项都对"),
            "一次全取": (whole, "一次取了"),
            "一个一个地取": (one_by_one, "只准用切片"),
            "直接遍历": (by_iterating, "只准用切片"),
            "整个抄进内存": (copies, "抄进了内存"),
            "返回的是数值": (values_not_places, "下标"),
            "块与块重叠": (overlaps, "下标"),
        },
    ),
    "data_memory.pages": dict(
        right=[pages_by_prefix],
        wrong={
            "1 MB 算成 1000 kB": (lambda text: {k: v * 1.024 for k, v in pages_by_prefix(text).items()}, "1024"),
            "没有换算": (lambda text: {k: v * 1024 for k, v in pages_by_prefix(text).items()}, "没有换成"),
            "认了半个名字": (
                lambda text: {"anon": it._any_line(text, "Anon"), "file": it._any_line(text, "File")}, "整个名字"
            ),
            "弄反了": (lambda text: dict(zip(("file", "anon"), pages_by_prefix(text).values())), "弄反"),
            "用了总数": (
                lambda text: {"anon": it._any_line(text, "Pss:"), "file": pages_by_prefix(text)["file"]}, "合起来"
            ),
            "缺了就不写": lambda text: {k: v for k, v in pages_by_prefix(text).items() if v},
        },
    ),
    "data_memory.grew": dict(
        right=[grew_both],
        wrong={
            "只看一成": (lambda small, large, slack: large > 1.1 * small, "零头"),
            "只看零头": (lambda small, large, slack: large > small + slack, "一成"),
            "有一样就算": (lambda small, large, slack: large - small > min(slack, small / 10), "不算"),
            "两样加起来": (lambda small, large, slack: large > 1.1 * small + slack, "应当算"),
            "一成按大的算": (lambda small, large, slack: large - small > max(slack, large / 10), "应当算"),
            "总说没长": (lambda small, large, slack: False, "应当算"),
        },
    ),
}
