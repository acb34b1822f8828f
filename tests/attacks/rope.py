import torch

from minimind.exercises import rope as it


def with_matrices(x, base):
    t, d = x.shape
    out = torch.zeros_like(x)
    for j in range(d // 2):
        angle = torch.arange(t) * base ** (-2 * j / d)
        a, b = x[:, j].clone(), x[:, j + d // 2].clone()
        out[:, j] = a * angle.cos() - b * angle.sin()
        out[:, j + d // 2] = a * angle.sin() + b * angle.cos()
    return out


def slow_rates(x, base):
    d = x.shape[1]
    return it.solution_rotate(x, base ** (d / (2 * d)))


def constant_angle(x, base):
    t, d = x.shape
    angle = torch.ones(t, 1) * base ** (-torch.arange(0, d, 2) / d)
    (a, b), c, s = x.chunk(2, -1), angle.cos(), angle.sin()
    return torch.cat([a * c - b * s, a * s + b * c], -1)


def one_rate(x, base):
    angle = torch.arange(len(x))[:, None].float()
    (a, b), c, s = x.chunk(2, -1), angle.cos(), angle.sin()
    return torch.cat([a * c - b * s, a * s + b * c], -1)


def a_twice(x, base):
    t, d = x.shape
    angle = torch.arange(t)[:, None] * base ** (-torch.arange(0, d, 2) / d)
    (a, b), c, s = x.chunk(2, -1), angle.cos(), angle.sin()
    first = a * c - b * s
    return torch.cat([first, first * s + b * c], -1)


def fixed_base(x, base):
    return it.solution_rotate(x, 1e6)


def with_strides(weight, n_heads):
    heads = weight.view(n_heads, -1, weight.shape[1])
    return torch.cat([torch.cat([head[0::2], head[1::2]]) for head in heads])


def first_column_right(weight, n_heads):
    out = weight.clone()
    out[:, 0] = it.solution_to_half_split(weight, n_heads)[:, 0]
    return out


def columns(weight, n_heads):
    return torch.cat([weight[:, 0::2], weight[:, 1::2]], 1)


def halves_swapped(weight, n_heads):
    heads = weight.view(n_heads, -1, weight.shape[1])
    return torch.cat([torch.cat([head[1::2], head[0::2]]) for head in heads])


def two_heads_always(weight, n_heads):
    return with_strides(weight, 2) if len(weight) % 4 == 0 else with_strides(weight, 1)


def reversed_second_half(weight, n_heads):
    heads = weight.view(n_heads, -1, weight.shape[1])
    return torch.cat([torch.cat([head[0::2], head[1::2].flip(0)]) for head in heads])


def turn_by_matrix(v, angle):
    c, s = torch.tensor(angle).cos(), torch.tensor(angle).sin()
    return torch.stack([torch.stack([c, -s]), torch.stack([s, c])]) @ v


def swaps_places(v, angle):
    return turn_by_matrix(v, angle).flip(0)


def stretches(v, angle):
    return turn_by_matrix(v, angle) * 2


def rates_by_exp(d, base):
    return torch.exp(torch.arange(d // 2) * (-2 / d) * torch.tensor(float(base)).log())


def always_ten_thousand(d, base):
    return rates_by_exp(d, 10000.0)


ATTACKS = {
    "rope.rotate": dict(
        right=[with_matrices],
        wrong={
            "方向转反": (lambda x, base: it._by_complex(x, base, sign=-1), "正弦"),
            "位置从 1 数起": (lambda x, base: it._by_complex(x, base, start=1), "从 1 数起"),
            "相邻两维一对": (it._neighbours, "前半与后半"),
            "频率的指数少了一半": slow_rates,
            "每个位置转得一样多": constant_angle,
            "每一对转得一样快": one_rate,
            "改过的 a 又用了一次": a_twice,
            "base 写死了": fixed_base,
        },
    ),
    "rope.layout": dict(
        right=[with_strides],
        wrong={
            "跨头重排": (it._across_heads, "跨头"),
            "方向反了": (it._other_way, "方向反了"),
            "只有第一列对": first_column_right,
            "重排了列": columns,
            "前后两半对调": halves_swapped,
            "头数写死了": two_heads_always,
            "后半的次序反了": reversed_second_half,
        },
    ),
    "rope.turn": dict(
        right=[turn_by_matrix],
        wrong={
            "方向反了": (lambda v, angle: it._turn_by_complex(v, -angle), "转反"),
            "用了转过的": (it._in_order, "原来的"),
            "当成了度": (lambda v, angle: it._turn_by_complex(v, angle * torch.pi / 180), "弧度当成"),
            "两个数对调": swaps_places,
            "放长了": stretches,
        },
    ),
    "rope.rates": dict(
        right=[rates_by_exp],
        wrong={
            "少了负号": (lambda d, base: it._power(d, base, 2, d // 2), "负号"),
            "少乘了 2": (lambda d, base: it._power(d, base, -1, d // 2), "少乘"),
            "给了 d 个": (lambda d, base: it._power(d, base, -2, d), "d/2"),
            "从 1 数起": (lambda d, base: it._power(d, base, -2, d // 2 + 1)[1:], "从 1 数起"),
            "底数写死了": always_ten_thousand,
        },
    ),
}
