"攻击“只学回答”的检查器。"

from minimind.exercises import masking as it


def labels_by_marking(turns, heads):
    ids, learn = [], []
    for role, body in turns:
        piece = [1, *heads[role], *body, 2]
        start = 1 + len(heads[role])
        ids.extend(piece)
        learn.extend(role == "assistant" and i >= start for i in range(len(piece)))
    return ids, [token if yes else -100 for token, yes in zip(ids, learn)]


def shifted(turns, heads):
    ids, labels = labels_by_marking(turns, heads)
    return ids, labels[1:] + [-100] * bool(labels)


def only_last(turns, heads):
    ids, labels = labels_by_marking(turns, heads)
    last = len(labels_by_marking(turns[:-1], heads)[0])
    return ids, [-100] * last + labels[last:]


def end_by_id(turns, heads):
    ids, labels = labels_by_marking(turns, heads)
    return ids, [2 if i == 2 else l for i, l in zip(ids, labels)]


def no_end(turns, heads):
    ids, labels = labels_by_marking(turns, heads)
    ends, at = set(), -1
    for role, body in turns:
        at += len(heads[role]) + len(body) + 2
        ends.add(at)
    return ids, [-100 if i in ends else l for i, l in enumerate(labels)]


def grows_the_heads(turns, heads):
    ids, labels = labels_by_marking(turns, heads)
    for role, _ in turns:
        heads[role].append(0)
    return ids, labels


def keep(samples, max_len, cut=slice, start=1):
    kept = []
    for ids, labels in samples:
        ids, labels = ids[cut(max_len)], labels[cut(max_len)]
        if any(label != -100 for label in labels[start:]):
            kept.append((ids, labels))
    return kept, len(samples) - len(kept)


def never_cuts(samples, max_len):
    kept = [pair for pair in samples if keep([pair], max_len)[0]]
    return kept, len(samples) - len(kept)


def keeps_all(samples, max_len):
    return [(i[:max_len], l[:max_len]) for i, l in samples], 0


def cuts_ids_only(samples, max_len):
    kept, dropped = keep(samples, max_len)
    longer = [pair for pair in samples if keep([pair], max_len)[0]]
    return [(a[0], b[1]) for a, b in zip(kept, longer)], dropped


def places_by_shifting(labels):
    return [i for i, after in enumerate([*labels[1:], -100]) if after != -100]


def how_many(labels):
    return [0] * len(places_by_shifting(labels))


def pad_one_by_one(ids, labels, size, pad):
    ids, labels = list(ids), list(labels)
    while len(ids) < size:
        ids.append(pad)
        labels.append(-100)
    return ids, labels


def learns_nothing(ids, labels, size, pad):
    return pad_one_by_one(ids, labels, size, pad)[0], [-100] * size


def one_too_many(ids, labels, size, pad):
    return pad_one_by_one(ids, labels, size + 1, pad)


def labels_left_short(ids, labels, size, pad):
    return pad_one_by_one(ids, labels, size, pad)[0], list(labels)


def pads_with_zero(ids, labels, size, pad):
    return pad_one_by_one(ids, labels, size, 0)


ATTACKS = {
    "masking.labels": dict(
        right=[labels_by_marking],
        wrong={
            "没学收尾标记": (no_end, "停不下来"),
            "标签错了一位": (shifted, "labels"),
            "只学最后一段": (only_last, "labels"),
            "凡是 2 都学": (end_by_id, "labels"),
            "全都学": (lambda t, h: (labels_by_marking(t, h)[0],) * 2, "labels"),
            "给头多加一项": (grows_the_heads, "改动了传进来的数据"),
            "少了开始标记": (lambda t, h: tuple(x[1:] for x in labels_by_marking(t, h)), "ids"),
        },
    ),
    "masking.truncate": dict(
        right=[keep],
        wrong={
            "没有截断": (never_cuts, "没有截断"),
            "位置 0 也算": (lambda s, n: keep(s, n, start=0), "位置 0"),
            "太长的扔掉": (lambda s, n: keep([p for p in s if len(p[0]) <= n], n), "留下"),
            "总截成 3 个": (lambda s, n: keep(s, 3), "max_len=4"),
            "从左边截": (lambda s, n: keep(s, n, cut=lambda n: slice(-n, None)), "留下"),
            "一条也不丢": (keeps_all, "留下的各条"),
            "只截了 ids": (cuts_ids_only, "ids 与 labels 一起截"),
            "没数丢了几条": (lambda s, n: (keep(s, n)[0], 0), "丢掉的个数"),
            "少截一个": (lambda s, n: keep(s, n + 1), "没有截断"),
        },
    ),
    "masking.places": dict(
        right=[places_by_shifting],
        wrong={
            "没有错开": (lambda y: [i for i, l in enumerate(y) if l != -100], "没有错开"),
            "往后错": (lambda y: [i + 1 for i, l in enumerate(y) if l != -100], "要往前"),
            "第 0 个也算": (lambda y: [i - 1 for i, l in enumerate(y) if l != -100], "没有人能猜"),
            "只有个数": how_many,
            "全部位置": lambda y: list(range(len(y) - 1)),
            "从大到小": lambda y: it._from_labels(y)[::-1],
        },
    ),
    "masking.pad": dict(
        right=[pad_one_by_one],
        wrong={
            "按编号抹": (it._by_id, "按位置"),
            "学填充": (it._learns_padding, "学填充"),
            "补在左边": (lambda i, l, n, pad: ([pad] * (n - len(i)) + i, [-100] * (n - len(l)) + l), "左边"),
            "全都不学": learns_nothing,
            "多补一个": one_too_many,
            "标签没有补": labels_left_short,
            "用 0 去补": pads_with_zero,
        },
    ),
}
