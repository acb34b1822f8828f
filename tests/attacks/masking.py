"攻击“只学回答”的两个检查器。"


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
}
