"攻击“几种跑法”的四个检查器。"

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


def gap_sorted(a, b):
    if len(a[0]) != len(b[0]) or sorted(a[1]) != sorted(b[1]):
        return float("inf"), float("inf")
    far = lambda xs, ys: sorted([abs(x - y) for x, y in zip(xs, ys)])[-1]
    return far(a[0], b[0]), sorted([far(a[1][name], b[1][name]) for name in a[1]])[-1]


def mean_gap(a, b):
    if float("inf") in gap_sorted(a, b):
        return gap_sorted(a, b)
    mean = lambda xs, ys: sum(abs(x - y) for x, y in zip(xs, ys)) / len(xs)
    return mean(a[0], b[0]), max(mean(a[1][name], b[1][name]) for name in a[1])


def pace_backwards(lines):
    *rest, first = lines[::-1]
    return sum(line["input_tokens"] for line in rest) / (rest[0]["seconds"] - first["seconds"])


def fastest_pace(lines):
    each = [b["input_tokens"] / (b["seconds"] - a["seconds"]) for a, b in zip(lines, lines[1:])]
    return max(each)


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
    "parity.gap": dict(
        right=[gap_sorted],
        wrong={
            "没有取绝对值": (it._signed, "绝对值"),
            "挑着比": (it._common_part, "挑着比"),
            "只比最后一步": (it._last_step, "每一步"),
            "按次序对": (it._by_place, "按名字"),
            "平均差": mean_gap,
            "只有损失无穷大": lambda a, b: (it.solution_gap(a, b)[0], min(it.solution_gap(a, b)[1], 9.0)),
        },
    ),
    "parity.pace": dict(
        right=[pace_backwards],
        wrong={
            "头一笔也数": (it._all_tokens, "也要去掉"),
            "时间从头数": (it._all_seconds, "之前的时间"),
            "都没去掉": (it._all, "热身的没有去掉"),
            "秒数相加": (it._added_seconds, "相加"),
            "最快的那一笔": fastest_pace,
        },
    ),
}
