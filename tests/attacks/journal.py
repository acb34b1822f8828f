"攻击流水账的检查器。"

import json

import torch

from minimind.exercises import journal as it


def read_by_filter(text, key):
    found = {}
    for line in text.split("\n"):
        if line.startswith("{") and line.endswith("}"):
            record = json.loads(line)
            found.setdefault(record["stage"], [])
            found[record["stage"]] += [(record["step"], record[key])] if key in record else []
    return {stage: pairs for stage, pairs in found.items() if pairs}


def plain_by_rounding(record):
    out = {}
    for key, value in record.items():
        if torch.is_tensor(value):
            raise TypeError(key)
        out[key] = float(format(value, ".6g")) if type(value) is float else value
    return out


def rewind_by_cutting(rows, stage, step):
    "从末尾一行行拿掉，别的阶段的放回去。"
    rows, others = list(rows), []
    while rows and not (rows[-1] and rows[-1][0] == stage and rows[-1][1] <= step):
        row = rows.pop()
        if row and row[0] != stage:
            others.append(row)
    return [r for r in rows if r] + others[::-1]


def refuses_with_value_error(record):
    try:
        return it.solution_plain(record)
    except TypeError as error:
        raise ValueError("张量") from error


ATTACKS = {
    "journal.read": dict(
        right=[it._by_hand, read_by_filter],
        wrong={
            "坏行就停": (it._stops_at_bad, "只丢一行"),
            "阶段混了": (it._stages_mixed, "混在"),
            "缺的当作 0": (it._holes_as_zero, "跳过"),
            "只留后一次": (it._latest_only, "两次都要留"),
            "只有值": (lambda text, key: {k: [[v] for _, v in p] for k, p in it._by_hand(text, key).items()}, "应是"),
            "只有一个列表": (lambda text, key: [p for ps in it._by_hand(text, key).values() for p in ps], "字典"),
        },
    ),
    "journal.plain": dict(
        right=[plain_by_rounding],
        wrong={
            "小数点后六位": (it._fixed_places, "有效数字"),
            "变成文字": (it._as_text, "类型"),
            "整数也变小数": (it._everything_float, "类型"),
            "悄悄 item": (it._in_silence, "TypeError"),
            "丢掉张量": (it._drops_tensors, "TypeError"),
            "抛错了种类": (refuses_with_value_error, "TypeError"),
            "丢掉文字": (lambda record: {k: v for k, v in it.solution_plain(record).items() if v != "sft"}, "键"),
        },
    ),
    "journal.rewind": dict(
        right=[it._backwards, rewind_by_cutting],
        wrong={
            "全都看步数": (it._all_after, "上一次训练"),
            "别的阶段也划": (it._any_stage, "不是你的账"),
            "半行留着": (it._half_lines_stay, "半行"),
            "从开头找": (it._first_match, "从开头"),
            "断点那步也划": (lambda rows, stage, step: it._backwards(rows, stage, step - 1), "要留着"),
            "次序反了": (lambda rows, stage, step: it._backwards(rows, stage, step)[::-1], "不同"),
            "什么也不划": (lambda rows, stage, step: list(rows), "项"),
        },
    ),
}
