"攻击采样的检查器。"

from fractions import Fraction
from itertools import combinations

import torch

from minimind.exercises import rollout as it


def by_index(new, eos):
    size = new.index(eos) + 1 if eos in new else len(new)
    return [True] * size + [False] * (len(new) - size)


def by_counting(n, c, k):
    "真的把每一种取法数一遍（大的用分数连乘）。"
    if n > 20:
        wrong = Fraction(1)
        for i in range(k):
            wrong *= Fraction(n - c - i, n - i)
        return float(1 - wrong)
    picks = [any(i < c for i in pick) for pick in combinations(range(n), k)]
    return sum(picks) / len(picks)


def ratio_by_logs(logits, temperature):
    return torch.exp(logits.log_softmax(-1) - (logits / temperature).log_softmax(-1))


def memo_with_no_grad(logp, memo):
    with torch.no_grad():
        old = memo["old"] = memo["old"] if "old" in memo else logp * 1
    return logp.exp() / old.exp()


ATTACKS = {
    "rollout.own": dict(
        right=[by_index, it._own],
        wrong={
            "结束标记不算": (it._without_end, "学不会停"),
            "算到最后一个结束标记": (it._every_end, "都是填充"),
            "没写完的全不算": (it._needs_end, "没写完"),
            "全算": (lambda new, eos: [True] * len(new), "写完的"),
            "按填充是 0 来判": (lambda new, eos: [n != 0 for n in new], "结束"),
            "只回一个": (lambda new, eos: True, "个真假"),
        },
    ),
    "rollout.pass_at_k": dict(
        right=[by_counting, it._pass],
        wrong={
            "放回": (it._put_back, "放回去"),
            "概率相加": (it._times, "重复算"),
            "与 k 无关": (it._share, "只取一句"),
            "全对": (it._all_right, "至少一句"),
            "没有取补": (lambda n, c, k: 1 - it._pass(n, c, k), "应是"),
            "取整": (lambda n, c, k: round(it._pass(n, c, k)), "应是"),
        },
    ),
    "rollout.first_ratio": dict(
        right=[ratio_by_logs],
        wrong={
            "弄反了": (lambda x, t: (x / t).softmax(-1) / x.softmax(-1), "弄反了"),
            "没有归一": (lambda x, t: torch.exp(x - x / t), "都要归一"),
            "乘温度": (lambda x, t: x.softmax(-1) / (x * t).softmax(-1), "不是乘"),
            "全是 1": (lambda x, t: torch.ones_like(x), "温度 1"),
            "相减": (lambda x, t: x.softmax(-1) - (x / t).softmax(-1), "应是"),
            "温度写死了": (lambda x, t: x.softmax(-1) / (x / 0.5).softmax(-1), "T = 1"),
        },
    ),
    "rollout.memo": dict(
        right=[memo_with_no_grad],
        wrong={
            "没有断开": (it._no_detach, "抵消"),
            "每遍都换": (it._always_new, "换掉了"),
            "不记": (it._never_kept, "没有 old"),
            "反过来除": (it._upside_down, "反过来了"),
            "对数的差": (lambda p, memo: p - memo.setdefault("old", p.detach()), "e 的次方"),
            "新的也断了": (lambda p, memo: it.solution_memo(p.detach(), memo), "没有梯度"),
        },
    ),
}
