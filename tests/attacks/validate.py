"攻击“留出一份”的两个检查器。"

import math


def running(parts):
    mean, seen = 0.0, 0
    for total, count in parts:
        seen += count
        mean += (total - mean * count) / seen if seen else 0.0
    return mean


def reversed_best(scores):
    kept = []
    for i, (step, loss) in enumerate(scores):
        before = [v for _, v in scores[:i] if not math.isnan(v)]
        if not math.isnan(loss) and loss < min(before, default=math.inf):
            kept.append(step)
    return kept


ATTACKS = {
    "validate.mean": dict(
        right=[running],
        wrong={
            "各自平均再平均": (lambda parts: sum(t / n for t, n in parts if n) / max(1, len(parts)), "各批"),
            "跳过了末批": (lambda parts: running(parts[:-1]), "各批"),
            "空的当 1": (lambda parts: running([(t, n or 1) for t, n in parts]), "各批"),
            "取整": (lambda parts: float(round(running(parts))), "应是 3.5"),
        },
    ),
    "validate.keep": dict(
        right=[reversed_best],
        wrong={
            "只留最后最好的": (lambda scores: reversed_best(scores)[-1:], "成绩"),
            "越高越好": (lambda scores: reversed_best([(s, -v) for s, v in scores]), "成绩"),
            "给的是第几次": (lambda scores: [i for i, s in enumerate(scores) if s[0] in reversed_best(scores)], "成绩"),
            "NaN 之后从头比": (
                lambda scores: reversed_best(scores[next((i + 1 for i, (_, v) in enumerate(scores) if v != v), 0) :]),
                "成绩",
            ),
        },
    ),
}
