"攻击没有身份证的权重的检查器。"

import re

from minimind.exercises import infer as it


def silent_by_loop(shapes, base, changes):
    out = []
    for name in sorted(changes):
        changed = {**base, name: changes[name]}
        if shapes(changed) == shapes(base):
            out.append(name)
    return out


def changes_the_base(shapes, base, changes):
    out, before = [], shapes(base)
    for name, value in changes.items():
        base[name] = value
        if shapes(base) == before:
            out.append(name)
    return sorted(out)


def same_names(shapes, base, changes):
    return sorted(k for k, v in changes.items() if shapes(base | {k: v}).keys() == shapes(base).keys())


def count_by_splitting(keys, part):
    most = -1
    for key in keys:
        words = key.split(".")
        for at, word in enumerate(words[:-1]):
            if word == part and words[at + 1].isdigit():
                most = max(most, int(words[at + 1]))
    return most + 1


def any_ending(keys, part):
    return max((int(m[1]) for key in keys if (m := re.search(rf"{part}\.(\d+)", key))), default=-1) + 1


def by_letters(keys, part):
    found = [m[1] for key in keys if (m := re.search(rf"(?:^|\.){part}\.(\d+)", key))]
    return int(max(found, default="-1")) + 1


def kv_heads_by_fraction(h, kv_width, heads):
    if h % heads == 0 and (kv_width * heads) % h == 0:
        return kv_width * heads // h
    raise ValueError(f"{heads} 个头分不成")


def never_refuses(h, kv_width, heads):
    return kv_width // (h // heads)


def refuses_quietly(h, kv_width, heads):
    try:
        return kv_heads_by_fraction(h, kv_width, heads)
    except ValueError:
        raise ValueError("对不上") from None


ATTACKS = {
    "infer.silent": dict(
        right=[silent_by_loop],
        wrong={
            "一起改": (it._all_at_once, "一个一个地改"),
            "改了原来的": (changes_the_base, "改动了"),
            "只比名字": (same_names, "不等于形状一样"),
            "反了": (lambda s, b, c: sorted(set(c) - set(silent_by_loop(s, b, c))), "反了"),
            "没有排": (lambda s, b, c: [k for k in c if k in silent_by_loop(s, b, c)], "按字母"),
            "都读不出": lambda s, b, c: sorted(c),
        },
    ),
    "infer.count": dict(
        right=[count_by_splitting],
        wrong={
            "没有加一": (lambda keys, part: max(0, count_by_splitting(keys, part) - 1), "加一"),
            "数名字": (lambda keys, part: len([k for k in keys if f".{part}." in f".{k}"]), "不是数名字"),
            "按字比": (by_letters, "按数比"),
            "结尾像就算": (any_ending, "正好是这一节"),
            "总是 0": lambda keys, part: 0,
        },
    ),
    "infer.kv_heads": dict(
        right=[kv_heads_by_fraction],
        wrong={
            "给的是头宽": (lambda h, kv_width, heads: h // heads, "那是头宽"),
            "除以头数": (lambda h, kv_width, heads: kv_width // heads, "不是除以头数"),
            "从不拒绝": (never_refuses, "应抛出 ValueError"),
            "没说是哪个数": (refuses_quietly, "话里要有"),
            "总是 2": lambda h, kv_width, heads: 2,
        },
    ),
}
