"攻击一场考试的检查器。"

from minimind.evaluation.exact_match import wilson
from minimind.exercises import exam as it


def with_match(row):
    match row:
        case {"conversations": _, "calls": _}:
            return "tools"
        case {"conversations": _}:
            return "questions"
        case {"question": _, "choices": _}:
            return "choice"
        case {"text": _}:
            return "text"
    raise ValueError(str(row))


def question_is_enough(row):
    return "choice" if "question" in row else it._by_table(row)


def empty_text_is_none(row):
    if "text" in row and not row["text"] and len(row) < 3:
        raise KeyError("空的")
    return it._by_table(row)


def with_enumerate(marks):
    order = sorted(range(len(marks)), key=lambda i: (-list(marks.values())[i][0] / list(marks.values())[i][1], i))
    names = list(marks)
    low = wilson(*marks[names[order[0]]])[0]
    return [names[i] for i in order if not wilson(*marks[names[i]])[1] < low]


def everyone(marks):
    return it._ranked(marks)


def without_best(marks):
    return it._one_by_one(marks)[1:]


def low_above_low(marks):
    floor = wilson(*marks[it._ranked(marks)[0]])[0]
    return [name for name in it._ranked(marks) if wilson(*marks[name])[0] >= floor]


def lowest_first(marks):
    return it._one_by_one(marks)[::-1]


def by_low_edge(correct, n, chance):
    low, high = wilson(correct, n)
    return n > 0 and min(low, high) > chance


def high_edge(correct, n, chance):
    return wilson(correct, n)[1] > chance


def many_questions(correct, n, chance):
    return n >= 100


def either_side(correct, n, chance):
    low, high = wilson(correct, n)
    return not low <= chance <= high


def overall_weighted(marks):
    total = sum(n for _, n in marks.values())
    return sum(k / n * (n / total) for k, n in marks.values() if n) if total else 0.0


def best_of_all(marks):
    return max((k / n for k, n in marks.values() if n), default=0.0)


ATTACKS = {
    "exam.kind": dict(
        right=[it._by_table, with_match],
        wrong={
            "空表不算": (it._truthy, "空表"),
            "先问一般的": (it._general_first, "一般的"),
            "先问文字": (it._text_first, "附着"),
            "不认识当文字": (it._default, "不认识的题"),
            "有问题就是选择题": (question_is_enough, "不认识的题"),
            "空的文字": (empty_text_is_none, "空的"),
        },
    ),
    "exam.ties": dict(
        right=[it._one_by_one, with_enumerate],
        wrong={
            "只有一个": (it._only_best, "只报了"),
            "五分": (it._five_points, "固定五分"),
            "够得着分": (it._reaches_middle, "叠不叠"),
            "对得最多": (it._most_right, "对了几道"),
            "没有排": (it._not_sorted, "从高到低"),
            "全都算": (everyone, "分不出的"),
            "没有第一": (without_best, "分不出的"),
            "下限比下限": (low_above_low, "分不出的"),
            "倒着排": (lowest_first, "分不出的"),
        },
    ),
    "exam.beats_chance": dict(
        right=[by_low_edge],
        wrong={
            "只比正确率": (lambda correct, n, chance: n > 0 and correct / n > chance, "说不准"),
            "看上限": (high_edge, "要看下限"),
            "题多就行": (many_questions, "题多不等于"),
            "差很多也算": (either_side, "要在上面"),
            "总说不能": lambda correct, n, chance: False,
        },
    ),
    "exam.overall": dict(
        right=[overall_weighted],
        wrong={
            "平均的平均": (it._mean_of_means, "不能直接平均"),
            "对了几题": (lambda marks: float(sum(k for k, _ in marks.values())), "要的是比例"),
            "除以项数": (lambda marks: sum(k for k, _ in marks.values()) / (len(marks) or 1), "不是项数"),
            "最好的一项": best_of_all,
            "总说一半": lambda marks: 0.5,
        },
    ),
}
