"攻击训练循环的检查器。"

import torch

from minimind.exercises import loop as it


def loss_by_cat(micro_batches):
    every = torch.cat(list(micro_batches))
    return every.mean() if every.numel() else every.sum()


def counts_micro_batches(micro_batches):
    return sum(b.sum() for b in micro_batches) / len(micro_batches)


def zero_means_one(micro_batches):
    return sum(b.sum() for b in micro_batches) / sum(max(1, len(b)) for b in micro_batches)


def only_last_flows(micro_batches):
    *rest, last = micro_batches
    return loss_by_cat([*(b.detach() for b in rest), last])


def share_by_position(order, batch_size, rank, world):
    batches = [[] for _ in range(0, len(order), batch_size * world)]
    for at, sample in enumerate(order):
        step, place = divmod(at, batch_size * world)
        if place % world == rank:
            batches[step].append(sample)
    return batches


def rank_zero_takes_all(order, batch_size, rank, world):
    big = batch_size * world
    return [order[i : i + big] if rank == 0 else [] for i in range(0, len(order), big)]


def pads_with_first(order, batch_size, rank, world):
    full = list(order) + order[: -len(order) % (batch_size * world)]
    return share_by_position(full, batch_size, rank, world)


def counts_not_samples(order, batch_size, rank, world):
    return share_by_position(list(range(len(order))), batch_size, rank, world)


def reversed_steps(order, batch_size, rank, world):
    return share_by_position(order, batch_size, rank, world)[::-1]


def no_empty_batch(order, batch_size, rank, world):
    return [batch for batch in share_by_position(order, batch_size, rank, world) if batch]


def plan_by_slices(n, batch_size, accumulation_steps, epochs):
    micro = [range(n)[i : i + batch_size] for i in range(0, n, batch_size)]
    one = [len(micro[i : i + accumulation_steps]) for i in range(0, len(micro), accumulation_steps)]
    return [k for _ in range(epochs) for k in one]


def bad_by_recursion(layers, x):
    if not layers:
        return ""
    (name, layer), *rest = layers
    y = layer(x)
    return bad_by_recursion(rest, y) if torch.isfinite(y).all() else name


def all_bad(layers, x):
    return next((name for name, y in it._all_outputs(layers, x) if not y.isfinite().any()), "")


def now_by_sorting(step, total, spent, limit):
    return sorted([step, total * (spent / limit if limit else 0)])[1]


ATTACKS = {
    "loop.step_loss": dict(
        right=[loss_by_cat],
        wrong={
            "先各自平均": (it._mean_of_means, "各自平均"),
            "除以微批数": (counts_micro_batches, "一个 4，三个 1"),
            "空微批也当一个": (zero_means_one, "空的"),
            "返回数而不是张量": (lambda parts: loss_by_cat(parts).item(), "张量"),
            "只有最后一个微批有梯度": (only_last_flows, "梯度"),
            "没有除": (it._sum_only, "只加了起来"),
        },
    ),
    "loop.share": dict(
        right=[share_by_position],
        wrong={
            "先分再切": (it._share_first, "人人不同"),
            "扔掉末尾": (it._drop_last, "扔掉了"),
            "尽着前面的进程": (it._fill_in_turn, "先尽着"),
            "各拿一段": (it._own_piece, "各拿一段"),
            "全给 0 号进程": (rank_zero_takes_all, "超过了"),
            "拿开头的补满": (pads_with_first, "合起来"),
            "返回的是位置": (counts_not_samples, "合起来"),
            "批的次序反了": (reversed_steps, "全局批"),
            "空批不要": (no_empty_batch, "不相同"),
        },
    ),
    "loop.plan": dict(
        right=[plan_by_slices],
        wrong={
            "丢掉余数": (it._drop, "丢掉"),
            "混进下一遍": (it._mix, "混进了下一遍"),
            "每步都按攒满记": (lambda n, b, k, e: [k] * len(plan_by_slices(n, b, k, e)), "看两遍"),
            "只看一遍": (lambda n, b, k, e: plan_by_slices(n, b, k, 1), "看两遍"),
            "数的是样本": (lambda n, b, k, e: [x * b for x in plan_by_slices(n, b, k, e)], "正好攒满"),
            "多出一个 0": (lambda n, b, k, e: plan_by_slices(n, b, k, e) + [0], "正好攒满"),
        },
    ),
    "loop.first_bad": dict(
        right=[bad_by_recursion],
        wrong={
            "只找 NaN": (it._only_nan, "inf 也是坏的"),
            "最后坏的": (it._last, "最先的"),
            "全坏才算": (all_bad, "不必全坏"),
            "各算各的": (
                lambda layers, x: next((n for n, f in layers if not f(x).isfinite().all()), ""), "上一层的输出"
            ),
            "给的是第几层": (lambda layers, x: [n for n, _ in layers].index(it._first(layers, x) or "翻倍"), "str"),
            "总是空串": (lambda layers, x: "", "先是 inf"),
        },
    ),
    "loop.now": dict(
        right=[now_by_sorting],
        wrong={
            "取小的": (lambda s, t, spent, limit: min(s, spent / limit * t) if limit else s, "取了小的"),
            "只看时间": (lambda s, t, spent, limit: spent / limit * t if limit else s, "听步数"),
            "只看步数": (lambda s, t, spent, limit: s, "没有看时间"),
            "没乘总步数": (lambda s, t, spent, limit: max(s, spent / limit) if limit else s, "乘总步数"),
            "相加": (lambda s, t, spent, limit: s + spent / limit * t if limit else s, "不能相加"),
            "除以 0": (lambda s, t, spent, limit: max(s, spent / limit * t), "除以了 0"),
        },
    ),
}
