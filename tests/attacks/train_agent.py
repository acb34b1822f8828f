"攻击智能体的检查器。"

from minimind.exercises import train_agent as it


def by_pairs(parts):
    flat = [(n, n if who == "model" else -100) for who, new in parts for n in new]
    return [n for n, _ in flat], [label for _, label in flat]


def by_loop(kept, calls, finished, cost):
    left = kept
    for _ in range(calls):
        left -= kept * cost
    return max(0.0, left) if finished else 0


def batches_by_columns(rounds):
    out = [0] * max(rounds, default=0)
    for r in rounds:
        for k in range(r):
            out[k] += 1
    return out


ATTACKS = {
    "train_agent.labels": dict(
        right=[by_pairs, it._labelled],
        wrong={
            "全学": (it._all, "不是它写的"),
            "工具的也学": (it._tool_too, "编结果"),
            "只学最后一轮": (it._last_only, "前几轮"),
            "错开一位": (it._shifted, "对齐"),
            "丢掉结果": (it._dropped, "留着"),
            "只回编号": (lambda parts: it._labelled(parts)[0], "两个列表"),
        },
    ),
    "train_agent.score": dict(
        right=[by_loop, it._score],
        wrong={
            "从分里减": (it._subtracted, "别按"),
            "减到 0": (it._floored, "打折"),
            "不要钱": (it._free, "按了又按"),
            "没说完也给": (it._unfinished_too, "没说完"),
            "折成负的": (it._below_zero, "最低"),
            "折上折": (it._powers, "折再折"),
        },
    ),
    "train_agent.batches": dict(
        right=[it._until_empty, batches_by_columns],
        wrong={
            "每场几次": (lambda rounds: list(rounds), "每场"),
            "没有离开": (lambda rounds: [len(rounds)] * max(rounds, default=0), "不再占位置"),
            "写完的": (lambda rounds: [rounds.count(k + 1) for k in range(max(rounds, default=0))], "写完的"),
            "多一批": (lambda rounds: [*it._until_empty(rounds), 0], "多了一批"),
            "少头一批": (lambda rounds: it._until_empty(rounds)[1:], "头一批"),
            "只有批数": (lambda rounds: max(rounds, default=0), "类型"),
            "从大到小排了": (lambda rounds: sorted(rounds, reverse=True), "不同"),
        },
    ),
    "train_agent.worth": dict(
        right=[it._by_cases, lambda a, h, n, c: h - a > h * c * n],
        wrong={
            "从平均分里减": (lambda a, h, n, c: h - c * n > a, "没办成的也罚"),
            "忘了打折": (lambda a, h, n, c: h > a, "忘了打折"),
            "只打一次": (lambda a, h, n, c: h * (1 - c) > a, "打几次"),
            "折上折": (lambda a, h, n, c: h * (1 - c) ** n > a, "折上折"),
            "一样高也按": (lambda a, h, n, c: h * (1 - c * n) >= a, "不必按"),
            "反了": (lambda a, h, n, c: h * (1 - c * n) <= a, "反了"),
            "总是按": (lambda a, h, n, c: True, "该不该按"),
            "交出平均分": (lambda a, h, n, c: h * (1 - c * n), "该不该按"),
        },
    ),
}
