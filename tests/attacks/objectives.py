"攻击强化学习目标的两个检查器。"

import torch

from minimind.exercises import objectives as it
from minimind.trainer.objectives import clipped, gae as by_module


def by_autograd(pairs, epsilon):
    out = []
    for ratio, a in pairs:
        r = torch.tensor(ratio, requires_grad=True)
        clipped(r, torch.tensor(a), epsilon, epsilon).backward()
        out.append(bool(r.grad != 0))
    return out


def by_tensors(rewards, values, gamma, lam):
    r, v = torch.tensor([rewards], dtype=torch.float64), torch.tensor([values], dtype=torch.float64)
    return by_module(r, v, torch.ones_like(r), gamma, lam)[0][0].tolist()


ATTACKS = {
    "objectives.alive": dict(
        right=[by_autograd, it._alive],
        wrong={
            "两侧都截": (it._both_sides, "拉得回来"),
            "从不截": (it._never, "走过头"),
            "不看正负": (it._sign_ignored, "坏词"),
            "全是真": (lambda pairs, epsilon: [True] * len(pairs), "好词走过头"),
            "原样返回": (lambda pairs, epsilon: pairs, "好词走过头"),
            "只回一个": (lambda pairs, epsilon: True, "个真假"),
        },
    ),
    "objectives.gae": dict(
        right=[by_tensors, it._by_sums],
        wrong={
            "末尾自举": (it._bootstraps, "价值是 0"),
            "忘了 λ": (it._no_lambda, "γλ"),
            "只有这一步": (it._deltas_only, "没有加进来"),
            "返回回报": (it._returns, "A+V"),
            "次序反了": (lambda r, v, g, l: it._by_sums(r, v, g, l)[::-1], "手算"),
            "原样返回": (lambda r, v, g, l: r, "手算"),
        },
    ),
}
