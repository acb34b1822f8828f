"攻击工具用得对不对的两个检查器。"

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
}
