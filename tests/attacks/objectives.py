"攻击强化学习目标的检查器。"

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


def by_jacobian(probs, scores):
    return (torch.diag(probs) - torch.outer(probs, probs)) @ scores


def cispo_without_grad(logp, old, a, top):
    with torch.no_grad():
        weight = torch.minimum(torch.exp(logp) / torch.exp(old), torch.tensor(top))
    return weight * logp * a


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
    "objectives.policy_gradient": dict(
        right=[by_jacobian],
        wrong={
            "只推抽到的": (lambda p, s: p * s, "别的要按概率下来"),
            "没乘概率": (lambda p, s: s - (p * s).sum(), "抽到它的机会"),
            "平分的平均": (lambda p, s: p * (s - s.mean()), "按概率加权"),
            "方向反了": (lambda p, s: p * ((p * s).sum() - s), "方向反了"),
            "只给一个数": (lambda p, s: (p * s).sum(), "形状"),
            "平均分平方": (lambda p, s: p * (s - (p * s).sum() ** 2), "三个词"),
        },
    ),
    "objectives.cispo": dict(
        right=[cispo_without_grad],
        wrong={
            "系数也传梯度": (it._live_weight, "detach 掉"),
            "没有封顶": (lambda n, o, a, top: torch.exp(n - o).detach() * a * n, "没有封顶"),
            "没乘对数概率": (lambda n, o, a, top: torch.exp(n - o).clamp(max=top) * a, "没有乘 log"),
            "新旧反了": (lambda n, o, a, top: torch.exp(o - n).clamp(max=top).detach() * a * n, "新的除以旧的"),
            "顶写死了": (lambda n, o, a, top: torch.exp(n - o).clamp(max=1.5).detach() * a * n, "顶是 1.2"),
            "封在下面": (lambda n, o, a, top: torch.exp(n - o).clamp(min=top).detach() * a * n, "封的是下面"),
            "全断了": (lambda n, o, a, top: it.solution_cispo(n, o, a, top).detach(), "梯度"),
        },
    ),
}
