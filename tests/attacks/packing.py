"攻击打包的检查器。"

import torch

from minimind.exercises import packing as it


def first_fit_by_scan(lengths, capacity, exact=True, error=ValueError):
    if any(n > capacity for n in lengths):
        raise error
    loads, where = [], []
    for n in lengths:
        k = 0
        while k < len(loads) and (loads[k] + n > capacity or not exact and loads[k] + n == capacity):
            k += 1
        if k == len(loads):
            loads.append(0)
        loads[k] += n
        where.append(k)
    return [[i for i, at in enumerate(where) if at == k] for k in range(len(loads))]


def decreasing(lengths, capacity):
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [[order[i] for i in b] for b in first_fit_by_scan([lengths[i] for i in order], capacity)]


def puts_big_alone(lengths, capacity):
    return first_fit_by_scan([min(n, capacity) for n in lengths], capacity)


def one_each(lengths, capacity):
    return [[i] for bin_ in first_fit_by_scan(lengths, capacity) for i in bin_]


def sizes_not_indices(lengths, capacity):
    return [[lengths[i] for i in b] for b in first_fit_by_scan(lengths, capacity)]


def join_by_position(docs, max_len):
    flat = [(t, at, number) for number, doc in enumerate(docs) for at, t in enumerate(doc)]
    ids, labels, positions, documents = ([x] * max_len for x in (0, -100, 0, 0))
    for i, (t, at, number) in enumerate(flat):
        ids[i], positions[i], documents[i] = t, at, number + 1
        labels[i] = t if at else -100
    return ids, labels, positions, documents


def edit(ids=lambda r: r[0], labels=lambda r: r[1], positions=lambda r: r[2], documents=lambda r: r[3]):
    def fn(docs, max_len):
        row = join_by_position(docs, max_len)
        return ids(row), labels(row), positions(row), documents(row)

    return fn


def first_is_predicted(row):
    return [token if at and number else -100 for at, (token, number) in enumerate(zip(row[0], row[3]))]


def split_balanced(doc, max_len):
    n = len(doc) - 1  # 要预测的个数
    parts = max(1, -(-n // (max_len - 1)))
    edges = [n * k // parts for k in range(parts + 1)]
    return [doc[a : b + 1] for a, b in zip(edges, edges[1:])]


def starts_with(token):
    def fn(doc, max_len):
        parts = split_balanced(doc, max_len)
        return parts[:1] + [[token, *p[1:]] for p in parts[1:]]

    return fn


def useful_by_filling(lengths, b):
    rows, wide = 0, []
    for at in range(0, len(lengths), b):
        group = lengths[at : at + b]
        rows += sum(1 for n in group for at in range(max(group)) if at >= n)
        wide += group
    return sum(wide) / (sum(wide) + rows)


def last_of_batch(lengths, b):
    groups = [lengths[i : i + b] for i in range(0, len(lengths), b)]
    return sum(lengths) / sum(group[-1] * len(group) for group in groups)


def drops_last(lengths, b):
    whole = len(lengths) // b * b or len(lengths)
    return useful_by_filling(lengths[:whole], b)


def sees_by_blocks(ids):
    sees = torch.zeros(len(ids), len(ids), dtype=torch.bool)
    for number in ids.unique():
        one = (ids == number).float()
        sees |= torch.outer(one, one).bool()
    return sees.tril()


def neighbours(ids):
    return sees_by_blocks(ids) & torch.ones(len(ids), len(ids), dtype=torch.bool).triu(-1)


def after_start(ids):
    return ids[:, None] >= ids[None, :]


ATTACKS = {
    "packing.first_fit": dict(
        right=[first_fit_by_scan],
        wrong={
            "装满的不算": (lambda lengths, c: first_fit_by_scan(lengths, c, exact=False), "恰好装满"),
            "先把大的放了": (decreasing, "容量"),
            "每件一箱": (one_each, "容量"),
            "太大的也放": (puts_big_alone, "比箱子还大"),
            "报的是别的错": (lambda lengths, c: first_fit_by_scan(lengths, c, error=KeyError), "比箱子还大"),
            "返回的是长度": (sizes_not_indices, "容量"),
        },
    ),
    "packing.join": dict(
        right=[join_by_position],
        wrong={
            "上一篇预测了下一篇": (edit(labels=first_is_predicted), "上一篇"),
            "标签没有遮住开头": (edit(labels=lambda r: [t if d else -100 for t, d in zip(r[0], r[3])]), "labels"),
            "填充的标签是 0": (edit(labels=lambda r: [l if d else 0 for l, d in zip(r[1], r[3])]), "labels"),
            "位置一路数下去": (edit(positions=lambda r: list(range(len(r[0])))), "positions"),
            "篇从 0 数起": (edit(documents=lambda r: [d - 1 for d in r[3]]), "documents"),
            "编号 0 当成填充": (edit(labels=lambda r: [l if t else -100 for t, l in zip(r[0], r[1])]), "编号为 0"),
            "没有补满": (lambda docs, n: join_by_position(docs, sum(map(len, docs))), "ids"),
        },
    ),
    "packing.split": dict(
        right=[split_balanced],
        wrong={
            "切口后的没人预测": (lambda doc, m: [doc[i : i + m] for i in range(0, len(doc), m)], "没人预测"),
            "剩下孤零零一个": (lambda doc, m: [doc[i : i + m] for i in range(0, len(doc), m - 1)], "只有一个 token"),
            "每段开头放开始标记": (starts_with(1), "相连的一截"),
            "每段开头重复下一个": (lambda doc, m: [[p[-1], *p[1:]] for p in split_balanced(doc, m)], "相连的一截"),
            "两个一段": (lambda doc, m: split_balanced(doc, 2), "段数"),
            "只留第一段": (lambda doc, m: [doc[:m]], "被预测的 token"),
            "整篇不切": (lambda doc, m: [list(doc)], "太长"),
        },
    ),
    "packing.useful": dict(
        right=[useful_by_filling],
        wrong={
            "补到全部里最长的": (lambda n, b: sum(n) / len(n) / max(n), "全部里最长"),
            "各批平均": (it._mean_of_batches, "不能直接平均"),
            "最后一批凑满": (it._full_batches, "凑满"),
            "浪费的比例": (lambda n, b: 1 - useful_by_filling(n, b), "有用的"),
            "补到每批最后一条": last_of_batch,
            "不满的批扔了": drops_last,
            "是百分数": lambda n, b: 100 * useful_by_filling(n, b),
        },
    ),
    "packing.sees": dict(
        right=[sees_by_blocks],
        wrong={
            "只看因果": (it._earlier, "同一篇"),
            "只看同篇": (it._same, "j ≤ i"),
            "看不见自己": (lambda ids: sees_by_blocks(ids).tril(-1), "自己也"),
            "行列反了": (lambda ids: sees_by_blocks(ids).T, "反了"),
            "填充谁也看不见": (lambda ids: sees_by_blocks(ids) & (ids > 0)[:, None], "填充也"),
            "只看前一个": (neighbours, "谁能看见谁"),
            "前面的篇也看得见": after_start,
            "给的是 0 与 1": (lambda ids: sees_by_blocks(ids).float(), "布尔"),
        },
    ),
}
