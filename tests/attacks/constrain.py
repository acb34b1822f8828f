"攻击约束一章的检查器。"

import itertools

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


def next_by_zip(words, text):
    out = set()
    for word in words:
        if word[: len(text)] == text:
            out.update((word + "完")[len(text) : len(text) + 1])
    return sorted(out)


def never_ends(words, text):
    return [char for char in next_by_zip(words, text) if char != "完"]


def place_only(words, text):
    return sorted({(word + "完")[len(text)] for word in words if len(word) >= len(text)})


def the_rest(words, text):
    return sorted({word[len(text) :] or "完" for word in words if word.startswith(text)})


def first_letters(words, text):
    return sorted({word[0] for word in words})


def repeats(words, text):
    return sorted((word + "完")[len(text)] for word in words if word.startswith(text))


def when_by_accumulate(pieces, word):
    for n, text in enumerate(itertools.accumulate(pieces)):
        if text.count(word):
            return n
    return -1


def last_time(pieces, word):
    found = [n for n in range(len(pieces)) if word in "".join(pieces[n:])]
    return found[-1] if found else -1


def any_letters(pieces, word):
    return next((n for n in range(len(pieces)) if set(word) <= set("".join(pieces[: n + 1]))), -1)


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
    "constrain.next": dict(
        right=[next_by_zip],
        wrong={
            "不许结束": (never_ends, "许它结束"),
            "写完一个就只许结束": (lambda w, text: ["完"] if text in w else next_by_zip(w, text), "另一个的开头"),
            "随时许结束": (lambda words, text: sorted({*next_by_zip(words, text), "完"}), "才许结束"),
            "只看这一格": (place_only, "整个开头"),
            "给了剩下的全部": (the_rest, "剩下的"),
            "总是第一个字": first_letters,
            "有重复": (repeats, "不重复"),
            "没有排好": lambda words, text: next_by_zip(words, text)[::-1],
            "给的是集合": (lambda words, text: set(next_by_zip(words, text)), "list"),
        },
    ),
    "constrain.when": dict(
        right=[when_by_accumulate],
        wrong={
            "一块一块地看": (it._one_piece, "拼出来"),
            "要恰好是它": (it._the_piece, "别的字"),
            "要在末尾": (it._at_the_end, "写过了头"),
            "从 1 数": (lambda pieces, word: when_by_accumulate(pieces, word) + 1, "第几块"),
            "看最后一次": last_time,
            "字凑齐就算": any_letters,
        },
    ),
}
