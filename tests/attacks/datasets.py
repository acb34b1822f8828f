"攻击数据集的检查器。"

import hashlib
import random

import numpy as np

from minimind.exercises import datasets as it


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


def name_by_update(files):
    digest = hashlib.sha256()
    for content in files:
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()


def name_by_size(files):
    return name_by_update([str(len(f)).encode() for f in files])


def name_by_head(files):
    return name_by_update([str(len(f)).encode() + f[:4096] for f in files])


def name_by_tail(files):
    return name_by_update([str(len(f)).encode() + f[-4096:] for f in files])


class Counting:
    "每问一次，名字都不同。"

    def __init__(self):
        self.asked = 0

    def __call__(self, files):
        self.asked += 1
        return name_by_update([str(self.asked).encode(), *files])


def plain_by_pop(body, max_length, bos, eos):
    ids = [bos, *body, eos]
    while len(ids) > max_length:
        ids.pop(-2)
    return ids, [-100] + ids[1:]


def keeps_the_tail(body, max_length, bos, eos):
    return plain_by_pop(body[-(max_length - 2) :] if max_length > 2 else [], max_length, bos, eos)


def no_marks(body, max_length, bos, eos):
    return body[:max_length], [-100, *body[1:max_length]]


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
    "datasets.name": dict(
        right=[name_by_update],
        wrong={
            "直接接起来": (it._joined, "边界"),
            "只看大小": (name_by_size, "内容不同"),
            "只看头": (name_by_head, "末尾"),
            "只看尾": (name_by_tail, "开头"),
            "不管次序": (lambda files: name_by_update(sorted(files)), "次序"),
            "只看第一个文件": (lambda files: name_by_update(files[:1]), "空文件"),
            "空文件不算": (lambda files: name_by_update([f for f in files if f]), "空文件"),
            "每次都不同": (Counting(), "再问一次"),
            "内容自己": (lambda files: "0".join(f.hex() for f in files), "太长"),
            "摘要的字节": (lambda files: hashlib.sha256(b"".join(files)).digest(), "字母和数字"),
        },
    ),
    "datasets.plain": dict(
        right=[plain_by_pop],
        wrong={
            "结束标记被截掉": (it._cut_off, "半句话"),
            "标记不占格子": (it._too_long, "也占格子"),
            "结束标记不学": (it._silent_end, "也要学"),
            "开头也学": (lambda *a: (plain_by_pop(*a)[0], plain_by_pop(*a)[0]), "没有上文"),
            "留的是尾巴": keeps_the_tail,
            "没有标记": no_marks,
            "标签错了一位": lambda *a: (plain_by_pop(*a)[0], [*plain_by_pop(*a)[0][1:], -100]),
        },
    ),
}
