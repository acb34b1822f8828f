"攻击偏好的检查器。"

from statistics import mean

from minimind.exercises import preferences as it


def with_sign(score, pairs):
    sign = lambda d: (d > 0) - (d < 0)
    return mean((sign(score(g) - score(b)) + 1) / 2 for g, b in pairs)


def count_right(score, pairs):
    return it._sorted_out(score, pairs) * len(pairs)


def with_counter_of_pairs(pairs):
    table = {}
    for good, bad in pairs:
        for side, text in ((0, good), (1, bad)):
            for c in text:
                table.setdefault(c, [1, 1])[side] += 1
    return {c: g / (g + b) - 0.5 for c, (g, b) in table.items()}


def reversed_sides(pairs):
    return it._letter_by_letter([(b, g) for g, b in pairs])


def one_more(pairs):
    return {c: w * 1.1 for c, w in it._letter_by_letter(pairs).items()}


def by_position(items):
    n = len(items)
    return [said.replace(mine, items[(i + 1) % n][1]) for i, (said, mine) in enumerate(items)]


def made_up(items):
    return [said.replace(mine, "别处") for said, mine in items]


def fewer(items):
    return it._turned_back(items)[:-1]


def refusal_by_sign(pairs):
    signs = [it._says_no(good) - it._says_no(bad) for good, bad in pairs]
    moved = [s for s in signs if s]
    return mean((s + 1) / 2 for s in moved) if moved else 0.5


def zero_when_empty(pairs):
    return refusal_by_sign(pairs) if any(it._says_no(g) != it._says_no(b) for g, b in pairs) else 0.0


def slip_with_replace(thought, at, by):
    parts = thought.split("，")
    old = parts[at][-2:]
    parts[at] = parts[at][:-2] + f"{int(old) + by:02}"
    return "，".join(parts)


def one_digit(thought, at, by):
    parts = thought.split("，")
    parts[at] = f"{parts[at].split('=')[0]}={int(parts[at][-2:]) + by}"
    return "，".join(parts)


def the_answer_too(thought, at, by):
    return slip_with_replace(thought, at, by) + f"，{by}"


def both_steps(thought, at, by):
    return slip_with_replace(slip_with_replace(thought, 1, by), 2, by)


ATTACKS = {
    "preferences.judged": dict(
        right=[it._sorted_out, with_sign],
        wrong={
            "平手算错": (it._ties_lost, "算成了错"),
            "平手算对": (it._ties_won, "算成了对"),
            "平手丢掉": (it._ties_dropped, "丢掉"),
            "反了": (it._upside_down, "反了"),
            "交的是个数": (count_right, "判对的比例"),
        },
    ),
    "preferences.words": dict(
        right=[it._letter_by_letter, with_counter_of_pairs],
        wrong={
            "没有先记一次": (it._not_smoothed, "非黑即白"),
            "只数好的": (it._good_only, "漏了"),
            "只数一次": (it._once_each, "数两次"),
            "没有减一半": (it._not_centred, "一半"),
            "两边反了": (reversed_sides, "的分"),
            "乘多了": (one_more, "的分"),
        },
    ),
    "preferences.swap": dict(
        right=[it._turned_back, by_position],
        wrong={
            "总用第一个": (it._always_first, "用了"),
            "打乱": (it._shuffled, "没有换"),
            "只写答案": (it._answer_only, "句式"),
            "推脱": (it._refuses, "句式"),
            "对着换": (it._mirrored, "没有换"),
            "编一个": (made_up, "另一题"),
            "少一句": (fewer, "要有 2 句"),
        },
    ),
    "preferences.refusal": dict(
        right=[refusal_by_sign],
        wrong={
            "除以全部": (it._of_all, "不是全部"),
            "两边都推脱的也算": (it._both_too, "两边都推脱"),
            "只认一句": (it._one_word, "没学过"),
            "反了": (lambda pairs: 1 - refusal_by_sign(pairs), "反了"),
            "一对也没有时是 0": (zero_when_empty, "应是 0.5，得到 0"),
            "总说一半": lambda pairs: 0.5,
        },
    ),
    "preferences.slip": dict(
        right=[slip_with_replace],
        wrong={
            "写成一位": (one_digit, "两位"),
            "段数错了一": (lambda thought, at, by: slip_with_replace(thought, max(1, at - 1), by), "1 才是个位"),
            "两段都改": (both_steps, "只该改一段"),
            "方向反了": (lambda thought, at, by: slip_with_replace(thought, at, -by), "方向反了"),
            "多写了一段": the_answer_too,
        },
    ),
}
