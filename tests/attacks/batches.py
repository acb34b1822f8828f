"攻击取数据的检查器。"

import random

import numpy as np

from minimind.exercises import batches as it


def steps_by_batches(n, size, accum, epochs):
    out = []
    for _ in range(epochs):
        step, left = [], n
        while left:
            step.append(min(size, left))
            left -= step[-1]
            if len(step) == accum or not left:
                out.append(step)
                step = []
    return out


def order_by_words(n, seed, epoch):
    order = list(range(n))
    random.Random(f"{seed} {epoch}").shuffle(order)
    return order


def order_by_numpy(n, seed, epoch):
    return np.random.default_rng([seed, epoch]).permutation(n).tolist()


def left_by_division(n, per_step, epochs, epoch, samples):
    return -((samples - n) // per_step) - (-n // per_step) * (epochs - epoch - 1)


ATTACKS = {
    "batches.steps": dict(
        right=[it._one_at_a_time, steps_by_batches],
        wrong={
            "丢了末尾的步": (it._tail_dropped, "永远学不到"),
            "混进下一遍": (it._across_epochs, "混进"),
            "一批跨两遍": (it._one_stream, "跨了两遍"),
            "丢了末尾的批": (it._short_batch_dropped, "末尾不满"),
            "只有样本数": (lambda *given: [sum(s) for s in it.solution_steps(*given)], "各微批"),
            "只有一遍": (lambda n, size, accum, epochs: it.solution_steps(n, size, accum, 1), "应是 4 项"),
        },
    ),
    "batches.order": dict(
        right=[order_by_words, order_by_numpy],
        wrong={
            "忘了遍数": (it._forgets_epoch, "忘了 epoch"),
            "忘了种子": (lambda n, seed, epoch: it.solution_order(n, 0, epoch), "忘了 seed"),
            "相加": (it._adds, "会撞"),
            "相乘": (lambda n, seed, epoch: it.solution_order(n, 0, (seed + 1) * (epoch + 1)), "会撞"),
            "动了全局": (it._global_seed, "全局"),
            "没有种子": (it._unseeded, "全局"),
            "有重复": (it._with_repeats, "一个不多"),
            "没打乱": (lambda n, seed, epoch: list(range(n)), "相同"),
            "转一转": (lambda n, seed, epoch: [(i + seed + epoch) % n for i in range(n)], "会撞"),
        },
    ),
    "batches.left": dict(
        right=[it._by_walking, left_by_division],
        wrong={
            "向下取整": (it._tails_lost, "向上取整"),
            "合在一起": (it._all_at_once, "跨了两遍"),
            "算了两次": (it._this_epoch_twice, "算了两次"),
            "从头算": (it._from_the_start, "已经看过"),
            "只有这一遍": (lambda n, p, epochs, epoch, seen: it.solution_left(n, p, epoch + 1, epoch, seen), "只算了"),
        },
    ),
}
