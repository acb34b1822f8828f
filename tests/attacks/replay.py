"攻击旧数据的检查器。"

from minimind.exercises import replay as it


def two_sums(new, old, weight):
    (a, n), (b, m) = (map(sum, zip(*parts)) if parts else (0.0, 0) for parts in (new, old))
    return a / n + (weight * b / m if m else 0)


def nan_without_old(new, old, weight):
    a, n = sum(x for x, _ in new), sum(c for _, c in new)
    b, m = sum(x for x, _ in old), sum(c for _, c in old)
    return a / n + weight * (b / m if m else float("nan"))


def convex(new, old, weight):
    return (1 - weight) * it._spread(new, [], 0) + weight * it._spread(old, [], 0)


def sums_only(new, old, weight):
    return sum(x for x, _ in new) + weight * sum(x for x, _ in old)


def recursive(n, size, order, epoch, seen, count):
    if not count:
        return []
    batch = order(epoch)[seen : min(n, seen + size)]
    place = (epoch, seen + len(batch)) if seen + len(batch) < n else (epoch + 1, 0)
    return [batch, *recursive(n, size, order, *place, count - 1)]


def sorted_rows(n, size, order, epoch, seen, count):
    return [sorted(b) for b in it._unrolled(n, size, order, epoch, seen, count)]


def empty_batches(n, size, order, epoch, seen, count):
    out = []
    while len(out) < count:
        out.append(order(epoch)[seen : seen + size])
        epoch, seen = (epoch + 1, 0) if seen >= n else (epoch, seen + size)
    return out


def keeps_seen(n, size, order, epoch, seen, count):
    return [order(epoch + i)[seen : seen + size] for i in range(count)]


ATTACKS = {
    "replay.loss": dict(
        right=[it._spread, two_sums],
        wrong={
            "合在一起": (it._pooled, "合在一起"),
            "平均的平均": (it._mean_of_means, "再平均"),
            "又除": (it._shared_out, "1 + λ"),
            "没有乘": (it._no_weight, "没有乘"),
            "除新的个数": (it._by_new_count, "新的 token 数"),
            "没有旧的是 NaN": (nan_without_old, "要一个数"),
            "此消彼长": (convex, "λ = 0.2"),
            "没有除": (sums_only, "λ = 0.2"),
        },
    ),
    "replay.take": dict(
        right=[it._unrolled, recursive],
        wrong={
            "同一个次序": (it._same_order, "同一个次序"),
            "从头取": (it._from_start, "从头取了"),
            "丢了末尾": (it._drops_tail, "丢了"),
            "跨两遍": (it._across, "跨了两遍"),
            "停了": (it._stops, "取不完"),
            "排了序": (sorted_rows, "从头取 8 批"),
            "空的批": (empty_batches, "从头取 8 批"),
            "位置没有归零": (keeps_seen, "从头取 8 批"),
        },
    ),
    "replay.settle": dict(
        right=[it._downhill, lambda n, a, o, b, w: n + w * b / (a + w * b) * (o - n)],
        wrong={
            "不看谁更疼": (lambda n, a, o, b, w: (n + w * o) / (1 + w), "更疼"),
            "除以 2": (lambda n, a, o, b, w: (a * n + w * b * o) / 2, "不是一半"),
            "没有 λ": (lambda n, a, o, b, w: (a * n + b * o) / (a + b), "没有乘 λ"),
            "新旧反了": (lambda n, a, o, b, w: (w * a * n + b * o) / (w * a + b), "弄反了"),
            "分母忘了 λ": (lambda n, a, o, b, w: (a * n + w * b * o) / (a + b), "分母忘了"),
            "正中间": (lambda n, a, o, b, w: (n + o) / 2, "停在"),
        },
    ),
}
