"攻击“路线”的两个检查器。"

from minimind.exercises import route as it


def by_table(text):
    return it._TABLE[text]


def first_digit_only(text):
    return it.solution_number(text) // 10 * 10 if len(text) > 1 else it.solution_number(text)


def no_zero(text):
    return it.solution_number(text) or 10


def by_loop(book, route):
    out = []
    for name in [*route, *book]:
        if name in book and name not in out:
            out.append(name)
    return out


ATTACKS = {
    "route.number": dict(
        right=[by_table],
        wrong={
            "「十五」当成 5": (it._no_lead, "一十"),
            "「十」当成数字 0": (it._digit_by_digit, "数字 0"),
            "十位没有乘十": (it._added, "乘十"),
            "丢了个位": first_digit_only,
            "「零」不认得": no_zero,
            "当成文字": lambda text: str(it.solution_number(text)),
        },
    ),
    "route.order": dict(
        right=[by_loop],
        wrong={
            "课本里没有的也排进去": (it._with_missing, "没有的章"),
            "出现了两次": (it._repeated, "又出现"),
            "照了课本的次序": (it._book_order, "路线"),
            "其余的排了序": (it._sorted_rest, "其余"),
            "不管路线": lambda book, route: list(book),
            "丢了其余的": lambda book, route: [c for c in dict.fromkeys(route) if c in book],
            "路线在后": lambda book, route: [c for c in book if c not in route] + [c for c in route if c in book],
        },
    ),
}
