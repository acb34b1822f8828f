"攻击转换的三个检查器。"

import torch

from minimind.exercises import convert as it


def by_prefix(names):
    new = {}
    for name in names:
        where, rest = "", name
        if name.startswith("blk."):
            _, layer, rest = name.split(".", 2)
            where = f"model.layers.{layer}."
        part, dot, tail = rest.rpartition(".")
        new[name] = where + it.TABLE[part] + dot + tail if part in it.TABLE and tail == "weight" else None
    lost = [name for name, value in new.items() if value is None]
    if lost:
        raise KeyError(*lost) if len(lost) == 1 else KeyError(str(lost))
    return new


def any_ending(names):
    return it._by_regex([n.replace(".bias", ".weight") for n in names])


def says_everything(names):
    try:
        return it._by_regex(names)
    except KeyError:
        raise KeyError(f"这些里有不认识的：{names}") from None


def keeps_blk(names):
    return {k: v.replace("model.layers.", "blk.") for k, v in it._by_regex(names).items()}


def pops_a_copy(state, tied):
    out = dict(state)
    if tied and it.HEAD in out:
        if (out[it.HEAD] != out[it.EMBED]).any():
            raise ValueError("不同")
        out.pop(it.HEAD)
    elif not tied and it.HEAD not in out:
        raise ValueError("没有")
    return out


def close_is_enough(state, tied):
    head = state.get(it.HEAD)
    if tied and head is not None and not torch.allclose(head, state[it.EMBED], atol=0.1):
        raise ValueError
    if not tied and head is None:
        raise ValueError
    return {k: v for k, v in state.items() if not (tied and k == it.HEAD)}


def sorted_names(state, tied):
    return dict(sorted(it._by_cases(state, tied).items()))


def missing_is_fine(state, tied):
    return it._by_cases(state, tied) if it.HEAD in state or tied else dict(state)


def halves(state, tied):
    return {k: v / 2 for k, v in it._by_cases(state, tied).items()}


def tops_of(chapters):
    import ast

    return {n.name for text in chapters.values() for n in ast.parse(text).body}


def clash_by_seen(chapters):
    import ast

    seen, twice = set(), set()
    for text in chapters.values():
        for node in ast.parse(text).body:
            (twice if node.name in seen else seen).add(node.name)
    return sorted(twice)


ATTACKS = {
    "convert.rename": dict(
        right=[it._by_regex, by_prefix],
        wrong={
            "替换": (it._replaces, "会换错"),
            "一位层号": (it._one_digit, "不止一位"),
            "跳过不认识的": (it._skips, "不在表里"),
            "只说第一个": (it._first_only, "都要写出来"),
            "末尾随便": (any_ending, "末尾不是"),
            "什么都写": (says_everything, "不必写"),
            "没换层": (keeps_blk, "课文的三个"),
        },
    ),
    "convert.tied": dict(
        right=[it._by_cases, pops_a_copy],
        wrong={
            "都丢": (it._always_drops, "都丢了"),
            "都留": (it._never_drops, "两份"),
            "只看配置": (it._trusts_config, "差一个数"),
            "比内存": (it._same_memory, "各有一份"),
            "比数值": (it._by_value, "碰巧"),
            "差不多就行": (close_is_enough, "差一个数"),
            "排了序": (sorted_names, "留下的名字"),
            "没有也行": (missing_is_fine, "没有输出头"),
            "数值变了": (halves, "数值变了"),
        },
    ),
    "convert.clash": dict(
        right=[clash_by_seen],
        wrong={
            "哪一层都算": (it._every_depth, "最外面一层"),
            "只看函数": (it._functions_only, "类也会"),
            "全部都给": (lambda chapters: sorted(tops_of(chapters)), "重了的才要"),
            "写了几遍": (lambda chapters: sorted(clash_by_seen(chapters) * 2), "只写一遍"),
            "没有排序": lambda chapters: sorted(clash_by_seen(chapters))[::-1],
        },
    ),
}
