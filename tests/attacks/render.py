"攻击渲染的检查器。"

import json
import re

from minimind.exercises import render as it


def with_match(value, control):
    "先算好一张替换表，再往里走。"
    match value:
        case str():
            value = (it.E + "e").join(value.split(it.E))
            for i in range(len(control)):
                value = f"{it.E}{i};".join(value.split(control[i]))
            return value
        case list():
            return list(map(lambda v: with_match(v, control), value))
        case dict():
            return dict(zip(with_match(list(value), control), with_match(list(value.values()), control)))
    return value


def through_json(value, control):
    "整份写成 JSON 再换：引号里的转义会被它打乱。"
    return json.loads(it._no_escape(json.dumps(value, ensure_ascii=False), control))


def only_end(value, control):
    return it._one_pass(value, control[1:])


def numbers_to_text(value, control):
    if isinstance(value, (int, float)) or value is None:
        return str(value)
    if isinstance(value, dict):
        return {it._one_pass(k, control): numbers_to_text(v, control) for k, v in value.items()}
    return [numbers_to_text(v, control) for v in value] if isinstance(value, list) else it._one_pass(value, control)


def scanned(text, control):
    parts, start, at = [], 0, 0
    while at < len(text):
        if any(text.startswith(mark, at) for mark in control):
            parts.append(text[start : at + 1])
            start = at + 1
        at += 1
    return parts + [text[start:]]


def at_every_bracket(text, control):
    parts = text.split("<")
    return [*(p + "<" for p in parts[:-1]), parts[-1]]


def empty_pieces(text, control):
    return [*it._by_split(text, control), ""]


def before_the_mark(text, control):
    places = [at for mark in control if (at := text.find(mark)) >= 0]
    return [text[: min(places)], *before_the_mark(text[min(places) + 1 :], control)] if places else [text]


def roles_by_regex(text):
    return re.findall(r"<\|im_start\|>([^\n]*?)(?=\n|<\|im_start\|>|$)", text)


def known_roles(text):
    return [r for r in roles_by_regex(text) if r in ("system", "user", "assistant", "tool")]


def counts_them(text):
    return text.count("<|im_start|>")


def cut_by_find(text, control):
    hits = [(text.find(m), -len(m), m) for m in control if m in text]
    if not hits:
        return [text] if text else []
    at, _, mark = min(hits)
    return ([text[:at]] if at else []) + [mark] + cut_by_find(text[at + len(mark) :], control)


def cut_unescaped(text, control):
    return [part for part in re.split(f"({'|'.join(control)})", text) if part]


def cut_in_order(text, control):
    return [part for part in re.split(f"({'|'.join(map(re.escape, control))})", text) if part]


def cut_no_marks(text, control):
    return [part for part in re.split("|".join(map(re.escape, control)), text) if part]


def cut_empty(text, control):
    longest = sorted(control, key=len, reverse=True)
    return re.split(f"({'|'.join(map(re.escape, longest))})", text)


def cut_twice(text, control):
    before, mark, after = text.partition(control[0])
    return [part for part in (before, mark, after) if part]


ATTACKS = {
    "render.shield": dict(
        right=[it._one_pass, with_match],
        wrong={
            "键没有换": (it._keys_kept, "键没有换"),
            "引子没有转义": (it._no_escape, "引子自己"),
            "次序反了": (it._late_escape, "次序反了"),
            "只换外面": (it._top_only, "最外面"),
            "删掉": (it._deletes, "变了样"),
            "写成 JSON 再换": (through_json, "再还原"),
            "只换一种": (only_end, "再还原"),
            "数也变成文字": (numbers_to_text, "再还原"),
        },
    ),
    "render.parts": dict(
        right=[it._by_split, scanned],
        wrong={
            "切在两边": (it._around, "两边"),
            "一个字一块": (it._every_letter, "太碎"),
            "只切第一个": (it._first_mark, "第一个标记"),
            "丢了标记": (it._loses_letter, "不见了"),
            "只管一种": (it._first_kind, "一种标记"),
            "见了尖括号就切": (at_every_bracket, "块"),
            "空的块": (empty_pieces, "空的块"),
            "切在前面": (before_the_mark, "再接起来"),
        },
    ),
    "render.roles": dict(
        right=[roles_by_regex],
        wrong={
            "只看行首": (lambda text: re.findall(r"^<\|im_start\|>(.*)$", text, re.M), "不管它在哪里"),
            "第一块也算": (lambda text: [p.split("\n")[0] for p in text.split("<|im_start|>")], "之前的不是"),
            "没有停在换行": (lambda text: text.split("<|im_start|>")[1:], "换行为止"),
            "去了重": (lambda text: list(dict.fromkeys(roles_by_regex(text))), "重复"),
            "只认四种角色": (known_roles, "认得的"),
            "只数了数": counts_them,
            "按结束标记切": lambda text: [p.split("\n")[0] for p in text.split("<|im_end|>")[1:]],
        },
    ),
    "render.cut": dict(
        right=[cut_by_find],
        wrong={
            "没有转义": (cut_unescaped, "re.escape"),
            "标记丢了": (cut_no_marks, "单独成块"),
            "没有先看长的": (cut_in_order, "取长的"),
            "有空的块": (cut_empty, "有空的块"),
            "只切了第一个": cut_twice,
            "一字一块": lambda text, control: list(text),
            "不切": lambda text, control: [text],
        },
    ),
}
