from itertools import accumulate

from minimind.exercises import evaluate as it


def by_hand(items, most):
    kept, step, i = [], 1, -1
    for item in items:
        i += 1
        if not i % step:
            kept += [item]
        while len(kept) > most:
            kept, step = [x for k, x in enumerate(kept) if not k % 2], step + step
    return kept


def head(items, most):
    return [x for i, x in enumerate(items) if i < most]


def tail(items, most):
    return list(items)[-most:]


def same_step(items, most):
    kept = []
    for item in items:
        kept.append(item)
        if len(kept) > most:
            del kept[1::2]
    return kept


def odd_ones(items, most):
    kept, step = [], 1
    for i, item in enumerate(items):
        if i % step == 0:
            kept.append(item)
        if len(kept) > most:
            kept, step = kept[1::2], step * 2
    return kept


def any_step(items, most):
    items = list(items)
    return items[:: -(-len(items) // most) or 1]


def one_less(items, most):
    kept, step = [], 1
    for i, item in enumerate(items):
        if i % step == 0:
            kept.append(item)
        if len(kept) >= most > 1:
            kept, step = kept[::2], step * 2
    return kept


def with_accumulate(words, tokens):
    edges, cuts = (set(accumulate(map(len, parts[:-1]))) for parts in (words, tokens))
    hit = edges & cuts
    return (len(hit) / len(cuts) if cuts else 1.0), (len(hit) / len(edges) if edges else 1.0)


def swapped(words, tokens):
    return with_accumulate(words, tokens)[::-1]


def pieces(words, tokens):
    both = len(set(words) & set(tokens))
    return both / len(tokens), both / len(words)


def with_the_end(words, tokens):
    edges, cuts = (set(accumulate(map(len, parts))) for parts in (words, tokens))
    return len(edges & cuts) / len(cuts), len(edges & cuts) / len(edges)


def zero_when_empty(words, tokens):
    precision, recall = with_accumulate(words, tokens)
    return (precision if len(tokens) > 1 else 0.0), recall


def f1_twice(words, tokens):
    p, r = with_accumulate(words, tokens)
    f1 = 2 * p * r / (p + r) if p + r else 0.0
    return f1, f1


def spans_by_search(text, sizes):
    starts, at = [], 0
    for char in text:
        starts.append(at)
        at += len(char.encode())
    out, at = [], 0
    for size in sizes:
        first = max(i for i, s in enumerate(starts) if s <= at)
        last = max(i for i, s in enumerate(starts) if s < at + size)
        out.append((first, last + 1))
        at += size
    return out


def gbk_sizes(text, sizes):
    owner = [i for i, char in enumerate(text) for _ in range(1 if char.isascii() else 3)]
    ends = list(accumulate(sizes))
    return [(owner[min(e - s, len(owner) - 1)], owner[min(e, len(owner)) - 1] + 1) for s, e in zip(sizes, ends)]


def shares_sorted(values, better):
    ranked = sorted(values, reverse=better > 0)
    return [v / ranked[0] if better > 0 else ranked[0] / v for v in values]


def bests_first(values, better):
    return sorted(shares_sorted(values, better), reverse=True)


ATTACKS = {
    "evaluate.even_sample": dict(
        right=[by_hand],
        wrong={
            "取开头": (head, "开头"),
            "取结尾": tail,
            "步子不变": (same_step, "加倍"),
            "丢了偶数段": odd_ones,
            "步子不是 2 的幂": any_step,
            "没满就丢": (one_less, "一段也不丢"),
        },
    ),
    "evaluate.cuts_and_edges": dict(
        right=[with_accumulate],
        wrong={
            "颠倒": (swapped, "颠倒"),
            "比片段": (pieces, "位置"),
            "结尾也算": with_the_end,
            "没有刀算 0": (zero_when_empty, "一刀也没有"),
            "两个都写 F1": f1_twice,
        },
    ),
    "evaluate.spans": dict(
        right=[spans_by_search],
        wrong={
            "数的是字节": (it._bytes_as_chars, "第几个字节"),
            "半个字不算": (it._whole_only, "半个字"),
            "止少了一": (lambda text, sizes: [(a, b - 1) for a, b in spans_by_search(text, sizes)], "再加一"),
            "以为表情也是三个字节": gbk_sizes,
            "只给起点": lambda text, sizes: [(a, a) for a, _ in spans_by_search(text, sizes)],
        },
    ),
    "evaluate.shares": dict(
        right=[shares_sorted],
        wrong={
            "没有倒过来": (lambda values, better: [v / max(values) for v in values], "没有倒过来"),
            "用一减": (lambda values, better: [
                v / max(values) if better == 1 else 1 - v / max(values) for v in values
            ], "不是一减"),
            "除以总和": (lambda values, better: [
                v**better / sum(w**better for w in values) for v in values
            ], "不是总和"),
            "排了序": bests_first,
            "都是 1": lambda values, better: [1.0] * len(values),
        },
    ),
}
