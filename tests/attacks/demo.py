"攻击全程演示的两个检查器。"

import re

from minimind.exercises import demo as it


def thin_by_error(items, k):
    out, owed = [], len(items)
    for item in items:
        if owed >= len(items):
            out.append(item)
            owed -= len(items)
        owed += min(k, len(items))
    return out


def repeats_short(items, k):
    return thin_by_error(items, k) + items[:1] * max(0, k - len(items))


def spread_to_both_ends(items, k):
    k = min(k, len(items))
    return [items[round(i * (len(items) - 1) / max(1, k - 1))] for i in range(k)]


def leaks_by_regex(train, test):
    bare = lambda text: re.sub(r"[\W_]+", "", text).casefold()
    known = list(map(bare, train))
    return [i for i in range(len(test)) if bare(test[i]) in known]


def contained(train, test):
    bare = lambda text: "".join(filter(str.isalnum, text.lower()))
    return [i for i, q in enumerate(test) if any(bare(q) in bare(t) for t in train)]


def ascii_only(train, test):
    bare = lambda text: re.sub("[^a-z0-9]", "", text.lower())
    return [i for i, q in enumerate(test) if bare(q) in set(map(bare, train))]


ATTACKS = {
    "demo.thin": dict(
        right=[thin_by_error],
        wrong={
            "定步长": (it._stride, "个数不对"),
            "只取开头": (it._head, "只取了开头"),
            "定步长再截断": (it._stride_cut, "末尾的一段"),
            "返回下标": (lambda items, k: [i * len(items) // k for i in range(min(k, len(items)))], "原来的题目"),
            "只取末尾": (lambda items, k: items[-k:], "第一个"),
            "两头都要": (spread_to_both_ends, "到末尾"),
            "倒着给": (lambda items, k: thin_by_error(items, k)[::-1], "次序变了"),
            "不够时重复补满": (repeats_short, "应有 3 道"),
        },
    ),
    "demo.leak": dict(
        right=[leaks_by_regex],
        wrong={
            "一模一样才算": (it._exact, "一模一样"),
            "只去空格": (it._spaces_only, "只去了空格"),
            "没有转小写": (it._keeps_case, "转小写"),
            "去掉了数字": (it._drops_digits, "数字"),
            "包含就算": (contained, "首都是哪里"),
            "只看英文和数字": (ascii_only, "漏题的下标"),
            "返回的是题目": (lambda train, test: [test[i] for i in leaks_by_regex(train, test)], "漏题的下标"),
        },
    ),
}
