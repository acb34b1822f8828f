"攻击多步应用题的两个检查器。"

from minimind.exercises import problems as it


def one_by_one(steps, kept, split):
    now, seen = steps[0][0], 0
    for a, op, b in steps:
        if a != now:
            return False
        now = {"+": a + b, "-": a - b}[op]
        if now < 1 or now > 99:
            return False
        seen += bool(kept(a, op, b))
    return seen > 0 if split == "test" else seen == 0


def upside_down(steps, kept, split):
    return it._by_lists(steps, kept, "train" if split == "test" else "test")


def zero_allowed(steps, kept, split):
    values = [it._value(s) for s in steps]
    joined = all(b[0] == v for b, v in zip(steps[1:], values))
    return all(0 <= v <= 99 for v in values) and joined and any(kept(*s) for s in steps) == (split == "test")


def below_99(steps, kept, split):
    return it._by_lists(steps, kept, split) and all(it._value(s) < 99 for s in steps)


def with_table(steps):
    flip = str.maketrans("+-", "-+")
    return [f"{it._value(s)}{s[1].translate(flip)}{s[2]}={s[0]}" for s in steps[::-1]]


def one_line(steps):
    return "，".join(it._walk_back(steps))


def spaces(steps):
    return [e.replace("=", " = ") for e in it._walk_back(steps)]


def without_last(steps):
    return it._walk_back(steps)[:-1]


ATTACKS = {
    "problems.fair": dict(
        right=[it._by_lists, one_by_one],
        wrong={
            "只查第一步": (it._first_step, "第一步"),
            "只查最后一步": (it._last_step, "最后一步"),
            "考试步步要": (it._all_for_test, "有一步就行"),
            "只看最后得数": (it._last_value, "中间的"),
            "不看接续": (it._not_joined, "接不接得上"),
            "反了": (upside_down, "train"),
            "0 也行": (zero_allowed, "得数 [0]"),
            "99 不行": (below_99, "得数 [99]"),
        },
    ),
    "problems.back": dict(
        right=[it._walk_back, with_table],
        wrong={
            "顺着": (it._forwards, "没有倒"),
            "次序": (it._not_reversed, "次序没有倒"),
            "运算": (it._same_operation, "没有反过来"),
            "右边": (it._swapped, "右边的数"),
            "写成一行": (one_line, "要 2 条等式"),
            "多了空格": (spaces, "倒推"),
            "少一条": (without_last, "要 2 条等式"),
        },
    ),
}
