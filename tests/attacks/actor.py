"攻击演员的检查器。"

from itertools import accumulate
from math import log

from minimind.exercises import actor as it


def by_accumulating(rows, seed):
    return list(accumulate(rows, initial=seed))[: len(rows)]


def by_logs(old, new, own, epsilon):
    "不取 e 的次方，把范围取对数。"
    wrote = [n - o for o, n, w in zip(old, new, own) if w]
    return sum(not log(1 - epsilon) <= g <= log(1 + epsilon) for g in wrote) / len(wrote) if wrote else 0


def by_bytes(weights):
    return [hash(w.numpy().tobytes()) for w in weights]


def by_numpy(weights):
    return [sum(w.numpy().view("uint32").ravel().tolist()) for w in weights]


ATTACKS = {
    "actor.seeds": dict(
        right=[by_accumulating, it._seeds],
        wrong={
            "都一样": (it._all_same, "同样的话"),
            "数信": (it._by_letter, "撞了"),
            "连自己的也算": (it._too_late, "之前的行"),
            "多一个": (lambda rows, seed: list(accumulate(rows, initial=seed)), "个种子"),
            "从 0 起": (lambda rows, seed: it._seeds(rows, 0), "应是"),
            "只回一个": (lambda rows, seed: seed, "个种子"),
        },
    ),
    "actor.outside": dict(
        right=[by_logs, it._outside],
        wrong={
            "倒过来": (it._upside_down, "倒过来"),
            "提示也算": (it._every_place, "提示"),
            "没有取 e 的次方": (it._no_exp, "次方"),
            "只看变大的": (it._one_side, "变小的"),
            "范围里的": (lambda o, n, w, e: 1 - it._outside(o, n, w, e), "应是"),
        },
    ),
    "actor.letters": dict(
        right=[it._one_prompt_at_a_time],
        wrong={
            "只数行": (it._by_rows, "拆到两封"),
            "一条一封": (it._one_each, "同一封"),
            "太满": (it._too_big, "超过"),
            "数提示": (lambda count, num, most: [n // num for n in it.solution_letters(count, num, most)], "几条提示"),
            "只有几封": (lambda count, num, most: len(it.solution_letters(count, num, most)), "类型"),
            "反过来": (lambda count, num, most: it.solution_letters(count, num, most)[::-1], "不同"),
        },
    ),
    "actor.version": dict(
        right=[by_bytes, by_numpy],
        wrong={
            "和": (it._sums, "版却没有变"),
            "小数": (it._exact_sums, "整数"),
            "_version": (it._versions, "版却没有变"),
            "地址": (it._addresses, "看值"),
            "只看头一个": (it._first_numbers, "版却没有变"),
            "合成一个": (lambda weights: [sum(it.solution_version(weights))] * len(weights), "只有那一块"),
            "四舍五入到千分之一": (lambda ws: [int((w * 1000).round().long().sum()) for w in ws], "版却没有变"),
        },
    ),
}
