"攻击多步应用题的检查器。"

import re

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


def shapes_by_translate(train, test):
    def shape(text):
        while "##" in (text := text.translate(str.maketrans("0123456789", "#" * 10))):
            text = text.replace("##", "#")
        return text

    known = [shape(text) for text in train]
    return [text for text in test if shape(text) in known]


def without_order(train, test):
    return sorted(set(shapes_by_translate(train, test)))


def by_popping(lines, answer, start):
    numbers = [answer]
    for line in lines:
        a, op, b, value = re.match(r"(\d+)(.)(\d+)=(\d+)", line).groups()
        if int(a) != numbers[-1]:
            return False
        numbers.append(int(a) + int(b) * (1 if op == "+" else -1))
        if numbers[-1] != int(value):
            return False
    return numbers[-1] == start


def not_from_the_answer(lines, answer, start):
    return by_popping(lines, int(re.match(r"\d+", lines[0])[0]), start)


def never_back(lines, answer, start):
    return by_popping(lines, answer, int(lines[-1].split("=")[1]))


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
    "problems.same_shape": dict(
        right=[shapes_by_translate],
        wrong={
            "一字不差": (lambda train, test: [t for t in test if t in train], "认不出"),
            "一位一个记号": (it._one_mark_a_digit, "只换成一个记号"),
            "整个删掉": (it._digits_gone, "留一个记号"),
            "交的是样子": (lambda train, test: [
                re.sub(r"\d+", "#", t) for t in shapes_by_translate(train, test)
            ], "原来的考题"),
            "排了序、去了重": without_order,
            "交的是训练题": lambda train, test: shapes_by_translate(test, train),
        },
    ),
    "problems.verified": dict(
        right=[by_popping],
        wrong={
            "只看末尾": (it._end_only, "中间的等式"),
            "各看各的": (it._each_alone, "接不接得上"),
            "没看从哪里开始": (not_from_the_answer, "从得数开始"),
            "没看回没回去": (never_back, "回没回到开头"),
            "总说对": lambda lines, answer, start: True,
        },
    ),
}
