"攻击“切开一个模型”的检查器。"

import torch

from minimind.exercises import shard as it


def by_chunks(rows, world, rank):
    size = (rows + world - 1) // world
    mine = list(range(rows))[rank * size : (rank + 1) * size]
    return [mine[0], mine[-1] + 1] if mine else [rows, rows]


def by_levels(train, frozen, level, world):
    total = 16 * train + 4 * frozen
    for size in [8 * train, 4 * train, 4 * (train + frozen)][:level]:
        total -= size - size / world
    return total


def scatter_by_views(grads):
    whole = torch.zeros_like(grads[0])
    for one in grads:
        whole = whole + one
    return [row.clone() for row in (whole / len(grads)).view(len(grads), -1)]


ATTACKS = {
    "shard.rows": dict(
        right=[by_chunks],
        wrong={
            "从后往前拿": (lambda rows, world, rank: by_chunks(rows, world, world - 1 - rank), "个进程"),
            "右边闭着": (lambda *a: (by_chunks(*a)[0], by_chunks(*a)[1] - 1), "个进程"),
            "空着手的返回零": (lambda *a: tuple(by_chunks(*a)) if len(set(by_chunks(*a))) > 1 else (0, 0), "个进程"),
        },
    ),
    "shard.bytes": dict(
        right=[by_levels],
        wrong={
            "全切": (lambda train, frozen, level, world: by_levels(train, frozen, 3, world), "级"),
            "少切一级": (lambda a, b, level, world: by_levels(a, b, max(0, level - 1), world), "级"),
            "半精度的权重": (lambda *a: by_levels(*a) - 2 * a[0], "级"),
        },
    ),
    "shard.traffic": dict(
        right=[it._piece_by_piece, lambda n, cards: (2 * n - 2 * n / cards, 3 * n - 3 * n / cards)],
        wrong={
            "自己的也收": (it._own_piece_too, "不用收"),
            "只收一片": (it._one_piece, "每一片"),
            "权重只凑一次": (it._gathers_once, "凑两次"),
            "梯度只加一次": (it._sums_once, "整个的梯度"),
            "次序反了": (lambda params, cards: it.solution_traffic(params, cards)[::-1], "次序"),
            "全体的": (lambda params, cards: tuple(n * cards for n in it.solution_traffic(params, cards)), "不是全体"),
            "只有一个数": (lambda params, cards: it.solution_traffic(params, cards)[1], "DDP"),
        },
    ),
    "shard.scatter": dict(
        right=[it._number_by_number, scatter_by_views],
        wrong={
            "总和": (it._summed, "总和"),
            "自己算的": (it._own_gradient, "没有与别人的相加"),
            "整个的": (it._whole_for_all, "只拿自己"),
            "隔着取": (it._interleaved, "隔着"),
            "倒过来": (lambda grads: it.solution_scatter(grads)[::-1], "两张卡"),
            "叠成一块": (lambda grads: torch.stack(grads).mean(0), "片"),
        },
    ),
}
