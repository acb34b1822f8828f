"攻击 JSONL 的检查器。"

import json

import numpy as np

from minimind.exercises import formats as it


def is_bad(raw):
    try:
        row = json.loads(str(raw, "utf-8"))
    except ValueError:
        return True
    return type(row) is not dict or row.keys().isdisjoint(["text"])


def first_bad_by_next(lines):
    return next((n for n, raw in enumerate(lines, 1) if raw.strip() and is_bad(raw)), 0)


def last_bad(lines):
    return max((n for n, raw in enumerate(lines, 1) if raw.strip() and is_bad(raw)), default=0)


def no_object_check(lines):
    for number, raw in enumerate(lines, 1):
        try:
            if raw.strip() and "text" not in json.loads(raw.decode()):
                return number
        except (ValueError, TypeError):
            return number
    return 0


def only_json(lines):
    for number, raw in enumerate(lines, 1):
        try:
            raw.strip() and json.loads(raw.decode())
        except ValueError:
            return number
    return 0


def replaces_bad_bytes(lines):
    return first_bad_by_next([raw.decode("utf-8", errors="replace").encode() for raw in lines])


def fits_by_stripping(roles):
    roles = roles[1:] if roles[:1] == ["system"] else list(roles)
    while roles:
        if roles.pop(0) != "user":
            return False
        while len(roles) > 1 and roles[0] == "call":
            roles.pop(0)
            if roles[0] != "tool":
                return False
            while roles and roles[0] == "tool":
                roles.pop(0)
        if not roles or roles[0] not in ("assistant", "call"):
            return False
        if roles.pop(0) == "call":
            return not roles
        if not roles:
            return True
    return False


def many_systems(roles):
    return fits_by_stripping([r for i, r in enumerate(roles) if r != "system" or i > 1] if roles else roles)


def tool_anywhere(roles):
    return fits_by_stripping([r for i, r in enumerate(roles) if r != "tool" or roles[i - 1] in ("call", "tool")])


def bom_by_table(head):
    marks = [b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xff\xfe", b"\xfe\xff"]
    for mark in marks:
        if head[: len(mark)] == mark:
            return f"UTF-{8 * len(mark)}"
    return ""


def little_endian_only(head):
    return "" if head[:1] in (b"\xfe", b"\0") else bom_by_table(head)


def anywhere(head):
    found = [bom_by_table(head[i:]) for i in range(len(head))]
    return next(filter(None, found), "")


def none_for_nothing(head):
    return bom_by_table(head) or None


def kept_with_numpy(lengths, max_length):
    if not lengths:
        return 1.0, 1.0
    n = np.array(lengths)
    return (n <= max_length).mean(), n.clip(max=max_length).sum() / n.sum()


def mean_of_shares(lengths, max_length):
    shares = [min(n, max_length) / n for n in lengths] or [1.0]
    return kept_with_numpy(lengths, max_length)[0], sum(shares) / len(shares)


def strictly_less(lengths, max_length):
    return sum(n < max_length for n in lengths) / (len(lengths) or 1), kept_with_numpy(lengths, max_length)[1]


ATTACKS = {
    "formats.first_bad": dict(
        right=[first_bad_by_next],
        wrong={
            "先滤掉空行": (lambda lines: first_bad_by_next([r for r in lines if r.strip()]), "空行"),
            "从 0 数起": (lambda lines: max(0, first_bad_by_next(lines) - 1), "第二行"),
            "空行也算坏": (lambda lines: next((n for n, r in enumerate(lines, 1) if is_bad(r)), 0), "空白行"),
            "报最后一处": (last_bad, "第二行"),
            "没看是不是对象": (no_object_check, "字符串"),
            "没看有没有 text": (only_json, "第二行"),
            "坏字节换成问号": (replaces_bad_bytes, "GBK"),
        },
    ),
    "formats.turns": dict(
        right=[fits_by_stripping],
        wrong={
            "不看结尾": (lambda roles: fits_by_stripping(roles) or fits_by_stripping([*roles, "call"]), "不合规矩"),
            "总说对": (lambda roles: True, "不合规矩"),
            "开头的 system 不限一条": (many_systems, "不合规矩：user system"),
            "tool 随处可见": (tool_anywhere, "不合规矩"),
            "不认 call": (lambda roles: fits_by_stripping(roles) and "call" not in roles, "这段是对的"),
            "tool 只能一条": (lambda r: fits_by_stripping(r) and "tool tool" not in " ".join(r), "这段是对的"),
        },
    ),
    "formats.bom": dict(
        right=[bom_by_table],
        wrong={
            "短的先问": (it._short_first, "长的先问"),
            "只认低位在前": (little_endian_only, "高位在前"),
            "随便哪里": (anywhere, "最开头"),
            "没有就返回 None": (none_for_nothing, "None"),
            "总说 UTF-16": lambda head: "UTF-16",
        },
    ),
    "formats.kept": dict(
        right=[kept_with_numpy],
        wrong={
            "整行丢掉": (it._dropped_rows, "不是整行丢掉"),
            "正好的不算完整": (strictly_less, "正好 max_length"),
            "比例的平均": (mean_of_shares, "不是各行比例的平均"),
            "次序反了": (lambda lengths, most: kept_with_numpy(lengths, most)[::-1], "次序反了"),
            "截掉的": (lambda lengths, most: tuple(1 - x for x in kept_with_numpy(lengths, most)), "不是截掉的"),
        },
    ),
}
