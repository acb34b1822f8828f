"攻击生成的检查器。"

import torch

from minimind.exercises import generate as it


def left_pad_by_insert(rows, pad=0):
    width, ids, mask, positions = max(len(r) for r in rows), [], [], []
    for row in rows:
        gap = width - len(row)
        ids.append([pad for _ in range(gap)] + list(row))
        mask.append([int(i >= gap) for i in range(width)])
        positions.append([max(0, i - gap) for i in range(width)])
    return ids, mask, positions


def no_clamp(rows, pad=0):
    ids, mask, _ = left_pad_by_insert(rows, pad)
    return ids, mask, [[i - (len(m) - sum(m)) for i in range(len(m))] for m in mask]


def from_one(rows, pad=0):
    ids, mask, positions = left_pad_by_insert(rows, pad)
    return ids, mask, [[p + 1 if m else 0 for p, m in zip(*pair)] for pair in zip(positions, mask)]


def ignores_pad(rows, pad=0):
    return left_pad_by_insert(rows, 0)


def mask_by_id(rows, pad=0):
    ids, _, positions = left_pad_by_insert(rows, pad)
    return ids, [[int(i != pad) for i in r] for r in ids], positions


def grows_the_rows(rows, pad=0):
    _, mask, positions = left_pad_by_insert(rows, pad)
    for row, marks in zip(rows, mask):
        row[:0] = [pad] * (len(marks) - len(row))
    return rows, mask, positions


def cached(model, prompt, max_new, stop):
    cache, out = [], []
    for step in range(max_new):
        token = model([out[-1]] if step else list(prompt), cache)
        out += [token]
        if token == stop:
            return out
    return out


def prefills_one_by_one(model, prompt, max_new, stop):
    cache, out = [], []
    for i in prompt[:-1]:
        model([i], cache)
    while len(out) < max_new and (not out or out[-1] != stop):
        out.append(model([out[-1] if out else prompt[-1]], cache))
    return out


def one_forward_too_many(model, prompt, max_new, stop):
    cache, out = [], []
    token = model(prompt, cache)
    while len(out) < max_new:
        out.append(token)
        token = model([token], cache)
        if out[-1] == stop:
            break
    return out


def forgets_the_cache(model, prompt, max_new, stop):
    out, feed = [], list(prompt)
    while len(out) < max_new and (not out or out[-1] != stop):
        out.append(model(feed, []))
        feed = out[-1:]
    return out


def always_one(model, prompt, max_new, stop):
    return cached(model, prompt, max(1, max_new), stop)


def fed_by_lists(p, n):
    feeds = [list(range(p + t)) for t in range(n)]
    return len(sum(feeds, [])), len(feeds[-1])


def finish_by_loop(token, done, stop, pad):
    wrote, ended = token.clone(), done.clone()
    for i in range(len(token)):
        if done[i]:
            wrote[i] = pad
        elif bool((stop == token[i]).any()):
            ended[i] = True
    return wrote, ended


def zeros(token, done, stop, pad):
    wrote, ended = finish_by_loop(token, done, stop, pad)
    return wrote.masked_fill(done, 0), ended


def stop_ends_all(token, done, stop, pad):
    wrote, ended = finish_by_loop(token, done, stop, pad)
    return wrote, torch.full_like(ended, bool(ended.any()))


ATTACKS = {
    "generate.left_pad": dict(
        right=[left_pad_by_insert],
        wrong={
            "填充处的位置是负数": (no_clamp, "positions"),
            "位置从 1 数起": (from_one, "positions"),
            "总是填 0": (ignores_pad, "ids"),
            "编号不等于 pad 就算真词": (mask_by_id, "mask"),
            "在传进来的列表上补": (grows_the_rows, "改动了传进来的数据"),
            "只返回两样": (lambda rows, pad=0: left_pad_by_insert(rows, pad)[:2], "三样"),
        },
    ),
    "generate.cached": dict(
        right=[cached],
        wrong={
            "不认停止词": (lambda m, p, n, s: cached(m, p, n, -1), "写出的编号"),
            "扔掉停止词": (lambda m, p, n, s: [t for t in cached(m, p, n, s) if t != s], "写出的编号"),
            "提示一个一个地喂": (prefills_one_by_one, "各次前向喂的个数"),
            "写完还多喂一次": (one_forward_too_many, "不必再喂"),
            "每次都用新缓存": (forgets_the_cache, "写出的编号"),
            "一个也不要时也写": (always_one, "最多 0 个"),
            "连提示一起返回": (lambda m, p, n, s: p + cached(m, p, n, s), "写出的编号"),
        },
    ),
    "generate.fed": dict(
        right=[fed_by_lists],
        wrong={
            "最后一个也喂了": (it._last_too, "不必再喂"),
            "提示没有算": (lambda p, n: (fed_by_lists(p, n)[0], n), "提示也要喂"),
            "每次一样多": (lambda p, n: (p * n, p + n - 1), "多一个"),
            "次序反了": (lambda p, n: fed_by_lists(p, n)[::-1], "次序反了"),
            "从 p + 1 起": (lambda p, n: (fed_by_lists(p, n)[0] + n, p + n - 1), "不是 p + 1"),
            "两样一样": lambda p, n: (p + n - 1, p + n - 1),
        },
    ),
    "generate.finish": dict(
        right=[finish_by_loop],
        wrong={
            "停止词被填了": (it._eats_stop, "成了填充"),
            "忘了以前的": (it._pad_stops, "一直是"),
            "写完的还在写": (lambda t, d, s, p: (t, finish_by_loop(t, d, s, p)[1]), "换成 pad"),
            "只认第一个停止词": (lambda t, d, s, p: finish_by_loop(t, d, s[:1], p), "好几个"),
            "pad 写死成 0": zeros,
            "一行停，行行停": stop_ends_all,
        },
    ),
}
