"攻击选择题的检查器。"

import torch

from minimind.evaluation.exact_match import wilson
from minimind.exercises import choices as it


def with_cross_entropy(logits, ids, start):
    return -torch.nn.functional.cross_entropy(logits[start - 1 : -1], ids[start:], reduction="sum")


def loss_not_logprob(logits, ids, start):
    return -with_cross_entropy(logits, ids, start)


def probabilities(logits, ids, start):
    return logits[start - 1 : -1].softmax(-1).gather(1, ids[start:, None]).sum()


def with_numpy_max(scores, choices):
    best = lambda f: max(range(len(choices)), key=f)
    return best(lambda i: scores[i]), best(lambda i: scores[i] / len(bytes(choices[i], "utf8")))


def last_of_equals(scores, choices):
    n = len(scores)
    return tuple(n - 1 - i for i in it._sorted_pick(list(scores)[::-1], list(choices)[::-1]))


def values(scores, choices):
    return max(scores), max(s / len(c.encode()) for s, c in zip(scores, choices))


def in_percent(right, sizes):
    chance = 100 * sum(1 / n for n in sizes) / len(sizes)
    low, high = (100 * x for x in wilson(right, len(sizes)))
    return {(True, True): "比蒙强", (False, False): "比蒙差"}.get((low > chance, high >= chance), "看不出")


def wald(right, sizes):
    p, n, chance = right / len(sizes), len(sizes), sum(1 / k for k in sizes) / len(sizes)
    half = 1.96 * (p * (1 - p) / n) ** 0.5
    return "比蒙强" if p - half > chance else "比蒙差" if p + half < chance else "看不出"


def never_worse(right, sizes):
    said = it._by_sum(right, sizes)
    return "看不出" if said == "比蒙差" else said


def start_by_loop(question, choice, encode):
    whole, start = encode(question + choice), 0
    for _ in encode(question):
        start += 1
    while start >= len(whole):
        start -= 1
    return whole, start


def from_the_end(question, choice, encode):
    whole = encode(question + choice)
    return whole, len(whole) - len(encode(choice))


def crop_by_slices(ids, start, most):
    before, choice = ids[:start], ids[start:]
    room = most - len(choice)
    before = before[-room:] if len(before) > room else before
    return before + choice, len(before)


def only_choice(ids, start, most):
    return (ids[start:], 0) if len(ids) > most else (ids, start)


def no_guard(ids, start, most):
    return ids[-most:], start - (len(ids) - most)


ATTACKS = {
    "choices.logprob": dict(
        right=[it._one_by_one, with_cross_entropy],
        wrong={
            "没有错开": (it._not_shifted, "没有错开"),
            "题目也算": (it._question_too, "题目自己"),
            "平均": (it._average, "不是平均"),
            "加的是分数": (it._raw_scores, "log_softmax"),
            "漏了第一个": (it._loses_first, "漏了"),
            "交的是损失": (loss_not_logprob, "整句 6 个"),
            "加的是概率": (probabilities, "整句 6 个"),
        },
    ),
    "choices.pick": dict(
        right=[it._sorted_pick, with_numpy_max],
        wrong={
            "除以字数": (it._characters, "三个字节"),
            "乘了": (it._multiplied, "乘成了"),
            "取最小": (it._lowest, "离 0"),
            "没有归一": (it._same_twice, "没有归一"),
            "取靠后的": (last_of_equals, "选项 ['甲', '乙']"),
            "交的是分数": (values, "选项"),
        },
    ),
    "choices.verdict": dict(
        right=[it._by_sum, in_percent],
        wrong={
            "只比正确率": (it._only_accuracy, "没有看区间"),
            "先平均选项数": (it._mean_size, "倒数"),
            "都当四选一": (it._always_four, "四选一"),
            "都当一半": (it._against_half, "一半"),
            "教科书区间": (wald, "道题对了"),
            "从不说差": (never_worse, "比蒙差"),
            "总说看不出": (lambda right, sizes: "看不出", "比蒙强"),
        },
    ),
    "choices.start": dict(
        right=[start_by_loop],
        wrong={
            "分开编码": (it._apart, "分开编码"),
            "没有留一个": (it._no_floor, "至少留"),
            "从后面数": (from_the_end, "从后面数"),
            "数了字": (lambda q, c, encode: (encode(q + c), len(q)), "要数 token"),
            "往回找一样的": (it._common_prefix, "往回找"),
            "全算选项": lambda q, c, encode: (encode(q + c), 0),
        },
    ),
    "choices.crop": dict(
        right=[crop_by_slices],
        wrong={
            "从右边截": (it._from_the_right, "正是选项"),
            "开始没有挪": (it._not_moved, "早几个"),
            "短的也挪了": (no_guard, "不长的不动"),
            "只留一个题目的": (lambda i, s, m: (i[s - 1 :], 1) if len(i) > m else (i, s), "紧挨着"),
            "只留选项": only_choice,
            "截多了一个": lambda i, s, m: (i[1 - m :], s - len(i) + m - 1) if len(i) > m else (i, s),
        },
    ),
}
