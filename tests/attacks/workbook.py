"攻击“你的课本”的两个检查器。"


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
}
