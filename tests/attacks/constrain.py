"攻击约束一章的两个检查器。"

import torch

from minimind.exercises import constrain as it


def by_prefixes(text, next_chars, pieces):
    "另一种写法：每个前缀都问一次。"
    return [bool(p) and all(p[i] in next_chars(text + p[:i]) for i in range(len(p))) for p in pieces]


def all_allowed(text, next_chars, pieces):
    return [True] * len(pieces)


def forgets_the_text(text, next_chars, pieces):
    return it.solution_allowed("", next_chars, pieces)


def last_only(text, next_chars, pieces):
    return [bool(p) and p[-1] in next_chars(text + p[:-1]) for p in pieces]


def one_letter_only(text, next_chars, pieces):
    return [len(p) == 1 and p in next_chars(text) for p in pieces]


def renewed(logits, allowed):
    "另一种写法：先减最大的，再自己除。"
    top = logits.masked_fill(~allowed, -torch.inf).amax(-1, keepdim=True)
    e = torch.where(allowed, (logits - top).exp(), torch.zeros_like(logits))
    return e / e.sum(-1, keepdim=True)


def even(logits, allowed):
    return allowed / allowed.sum(-1, keepdim=True)


def upside_down(logits, allowed):
    return logits.masked_fill(allowed, -1e9).softmax(-1)


def nearly(logits, allowed):
    return logits.masked_fill(~allowed, float(logits.min()) - 5).softmax(-1)


def best_only(logits, allowed):
    best = logits.masked_fill(~allowed, -torch.inf).argmax(-1)
    return torch.nn.functional.one_hot(best, logits.shape[-1]).float()


ATTACKS = {
    "constrain.allowed": dict(
        right=[by_prefixes],
        wrong={
            "只看第一个字": (it._first_only, "只看了 token 的第一个字"),
            "没有往前走": (it._same_place, "没有往前走"),
            "空的也许": (it._empty_too, "空串"),
            "全都许": (all_allowed, "下一个 token"),
            "忘了写到哪里": (forgets_the_text, "下一个 token"),
            "只看最后一个字": (last_only, "下一个 token"),
            "只许一个字": (one_letter_only, "下一个 token"),
        },
    ),
    "constrain.probs": dict(
        right=[it._by_hand, renewed],
        wrong={
            "分数乘 0": (it._times_zero, "exp(0)=1"),
            "没有重新分": (it._not_renewed, "加起来不到 1"),
            "不够小": (it._small_enough, "-10 不够小"),
            "平均分": (even, "概率"),
            "反了": (upside_down, "概率"),
            "只低一点": (nearly, "概率"),
            "只留最大的": (best_only, "概率"),
        },
    ),
}
