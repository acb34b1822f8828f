"攻击工具用得对不对的检查器。"

import json
from collections import Counter

from minimind.exercises import tool_use as it


def with_counter(calls, want):
    key = lambda call: (call[0], json.dumps(call[1], sort_keys=True))
    return not Counter(map(key, calls)) - Counter(map(key, want)) and len(calls) == len(want)


def as_text(calls, want):
    "参数全变成文字：1 与 \"1\" 分不清。"
    key = lambda c: (c[0], sorted((k, str(v)) for k, v in c[1].items()))
    return sorted(map(key, calls)) == sorted(map(key, want))


def not_empty(calls, want):
    return bool(calls) and it._cross_out(calls, want)


def sorted_lists(calls, want):
    flat = lambda given: {k: sorted(v) if isinstance(v, list) else v for k, v in given.items()}
    key = lambda c: json.dumps([c[0], flat(c[1])], sort_keys=True)
    return sorted(map(key, calls)) == sorted(map(key, want))


def with_match(needed, called, right, answered):
    match needed, called:
        case True, False:
            return "漏按"
        case False, True:
            return "多按"
    return ("办成" if answered else "答错") if right else "按错"


def no_wrong_answers(needed, called, right, answered):
    said = it._table(needed, called, right, answered)
    return "办成" if said == "答错" else said


def swapped(needed, called, right, answered):
    said = it._table(needed, called, right, answered)
    return {"漏按": "多按", "多按": "漏按"}.get(said, said)


def two_kinds(needed, called, right, answered):
    return it._table(needed, called, right, answered) == "办成"


def tally_by_counter(items):
    seen = Counter((bool(n), bool(c), bool(r)) for n, c, r in items)
    pick = lambda test: sum(k for key, k in seen.items() if test(*key))
    yes, no = pick(lambda n, c, r: n), pick(lambda n, c, r: not n)
    return {
        "calls": (pick(lambda n, c, r: n and r), yes), "missed": (pick(lambda n, c, r: n and not c), yes),
        "needless": (pick(lambda n, c, r: c and not n), no),
    }


def pressed_is_right(items):
    found = tally_by_counter(items)
    return found | {"calls": (sum(bool(n and c) for n, c, _ in items), found["calls"][1])}


def as_shares(items):
    return {k: a / b if b else 0.0 for k, (a, b) in tally_by_counter(items).items()}


def with_append(talk, calls, results):
    out = list(talk)
    out.append(dict(role="assistant", content="", tool_calls=calls))
    out += [dict(role="tool", content=r) for r in results]
    return out


def in_place(talk, calls, results):
    talk += with_append([], calls, results)
    return talk


def no_call(talk, calls, results):
    return [*talk, *(dict(role="tool", content=r) for r in results)]


def role_user(talk, calls, results):
    return [m | ({"role": "user"} if m["role"] == "tool" else {}) for m in with_append(talk, calls, results)]


ATTACKS = {
    "tool_use.same": dict(
        right=[it._cross_out, with_counter],
        wrong={
            "论先后": (it._in_order, "先后不论"),
            "当成集合": (it._as_sets, "次数要论"),
            "只看名字": (it._names_only, "不只名字"),
            "多按也行": (it._enough, "多按"),
            "比文字": (it._as_written, "sort_keys"),
            "全变文字": (as_text, "是同一批吗"),
            "空的不算": (not_empty, "是同一批吗"),
            "列表也排": (sorted_lists, "是同一批吗"),
        },
    ),
    "tool_use.fault": dict(
        right=[it._table, with_match],
        wrong={
            "先看答案": (it._answer_first, "先看了答案"),
            "不管多按": (it._never_needless, "没有管"),
            "按错当漏按": (it._wrong_is_missed, "不是漏按"),
            "先看按错": (it._wrong_first, "要先看"),
            "不看答案": (no_wrong_answers, "答错"),
            "漏与多反了": (swapped, "没按"),
            "只说成没成": (two_kinds, "要一个词"),
        },
    ),
    "tool_use.tally": dict(
        right=[tally_by_counter],
        wrong={
            "分母是全部": (it._all_items, "分母不是全部"),
            "按错也是漏": (it._not_right_is_missed, "不是漏按"),
            "按了就算对": (pressed_is_right, "不都算按对"),
            "只给比例": (as_shares, "calls"),
            "总是零": lambda items: {"calls": (0, 0), "missed": (0, 0), "needless": (0, 0)},
        },
    ),
    "tool_use.with_results": dict(
        right=[with_append],
        wrong={
            "并成一条": (it._one_message, "并成一条"),
            "没有调用那一条": (no_call, "漏了调用"),
            "角色写成 user": (role_user, "角色是 tool"),
            "改了考卷": (in_place, "改动了"),
            "只给新的": (lambda talk, calls, results: with_append([], calls, results), "也要在"),
        },
    ),
}
