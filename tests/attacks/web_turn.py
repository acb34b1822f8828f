"攻击“一轮对话”的三个检查器。"

from itertools import groupby

from minimind.exercises import web_turn as it


def surgery_by_rebuilding(messages, what):
    kind = what[0]
    if kind == "删去":
        kept = [m for i, m in enumerate(messages) if i not in (what[1], what[1] + 1)]
    elif kind == "改问" and what[2].strip():
        kept = [m for i, m in enumerate(messages) if i < what[1]]
        kept.append(("问", what[2].strip()))
    else:
        kept = [*messages]
        if kind == "重答" and kept and kept[-1][0] != "问":
            kept = kept[:-1]
    return kept, [who for who, _ in kept][-1:] == ["问"]


def edits_in_place(messages, what):
    new, waits = it.solution_surgery(messages, what)
    messages[:] = new
    return messages, waits


def shown_by_prefix(text):
    at = next((i for i in range(len(text)) if text[i:].startswith(it.TAG) or it.TAG.startswith(text[i:])), len(text))
    return text[:at].rstrip()


def first_run(text):
    runs = [len(list(group)) for c, group in groupby(text) if c == "`"]
    return "`" * max(3, 1 + (runs or [0])[0])


def at_least_one(text):
    return "`" * (1 + max([0, *(len(list(group)) for c, group in groupby(text) if c == "`")]))


def fence_by_groups(text):
    runs = [len(list(group)) for c, group in groupby(text) if c == "`"]
    return "`" * (1 + max([2, *runs]))


ATTACKS = {
    "web_turn.surgery": dict(
        right=[surgery_by_rebuilding],
        wrong={
            "问也撕了": (it._always_tears, "没有答可撕"),
            "后面的还在": (it._keeps_the_rest, "后面的都不要"),
            "空白也算": (it._blank_counts, "不算数"),
            "只删了问": (it._only_the_question, "它的答"),
            "没有去空白": (it._not_stripped, "两头的空白"),
            "在原来的单子上动": (edits_in_place, "改动了"),
            "总说该回答": lambda messages, what: (surgery_by_rebuilding(messages, what)[0], True),
        },
    ),
    "web_turn.shown": dict(
        right=[shown_by_prefix],
        wrong={
            "只认整个标签": (it._whole_tag_only, "半个标签"),
            "遇到 < 就停": (it._any_angle, "3 < 4"),
            "后面的也显示": (it._after_too, "写给程序"),
            "空白还在": lambda text: text[: len(shown_by_prefix(text))] + " " * text.endswith(" "),
            "照原样": lambda text: text,
        },
    ),
    "web_turn.fence": dict(
        right=[fence_by_groups],
        wrong={
            "总是三个": (lambda text: "```", "收了尾"),
            "数了总数": (lambda text: "`" * max(3, text.count("`") + 1), "连着的"),
            "不到三个": (at_least_one, "至少三个"),
            "看了第一串": (first_run, "第一串"),
            "给了个数": lambda text: len(fence_by_groups(text)),
        },
    ),
}
