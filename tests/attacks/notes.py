import re
from collections import Counter

from minimind.exercises import notes as it
from minimind.learning.notes import slug


def with_counter(titles):
    seen, out = Counter(), []
    for name in map(slug, titles):
        out.append(name + f"-{seen[name]}" * bool(seen[name]))
        seen[name] += 1
    return out


def from_two(titles):
    seen, out = Counter(), []
    for name in map(slug, titles):
        seen[name] += 1
        out.append(f"{name}-{seen[name]}" if seen[name] > 1 else name)
    return out


def keeps_punctuation(titles):
    return it._numbered([t.lower().replace(" ", "-") for t in titles])


def ascii_only(titles):
    return it._numbered([re.sub(r"[^a-z0-9_\- ]", "", t.lower()).replace(" ", "-") for t in titles])


def drops_underscores(titles):
    return it._numbered([slug(t).replace("_", "") for t in titles])


def with_match_loop(text, new):
    out, last = [], 0
    for m in re.finditer(r"\[Q(\d+)\](?=\()", text):
        out += [text[last : m.start(1)], str(new.get(int(m[1]), m[1]))]
        last = m.end(1)
    return "".join(out) + text[last:]


def no_bracket_after(text, new):
    return re.sub(r"\[Q(\d+)\]", lambda m: f"[Q{new.get(int(m[1]), int(m[1]))}]", text)


def first_only(text, new):
    return re.sub(r"\[Q(\d+)\]\(", lambda m: f"[Q{new.get(int(m[1]), int(m[1]))}](", text, count=1)


def prefix_match(text, new):
    for old in sorted(new, reverse=True):
        text = text.replace(f"[Q{old}", f"[Q{new[old]}")
    return text


def unknown_becomes_none(text, new):
    return re.sub(r"\[Q(\d+)\]\(", lambda m: f"[Q{new.get(int(m[1]))}](", text)


def by_table(days, ease, remembered):
    steps = {0: 1, **{d: 6 for d in range(1, 6)}}
    return min(steps.get(days, round(days * ease)), 365) if remembered else 1


def zero_when_forgotten(days, ease, remembered):
    return it.solution_interval(days, ease, remembered) if remembered else 0


def limits_first(days, ease, remembered):
    return it._no_limit(min(365, days), ease, remembered)


def multiplies_at_once(days, ease, remembered):
    return min(365, max(1, round(days * ease))) if remembered else 1


def ignores_memory(days, ease, remembered):
    return it.solution_interval(days, ease, True)


def five_is_enough(days, ease, remembered):
    return round(days * ease) if remembered and days == 5 else it.solution_interval(days, ease, remembered)


def stops_from_the_end(heads, length):
    out, nearest = [], {}
    for level, at in reversed(heads):
        out.append(_closer(nearest, level, length))
        nearest[level] = at
    return out[::-1]


def _closer(nearest, level, length):
    return min((at for other, at in nearest.items() if other <= level), default=length)


def edited_with_characters(text, edits):
    cells, taken = [*text, ""], set()
    for a, b, new in sorted(edits, reverse=True):
        if taken & {*range(a, b)}:
            raise ValueError("重叠")
        taken |= {*range(a, b)}
        cells[a:b] = [new] + [""] * (b - a - 1) if b > a else []
        if a == b:
            cells[a] = new + cells[a]
    return "".join(cells)


ATTACKS = {
    "notes.anchors": dict(
        right=[with_counter],
        wrong={
            "重名的没有编号": (lambda titles: [slug(t) for t in titles], "重名"),
            "连着的空格并成一个": (it._squeezed, "空格"),
            "重名从 -2 编起": (from_two, "-1"),
            "没有去掉标点": keeps_punctuation,
            "汉字也去掉了": ascii_only,
            "下划线也去掉了": (drops_underscores, "snake_case"),
        },
    ),
    "notes.renumber": dict(
        right=[with_match_loop],
        wrong={
            "一个一个替换": (it._chained, "一个一个"),
            "正文里的 Q 也改了": (it._everywhere, "正文"),
            "没有看后面的括号": (no_bracket_after, "没有括号"),
            "只改了第一个": first_only,
            "Q2 误伤了 Q21": prefix_match,
            "不在表里的变成 None": (unknown_becomes_none, "Q21"),
        },
    ),
    "notes.interval": dict(
        right=[by_table],
        wrong={
            "没有上限": (it._no_limit, "没有上限"),
            "去掉小数": (it._truncated, "四舍五入"),
            "忘了返回 0": (zero_when_forgotten, "忘了"),
            "上限放在乘之前": (limits_first, "365"),
            "第二次就乘易度": multiplies_at_once,
            "没看记不记得": (ignores_memory, "忘了"),
            "第五天就乘": (five_is_enough, "隔了 5 天"),
        },
    ),
    "notes.stops": dict(
        right=[stops_from_the_end],
        wrong={
            "下一个标题就停": (it._next_heading, "看级别"),
            "只认同级": (it._same_level_only, "更高级的"),
            "只认更高级": (it._higher_only, "同级的"),
            "高低反了": (it._wrong_way, "越小"),
            "都到末尾": lambda heads, length: [length] * len(heads),
        },
    ),
    "notes.edited": dict(
        right=[edited_with_characters],
        wrong={
            "从前往后": (it._front_first, "全错"),
            "照给的次序": (it._one_after_another, "会错"),
            "只是倒着": (it._given_order, "排好"),
            "按字替换": (it._by_replacing, "换错了地方"),
            "重叠不管": (lambda text, edits: it._one_after_another(text, sorted(edits)[::-1]), "重叠"),
        },
    ),
}
