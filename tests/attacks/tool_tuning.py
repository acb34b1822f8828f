"攻击学用工具的检查器。"

from math import exp, log1p

from minimind.exercises import tool_tuning as it


def token_by_token(turns):
    out = []
    for role, opening, body in turns:
        for place in range(opening + body + 1):
            out.append(role == "assistant" and place >= opening)
    return out


def ones_and_zeros(turns):
    return [int(v) for role, a, b in turns for v in [0] * a + [role == "assistant"] * b + [role == "assistant"]]


def with_counts(judged):
    n, right, missed, free, needless = 0, 0, 0, 0, 0
    for need, called, ok in judged:
        n, free = n + need, free + (not need)
        right += need and called and ok
        missed += need and not called
        needless += not need and called
    return [right / max(n, 1), missed / max(n, 1), needless / max(free, 1)]


def unseen_by_logs(values, rows):
    return exp(rows * log1p(-1 / values)) if values > 1 else float(rows == 0)


ATTACKS = {
    "tool_tuning.learnt": dict(
        right=[token_by_token, ones_and_zeros],
        wrong={
            "开头也学": (it._with_head, "模板写的"),
            "不学结束标记": (it._without_end, "在哪里停"),
            "学工具的结果": (it._with_tool, "自己编"),
            "只学最后一轮": (it._last_only, "每一轮助手"),
            "全都学": (lambda turns: [True] * sum(a + b + 1 for _, a, b in turns), "一问一答"),
            "忘了结束标记": (lambda turns: [r == "assistant" for r, a, b in turns for _ in range(a + b)], "结束标记"),
            "原样返回": (lambda turns: turns, "一共"),
        },
    ),
    "tool_tuning.rates": dict(
        right=[with_counts, lambda judged: tuple(it._rates(judged))],
        wrong={
            "多按除以全部": (it._over_all, "不该按的题数"),
            "除以按了的": (it._over_called, "漏掉的也在里面"),
            "按了就算对": (it._whatever_called, "按得对"),
            "总是满分": (lambda judged: (1.0, 0.0, 0.0), "漏了一道"),
            "漏按多按反了": (lambda judged: (it._rates(judged)[0], *it._rates(judged)[:0:-1]), "漏了一道"),
            "只有一个数": (lambda judged: it._rates(judged)[0], "三个数"),
        },
    ),
    "tool_tuning.share": dict(
        right=[it._token_by_token, lambda m, a, w, n: 1 - (m + n * a) / (m + n * a + n * w)],
        wrong={
            "每件都读": (lambda m, a, w, n: w / (m + a + w), "只读一遍"),
            "没有说明书": (lambda m, a, w, n: w / (a + w), "忘了说明书"),
            "没有用户的话": (lambda m, a, w, n: n * w / (m + n * w), "也占地方"),
            "比不学的": (lambda m, a, w, n: n * w / (m + n * a), "占全部"),
            "只学一件": (lambda m, a, w, n: w / (m + n * (a + w)), "count 份"),
            "不学的": (lambda m, a, w, n: 1 - it._token_by_token(m, a, w, n), "要学的占"),
        },
    ),
    "tool_tuning.unseen": dict(
        right=[it._row_by_row, unseen_by_logs],
        wrong={
            "抽不到重的": (lambda values, rows: max(0.0, 1 - rows / values), "抽到重的"),
            "只看一行": (lambda values, rows: 1 - 1 / values, "每一行"),
            "见过的": (lambda values, rows: 1 - (1 - 1 / values) ** rows, "见过的机会"),
            "行行都是它": (lambda values, rows: (1 / values) ** rows, "都抽到"),
            "近似": (lambda values, rows: 2.718281828459045 ** (-rows / values), "没见过的机会"),
        },
    ),
}
