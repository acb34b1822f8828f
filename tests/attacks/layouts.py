"攻击“布局”的两个检查器。"

import torch

from minimind.exercises import layouts as it


def added_to_itself(down):
    return torch.zeros(1, len(down), dtype=down.dtype), down + down


def float_gate(down):
    return torch.zeros(1, len(down)), down.float() * 2


def only_the_matrix(down):
    return down * 2


def with_hstack(gates, ups, downs):
    return torch.vstack(gates), torch.vstack(ups), torch.hstack(downs)


def backwards(gates, ups, downs):
    return torch.cat(gates[::-1]), torch.cat(ups[::-1]), torch.cat(downs[::-1], 1)


def swapped(gates, ups, downs):
    return torch.cat(ups), torch.cat(gates), torch.cat(downs, 1)


def transposed(gates, ups, downs):
    return torch.cat(gates), torch.cat(ups), torch.cat(downs, 1).T


def two_always(gates, ups, downs):
    return torch.cat(gates[:2]), torch.cat(ups[:2]), torch.cat(downs[:2], 1)


ATTACKS = {
    "layouts.gate": dict(
        right=[added_to_itself],
        wrong={
            "门开到最大": (it._wide_open, "关上"),
            "没有乘二": (it._not_doubled, "补回来"),
            "除了二": (it._halved, "再减"),
            "门的宽度是中间宽": (it._gate_of_inner, "形状应是 (1, 4)"),
            "门只有一个数": (it._one_number, "形状应是 (1, 4)"),
            "门几乎是 0": (it._nearly, "一位不差"),
            "只做 float32": (float_gate, "bfloat16"),
            "没有给门": (only_the_matrix, "两样"),
        },
    ),
    "layouts.join": dict(
        right=[with_hstack, backwards],
        wrong={
            "取了平均": (it._averaged, "平均"),
            "都上下接": (it._all_down, "左右接"),
            "次序不同": (it._reordered, "次序"),
            "权重相加": (it._added, "非线性"),
            "只有头一个管用": (it._first_only, "输出"),
            "G 与 U 反了": (swapped, "输出"),
            "D 转置了": (transposed, "转置"),
            "只接两个": two_always,
        },
    ),
}
