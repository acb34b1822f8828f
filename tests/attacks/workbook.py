"攻击“你的课本”的三个检查器。"

from minimind.exercises import workbook as it


def by_loop(base, mine):
    out = []
    for key in mine:
        was = base.get(key)
        if was is None or was.rstrip() != mine[key].rstrip():
            out.append(key)
    return out


def by_votes(base, mine, new):
    moved = [text for text in (new, mine) if text != base]
    return list(dict.fromkeys(moved)) or [base]


def back_to_base(base, mine, new):
    found = by_votes(base, mine, new)
    return found if len(found) == 1 else [base]


def place_by_popping(page, earlier):
    left = [*earlier]
    while left and left[-1] not in page:
        left.pop()
    return page.index(left[-1]) + 1 if left else 0


ATTACKS = {
    "workbook.touched": dict(
        right=[by_loop],
        wrong={
            "按编号排了序": (lambda base, mine: sorted(by_loop(base, mine))[::-1], "上一版"),
            "全都算": (lambda base, mine: list(mine), "上一版"),
            "去掉了所有空白": (
                lambda base, mine: [k for k in mine if base.get(k, "无").split() != mine[k].split()], "上一版"
            ),
            "空的格子不算": (lambda base, mine: [k for k in by_loop(base, mine) if mine[k]], "上一版"),
        },
    ),
    "workbook.choose": dict(
        right=[by_votes],
        wrong={
            "总是两份": (lambda base, mine, new: [new, mine], "上一版"),
            "总是新版": (lambda base, mine, new: [new], "上一版"),
            "冲突时退回上一版": (back_to_base, "上一版"),
        },
    ),
    "workbook.place": dict(
        right=[place_by_popping],
        wrong={
            "跟了最先的": (it._first_found, "不是最先的"),
            "插在前面": (it._before_it, "不是前面"),
            "只看紧挨着的": (it._last_only, "再往前找"),
            "新版里最靠后的": (it._furthest, "你手上的次序"),
            "没有就放末尾": (it._at_the_end, "最前"),
            "总在最前": lambda page, earlier: 0,
        },
    ),
}
