"攻击智能体的两个检查器。"

from minimind.exercises import train_agent as it


def by_pairs(parts):
    flat = [(n, n if who == "model" else -100) for who, new in parts for n in new]
    return [n for n, _ in flat], [label for _, label in flat]


def by_loop(kept, calls, finished, cost):
    left = kept
    for _ in range(calls):
        left -= kept * cost
    return max(0.0, left) if finished else 0


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
}
