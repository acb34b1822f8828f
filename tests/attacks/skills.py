import re

from minimind.exercises import skills as it


def by_digits(a, b):
    x, y = f"{a:02}", f"{b:02}"
    borrow = "1" if x[1] < y[1] else "0"
    ones, tens = int(borrow + x[1]) - int(y[1]), int(x[0]) - int(y[0]) - int(borrow)
    return f"{x}-{y}，{borrow}{x[1]}-{y[1]}={ones:02}，{x[0]}-{y[0]}-{borrow}={tens:02}"


def never_borrows(a, b):
    (a1, a0), (b1, b0) = divmod(a, 10), divmod(b, 10)
    return f"{a:02d}-{b:02d}，0{a0}-{b0}={abs(a0 - b0):02d}，{a1}-{b1}-0={a1 - b1:02d}"


def forgets_to_pay_back(a, b):
    (a1, a0), (b1, b0) = divmod(a, 10), divmod(b, 10)
    borrow = int(a0 < b0)
    return f"{a:02d}-{b:02d}，{borrow}{a0}-{b0}={10 * borrow + a0 - b0:02d}，{a1}-{b1}-{borrow}={a1 - b1:02d}"


def borrows_when_equal(a, b):
    (a1, a0), (b1, b0) = divmod(a, 10), divmod(b, 10)
    borrow = int(a0 <= b0 and a1 > b1)
    ones, tens = 10 * borrow + a0 - b0, a1 - b1 - borrow
    return f"{a:02d}-{b:02d}，{borrow}{a0}-{b0}={ones:02d}，{a1}-{b1}-{borrow}={tens:02d}"


def no_padding(a, b):
    return it.solution_minus(a, b).replace(f"{a:02d}-{b:02d}", f"{a}-{b}", 1)


def result_first(a, b):
    return f"{a:02d}-{b:02d}={a - b:02d}"


def with_sets(reply, answers, wrong):
    return {a for a in answers if a in reply} != set() and {w for w in wrong if w in reply} == set()


def net(reply, answers, wrong):
    return any(a in reply for a in answers)


def all_answers(reply, answers, wrong):
    return all(a in reply for a in answers) and not any(w in reply for w in wrong)


def whole_reply(reply, answers, wrong):
    return reply.strip("。") in answers


def first_rival(reply, answers, wrong):
    return any(a in reply for a in answers) and not (wrong and wrong[0] in reply)


def no_rival(reply, answers, wrong):
    return bool(reply) and not any(w in reply for w in wrong)


def rivals_by_filter(values, keep, question):
    out = [v for v in values if not (v in question or v in keep or keep in v)]
    return sorted(dict.fromkeys(out))


def read_with_re(steps):
    ones, tens = re.findall(r"=(\d\d)", steps)
    return int(tens) * 10 + int(ones[1])


def works_it_out(steps):
    a, op, b = re.match(r"(\d+)([+-])(\d+)", steps).groups()
    return int(a) + int(b) if op == "+" else int(a) - int(b)


ATTACKS = {
    "skills.minus": dict(
        right=[by_digits],
        wrong={
            "从不借位": (never_borrows, "要借位"),
            "十位忘了减掉借走的": (forgets_to_pay_back, "要借位"),
            "相等时也借": borrows_when_equal,
            "一位数没有补零": (no_padding, "9-4"),
            "只写了得数": result_first,
        },
    ),
    "skills.grade": dict(
        right=[with_sets],
        wrong={
            "撒网也得分": (net, "撒网"),
            "要说出全部答案": (all_answers, "其中一个答案"),
            "整句要等于答案": whole_reply,
            "只看第一个对手": (first_rival, "最后一个"),
            "没说错就算对": (no_rival, "两样都没说"),
        },
    ),
    "skills.rivals": dict(
        right=[rivals_by_filter],
        wrong={
            "只去掉相等的": (it._only_equal, "互相包含"),
            "没看反过来": (lambda values, keep, question: [
                v for v in sorted(set(values)) if v not in keep and v not in question
            ], "还要看反过来"),
            "没看题目": (lambda values, keep, question: rivals_by_filter(values, keep, ""), "题目里已经提到"),
            "没有去重": (lambda values, keep, question: [
                v for v in sorted(values) if v in rivals_by_filter(values, keep, question)
            ], "重复"),
            "没有排序": (lambda values, keep, question: [
                v for v in dict.fromkeys(values) if v in rivals_by_filter(values, keep, question)
            ], "排好序"),
        },
    ),
    "skills.read_off": dict(
        right=[read_with_re],
        wrong={
            "个位取了两位": (lambda steps: int("".join(re.findall(r"=(\d\d)", steps)[::-1])), "只取末位"),
            "接反了": (lambda steps: int(re.findall(r"=(\d\d)", steps)[0] + steps[-1]), "接反"),
            "自己算了一遍": (works_it_out, "应是 103，得到 113"),
            "相加": (lambda steps: int(steps[-2:]) + int(steps.split("，")[1][-1]), "不是相加"),
            "只取两个末位": (lambda steps: int(steps[-1] + steps.split("，")[1][-1]), "不能只取末位"),
        },
    ),
}
