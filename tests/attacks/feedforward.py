import math

import torch
import torch.nn.functional as F


def with_einsum(x, gate, up, down):
    a, b = torch.einsum("...h,ih->...i", x, gate), torch.einsum("...h,ih->...i", x, up)
    return torch.einsum("...i,hi->...h", a / (1 + torch.exp(-a)) * b, down)


def gate_and_up_swapped(x, gate, up, down):
    return with_einsum(x, up, gate, down)


def no_activation(x, gate, up, down):
    return ((x @ gate.T) * (x @ up.T)) @ down.T


def added(x, gate, up, down):
    return (F.silu(x @ gate.T) + x @ up.T) @ down.T


def glu(x, gate, up, down):
    return (torch.sigmoid(x @ gate.T) * (x @ up.T)) @ down.T


def geglu(x, gate, up, down):
    return (F.gelu(x @ gate.T) * (x @ up.T)) @ down.T


def no_gate(x, gate, up, down):
    return F.silu(x @ up.T) @ down.T


def outer_activation(x, gate, up, down):
    return F.silu((x @ gate.T) * (x @ up.T)) @ down.T


def frozen_gate(x, gate, up, down):
    return (F.silu(x @ gate.T).detach() * (x @ up.T)) @ down.T


def by_floor(hidden_size):
    return math.floor(8 * hidden_size / 3 / 64) * 64


def rounded_up(h):
    return 64 * -(-8 * h // 192)


def nearest(h):
    return 64 * round(8 * h / 192)


def no_rounding(h):
    return 8 * h // 3


def four_times(h):
    return 4 * h // 64 * 64


def of_128(h):
    return 8 * h // 3 // 128 * 128


def divides_first(h):
    return 8 // 3 * h // 64 * 64


def single_with_einsum(A, B):
    return torch.einsum("om,mi->oi", B, A)


def single_sum(A, B):
    return B.sum(1, keepdim=True) * A.sum(0)


def silu_by_exp(x):
    return x / (1 + torch.exp(-x))


def hard_silu(x):
    return x * ((x + 3) / 6).clamp(0, 1)


ATTACKS = {
    "feedforward.swiglu": dict(
        right=[with_einsum],
        wrong={
            "激活用在了内容上": (gate_and_up_swapped, "内容那一路"),
            "忘了激活": (no_activation, "忘了激活"),
            "相加": (added, "相加"),
            "用成 sigmoid": (glu, "sigmoid"),
            "用成 GELU": geglu,
            "没有门": no_gate,
            "乘完才激活": outer_activation,
            "门断了梯度": (frozen_gate, "梯度"),
        },
    ),
    "feedforward.width": dict(
        right=[by_floor],
        wrong={
            "向上取整": (rounded_up, "向上取整"),
            "取最近的": (nearest, "最近"),
            "不是 64 的倍数": no_rounding,
            "还是四倍": four_times,
            "取了 128 的倍数": of_128,
            "8 // 3 先算成了 2": divides_first,
        },
    ),
    "feedforward.single": dict(
        right=[single_with_einsum],
        wrong={
            "多转置了一次": (lambda A, B: A.T @ B.T, "转置"),
            "先求和再乘": single_sum,
            "只有 B 的一半": lambda A, B: B[:, ::2] @ A[::2],
            "加在一起": lambda A, B: B @ A + 1,
        },
    ),
    "feedforward.silu": dict(
        right=[silu_by_exp],
        wrong={
            "只有 sigmoid": (torch.sigmoid, "乘上 x"),
            "是 ReLU": (torch.relu, "ReLU"),
            "符号反了": (lambda x: x * torch.sigmoid(-x), "符号反了"),
            "换成了 GELU": F.gelu,
            "折线的近似": hard_silu,
        },
    ),
}
