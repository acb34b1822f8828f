"攻击演员的两个检查器。"

from itertools import accumulate
from math import log

from minimind.exercises import actor as it


def by_accumulating(rows, seed):
    return list(accumulate(rows, initial=seed))[: len(rows)]


def by_logs(old, new, own, epsilon):
    "不取 e 的次方，把范围取对数。"
    wrote = [n - o for o, n, w in zip(old, new, own) if w]
    return sum(not log(1 - epsilon) <= g <= log(1 + epsilon) for g in wrote) / len(wrote) if wrote else 0


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
}
