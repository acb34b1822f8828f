"攻击“学到哪了”的三个检查器。"

from minimind.exercises import study as it


def with_last(log):
    return it._by_splitting(log)[:-1] or it._by_splitting(log)


def as_set(log):
    return sorted(it._by_splitting(log), reverse=True)


def with_total(minutes, each):
    out, total = [], each + 1
    for m in minutes:
        total += m
        if total > each:
            out, total = [*out, []], m
        out[-1].append(m)
    return out


def cut(minutes, each):
    return it.solution_days([min(m, each) for m in minutes], each)


def next_in_two_passes(route, book, read):
    for part, chapter in route:
        if chapter not in read:
            return part, chapter
    for chapter in book:
        if chapter not in read:
            return "", chapter
    return None


ATTACKS = {
    "study.read": dict(
        right=[it._by_splitting],
        wrong={
            "代码块里的也算": (it._code_too, "代码块"),
            "没打勾的也算": (it._plans_too, "没打勾"),
            "算了两次": (it._twice, "两次"),
            "不认大写": (it._small_x, "大写"),
            "前缀就算": (it._prefix, "一半"),
            "丢了最后一章": with_last,
            "换了次序": as_set,
        },
    ),
    "study.days": dict(
        right=[with_total],
        wrong={
            "正好排满不算": (it._strict, "正好"),
            "换了次序": (it._shuffled, "次序"),
            "丢了长的章": (it._dropped, "丢了"),
            "空的一天": (it._empty_day, "空的"),
            "把长的章截短": cut,
            "一天一章": lambda minutes, each: [[m] for m in minutes],
            "全放一天": lambda minutes, each: [minutes] if minutes else [],
        },
    ),
    "study.next": dict(
        right=[next_in_two_passes],
        wrong={
            "照课程次序": (it._first_file, "路线上的先来"),
            "只看路线": (it._route_only, "路线外"),
            "从读到的往后": (it._after_last, "漏下的"),
            "数几章": (it._by_counting, "哪几章"),
            "总是第一章": lambda route, book, read: route[0],
        },
    ),
}
