"攻击连续批处理的检查器。"

import heapq

import torch

from minimind.exercises import batching as it


def with_heap(jobs, slots):
    free, done = [0] * slots, []
    for arrive, n in jobs:
        end = max(arrive, heapq.heappop(free)) + n
        heapq.heappush(free, end)
        done.append(end)
    return done


def shortest_first(jobs, slots):
    order = sorted(range(len(jobs)), key=lambda i: jobs[i][1])
    ends = with_heap([jobs[i] for i in order], slots)
    return [ends[order.index(i)] for i in range(len(jobs))]


def starts(jobs, slots):
    return [end - n for end, (_, n) in zip(with_heap(jobs, slots), jobs)]


def sliced(keys, values, lengths, q, k, v):
    "补到末尾再用掩码乘。"
    put = torch.nn.functional.one_hot(lengths, keys.shape[1]).bool()[..., None]
    keys, values = torch.where(put, k[:, None], keys), torch.where(put, v[:, None], values)
    e = (torch.einsum("nsd,nd->ns", keys, q) / q.shape[1] ** 0.5).exp()
    e = e * (torch.arange(keys.shape[1]) <= lengths[:, None])
    return torch.einsum("ns,nsd->nd", e / e.sum(-1, keepdim=True), values)


def times_zero(keys, values, lengths, q, k, v):
    rows, keys, values = torch.arange(len(q)), keys.clone(), values.clone()
    keys[rows, lengths], values[rows, lengths] = k, v
    scores = torch.einsum("nsd,nd->ns", keys, q) / q.shape[1] ** 0.5
    scores = scores * (torch.arange(keys.shape[1]) <= lengths[:, None])
    return torch.einsum("ns,nsd->nd", scores.softmax(-1), values)


def old_only(keys, values, lengths, q, k, v):
    "没有写进新词，看的却是多一格。"
    scores = torch.einsum("nsd,nd->ns", keys, q) / q.shape[1] ** 0.5
    hidden = torch.arange(keys.shape[1]) > lengths[:, None]
    return torch.einsum("ns,nsd->nd", scores.masked_fill(hidden, -torch.inf).softmax(-1), values)


def drop_by_swap(rows, i):
    left = list(rows)
    left[i], left[-1] = left[-1], left[i]
    left.pop()
    return left


def stay_by_recursion(lengths, cells):
    if len(lengths) == 1 or len(lengths) * (max(lengths) + 1) <= cells:
        return len(lengths)
    return stay_by_recursion(lengths[:-1], cells)


def first_leaves(lengths, cells):
    return stay_by_recursion(lengths[::-1], cells)


def only_one_leaves(lengths, cells):
    return len(lengths) - (len(lengths) > 1 and len(lengths) * (max(lengths) + 1) > cells)


ATTACKS = {
    "batching.seats": dict(
        right=[with_heap],
        wrong={
            "整批": (it._whole_batches, "一批全写完"),
            "没来就写": (it._before_coming, "还没来"),
            "轮流坐": (it._in_turn, "轮流"),
            "晚一步": (it._one_late, "再等一步"),
            "不等座位": (it._no_waiting, "没有等座位"),
            "短的先坐": (shortest_first, "第几步写完"),
            "交的是开始": (starts, "第几步写完"),
        },
    ),
    "batching.step": dict(
        right=[sliced],
        wrong={
            "全都看": (it._everything, "别人留下"),
            "不看自己": (it._not_itself, "不是 <"),
            "最长的末尾": (it._longest, "最长那行"),
            "没有除": (it._unscaled, "√d"),
            "分数乘 0": (times_zero, "各行已有"),
            "没有写进去": (old_only, "各行已有"),
        },
    ),
    "batching.drop": dict(
        right=[drop_by_swap],
        wrong={
            "全往前搬": (lambda rows, i: rows[:i] + rows[i + 1 :], "只许搬一行"),
            "最后一行没去掉": (lambda rows, i: [*rows[:i], rows[-1], *rows[i + 1 :]], "也要去掉"),
            "留了洞": (lambda rows, i: [*rows[:i], None, *rows[i + 1 :]], "留了洞"),
            "总是最后一行走": (lambda rows, i: rows[:-1], "不是最后一行"),
            "倒过来了": lambda rows, i: drop_by_swap(rows, i)[::-1],
            "次序排了一遍": lambda rows, i: sorted(drop_by_swap(rows, i)),
        },
    ),
    "batching.stay": dict(
        right=[stay_by_recursion],
        wrong={
            "各占各的": (it._sum_of_lengths, "方块"),
            "忘了新词": (it._no_new_word, "+ 1"),
            "最长的下来": (it._longest_leaves, "不是最长的"),
            "一个不留": (it._may_be_empty, "至少留"),
            "恰好也请": (lambda lengths, cells: stay_by_recursion(lengths, cells - 1), "恰好"),
            "不重算最长的": (lambda n, cells: max(1, min(len(n), cells // (max(n) + 1))), "可能变了"),
            "先来的下来": first_leaves,
            "只请一位": only_one_leaves,
        },
    ),
}
