"攻击推理训练的两个检查器。"

import re

import torch

from minimind.exercises import train_reason as it


def by_flat(log_probs, weights):
    w = weights.flatten()
    return -(log_probs.flatten() @ w) / torch.where(w.sum() > 0, w.sum(), torch.ones(()))


def no_guard(log_probs, weights):
    return -(log_probs * weights).sum() / weights.sum()


def by_split(thought, steps):
    parts = set(re.split(r"[^\d+\-=]", re.sub(r"\s", "", thought)))
    return sum(s in parts for s in steps) / max(1, len(steps))


ATTACKS = {
    "reason.weighted": dict(
        right=[by_flat],
        wrong={
            "除以个数": (it._by_count, "权重之和"),
            "全部平均": (it._mean_all, "分母"),
            "按行平均": (it._per_row, "按行"),
            "没有兜底，nan": (no_guard, "一个要学的都没有"),
            "符号反了": (lambda p, w: -it._reference(p, w), "标签"),
            "断了梯度": (lambda p, w: it.solution_weighted(p.detach(), w), "梯度"),
        },
    ),
    "reason.depth": dict(
        right=[by_split],
        wrong={
            "数字数": (it._by_length, "字数"),
            "数等式": (it._count_all, "该有的"),
            "只看得数": (it._only_answer, "最后的得数"),
            "子串就算": (it._substring, "整个对上"),
            "重复累加": (
                lambda t, s: (
                    len([e for e in re.findall(r"\d+[+-]\d+=\d+", re.sub(r"\s", "", t)) if e in s]) / max(1, len(s))
                ),
                "九遍",
            ),
            "不管空格": (
                lambda t, s: len(set(re.findall(r"(?<!\d)\d+[+-]\d+=\d+", t)) & set(s)) / max(1, len(s)),
                "空格",
            ),
        },
    ),
}
