"攻击优化的检查器。"

import math
from itertools import accumulate

import torch

from minimind.exercises import optim as it


def wsd_by_minimum(step, total, warm, down, floor):
    rising = (step + 1) / (warm + 1)
    left = (total - 1 - step) / down
    return min(1.0, rising, floor + (1.0 - floor) * left if left < 1 else 1.0)


def no_floor(step, total, warm, down, floor):
    return wsd_by_minimum(step, total, warm, down, 0.0)


def warm_reaches_one(step, total, warm, down, floor):
    return (step + 1) / warm if step < warm else wsd_by_minimum(step, total, 0, down, floor)


def early(step, total, warm, down, floor):
    return wsd_by_minimum(step if step < warm else min(step + 1, total - 1), total, warm, down, floor)


def adamw(p, g, m, v, t, lr=1e-2, b1=0.9, b2=0.95, eps=1e-8, wd=0.1, clock=0):
    m = torch.lerp(g, m, b1)
    v = torch.lerp(g.square(), v, b2)
    rate = lr * (1 - b2 ** (t + clock)) ** 0.5 / (1 - b1 ** (t + clock))
    small = eps * (1 - b2 ** (t + clock)) ** 0.5
    return p - lr * wd * p - rate * m / (v.sqrt() + small), m, v


def decays_after(p, g, m, v, t, lr=1e-2, b1=0.9, b2=0.95, eps=1e-8, wd=0.1):
    new, m, v = adamw(p, g, m, v, t, lr, b1, b2, eps, 0.0)
    return new * (1 - lr * wd), m, v


def decay_without_rate(p, g, m, v, t, lr=1e-2, b1=0.9, b2=0.95, eps=1e-8, wd=0.1):
    new, m, v = adamw(p, g, m, v, t, lr, b1, b2, eps, 0.0)
    return new - wd * p, m, v


def old_moments(p, g, m, v, t, lr=1e-2, b1=0.9, b2=0.95, eps=1e-8, wd=0.1):
    return adamw(p, g, m, v, t, lr, b1, b2, eps, wd)[0], m, v


def ignores_the_rest(p, g, m, v, t, lr=1e-2, b1=0.9, b2=0.95, eps=1e-8, wd=0.1):
    return adamw(p, g, m, v, t)


def cubic_other_side(g, steps):
    x = g / g.square().sum().sqrt()
    eye = torch.eye(x.shape[1])
    for _ in range(steps):
        x = x @ (3 * eye - x.T @ x) / 2
    return x


def quintic(g, steps):
    x = g / g.norm()
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.775 * a + 2.0315 * a @ a) @ x
    return x


def spectral(g, steps):
    x = g / torch.linalg.matrix_norm(g, 2)
    for _ in range(steps):
        x = 1.5 * x - 0.5 * (x @ x.mT) @ x
    return x


def cosine_between(step, total, lr):
    share = (1 + math.cos(math.pi * step / (total - 1))) / 2
    return share * lr + (1 - share) * lr / 10


def velocity_by_accumulate(grads, beta):
    return list(accumulate(grads, lambda v, g: beta * v + g))


ATTACKS = {
    "optim.wsd": dict(
        right=[wsd_by_minimum],
        wrong={
            "忘了 floor": (no_floor, "floor=0.1"),
            "热身最后一步就到 1": (warm_reaches_one, "走到最后一步"),
            "早降一步": (early, "走到最后一步"),
            "晚降一步": (lambda s, t, w, d, f: wsd_by_minimum(s, t + 1, w, d, f), "total - 1"),
            "一直是 1": (lambda s, t, w, d, f: 1.0, "走到最后一步"),
        },
    ),
    "optim.adamw_step": dict(
        right=[adamw],
        wrong={
            "更新之后才衰减": (decays_after, "权重"),
            "衰减没有乘学习率": (decay_without_rate, "权重"),
            "m 和 v 没有更新": (old_moments, " m"),
            "不看传进来的超参数": (ignores_the_rest, "'lr': 0.1"),
            "t 从 2 数起": (lambda *a, **k: adamw(*a, **k, clock=1), "权重"),
            "梯度的方向反了": (lambda p, g, *a, **k: adamw(p, -g, *a, **k), "权重"),
        },
    ),
    "optim.cubic": dict(
        right=[cubic_other_side],
        wrong={
            "用了五次的": (quintic, "代入"),
            "除以谱范数": (spectral, "代入 0 次"),
            "逐个数代入": (lambda g, steps: (g / g.norm()) ** 3 * steps, "代入"),
            "没有缩放": (lambda g, steps: cubic_other_side(g, 0) * g.norm() if not steps else g * 3, "代入"),
            "转置了": (lambda g, steps: cubic_other_side(g, steps).T, "形状"),
            "不管几次都给 UVᵀ": (lambda g, steps: cubic_other_side(g, 60), "代入 0 次"),
        },
    ),
    "optim.cosine": dict(
        right=[cosine_between],
        wrong={
            "原来的": (lambda s, t, lr: lr / 10 + 0.5 * lr * (1 + math.cos(math.pi * s / t)), "原来的写法"),
            "差一步": (lambda s, t, lr: lr * (0.1 + 0.45 * (1 + math.cos(math.pi * s / t))), "还差一步"),
            "没缩小": (lambda s, t, lr: lr / 10 + lr * (1 + math.cos(math.pi * s / (t - 1))) / 2, "要缩小"),
            "没垫底": (lambda s, t, lr: lr * (1 + math.cos(math.pi * s / (t - 1))) / 2, "没有垫底"),
            "直线": (lambda s, t, lr: lr * (1 - 0.9 * s / (t - 1)), "直线"),
            "lr 写死了": (lambda s, t, lr: cosine_between(s, t, 1.0), "lr = 0.003"),
        },
    ),
    "optim.velocity": dict(
        right=[velocity_by_accumulate],
        wrong={
            "滑动平均": (it._averaged, "不乘 1 − beta"),
            "就是梯度": (lambda grads, beta: list(grads), "以前的速度"),
            "不忘": (lambda grads, beta: list(accumulate(grads)), "永远不忘"),
            "乘错了": (lambda grads, beta: list(accumulate(beta * g for g in grads)), "不是这一步的梯度"),
            "慢一步": (lambda grads, beta: [0.0, *velocity_by_accumulate(grads, beta)[:-1]], "慢了一步"),
            "只给最后一步": (lambda grads, beta: velocity_by_accumulate(grads, beta)[-1], "list"),
            "beta 写死了": (lambda grads, beta: velocity_by_accumulate(grads, 0.9), "beta = 0"),
        },
    ),
}
