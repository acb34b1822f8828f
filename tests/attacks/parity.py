"攻击“几种跑法”的两个检查器。"

from minimind.exercises import parity as it


def mean_by_running(sums, tokens):
    mean, seen = 0.0, 0
    for total, n in zip(sums, tokens):
        seen += n
        mean += (total - n * mean) / seen if seen else 0.0
    return mean


def skips_empty_means(sums, tokens):
    means = [s / n for s, n in zip(sums, tokens) if n]
    return sum(means) / len(means) if means else 0.0


def one_too_many(sums, tokens):
    return sum(sums) / (sum(tokens) + 1)


def share_by_position(order, big, step, rank, world):
    batch = order[step * big :][:big]
    return [sample for at, sample in enumerate(batch) if (at - rank) % world == 0]


def cuts_the_tail(order, big, step, rank, world):
    batch = order[step * big : (step + 1) * big]
    each = len(batch) // world
    return batch[rank * each : (rank + 1) * each]


def everyone_sees_all(order, big, step, rank, world):
    return order[step * big : (step + 1) * big]


def positions(order, big, step, rank, world):
    return share_by_position(list(range(len(order))), big, step, rank, world)


ATTACKS = {
    "parity.mean": dict(
        right=[mean_by_running],
        wrong={
            "平均的平均": (it._mean_of_means, "每个微批一样重"),
            "没有 token 时是 nan": (it._nothing_to_learn, "nan"),
            "跳过空的再平均": (skips_empty_means, "两个微批"),
            "分母多一": (one_too_many, "两个微批"),
            "除以微批数": (it._per_micro_batch, "微批数"),
            "只算第一个": (lambda sums, tokens: sums[0] / max(1, tokens[0]), "两个微批"),
        },
    ),
    "parity.share": dict(
        right=[share_by_position],
        wrong={
            "每个进程一段": (it._own_piece, "每个进程一段"),
            "先分再切步": (it._share_first, "再切步"),
            "尽着前面的": (it._fill_in_turn, "尽着前面"),
            "除不尽的丢掉": (cuts_the_tail, "合起来"),
            "人人都看全部": (everyone_sees_all, "合起来"),
            "返回的是位置": (positions, "合起来"),
            "不看第几步": (lambda order, big, step, *who: share_by_position(order, big, 0, *who), "第 1 步"),
        },
    ),
}
