"攻击连续批处理的两个检查器。"

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
}
