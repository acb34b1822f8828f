"攻击练得短、读得长的四个检查器。"

import math

import torch
import torch.nn.functional as F

from minimind.exercises import long_context as it


def with_cross_entropy(logits, ids, width):
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none").mean(0)
    first, rest = each[: width - 1].mean(), each[width - 1 :]
    return torch.cat([first[None], rest.reshape(-1, width).mean(1)])


def drops_first_bin(logits, ids, width):
    return it._bin_by_bin(logits, ids, width)[1:]


def sums(logits, ids, width):
    return it._bin_by_bin(logits, ids, width) * width


def probabilities(logits, ids, width):
    return (-it._bin_by_bin(logits, ids, width)).exp()


def with_logs(dim, base, times):
    return math.exp(math.log(base) + dim / (dim - 2) * math.log(times))


def squared(dim, base, times):
    return base * times**2


def slowest_frequency(dim, base, times):
    return base ** (-(dim - 2) / dim) / times


def hide_with_insert(hay, needle, depth):
    parts, at = [*hay], round(depth * len(hay))
    parts.insert(at, needle)
    flat = [i for part in parts for i in part]
    return flat, len(flat) - sum(len(part) for part in parts[at:])


def whole_sorted(losses):
    return sorted((float(each.double().sum()), i) for i, each in enumerate(losses))[0][1]


ATTACKS = {
    "long_context.curve": dict(
        right=[it._bin_by_bin, with_cross_entropy],
        wrong={
            "第 0 个当 0": (it._zero_first, "当 0"),
            "挪早了": (it._one_early, "挪早"),
            "没有错开": (it._not_shifted, "没有错开"),
            "整行": (it._whole, "整行"),
            "丢了第一格": (drops_first_bin, "每格 4 个位置"),
            "加起来": (sums, "每格 4 个位置"),
            "交的是概率": (probabilities, "每格 4 个位置"),
        },
    ),
    "long_context.base": dict(
        right=[it._by_halving, with_logs],
        wrong={
            "乘 times": (it._times_base, "没慢够"),
            "指数倒了": (it._inverse_power, "倒了"),
            "多数一对": (it._one_pair_too_many, "第 d/2−1 对"),
            "d/2": (it._half, "多乘"),
            "除": (it._divided, "方向反了"),
            "平方": (squared, "慢了"),
            "交的是转速": (slowest_frequency, "慢了"),
        },
    ),
    "long_context.hide": dict(
        right=[hide_with_insert],
        wrong={
            "按 token 分": (it._by_tokens, "劈开"),
            "去掉零头": (it._rounds_down, "四舍五入"),
            "从后面数": (it._from_the_end, "反了"),
            "位置数句子": (it._sentence_number, "数句子"),
            "针没有放进去": lambda hay, needle, depth: (sum(hay, []), hide_with_insert(hay, needle, depth)[1]),
            "总在最前": lambda hay, needle, depth: hide_with_insert(hay, needle, 0.0),
        },
    ),
    "long_context.whole": dict(
        right=[whole_sorted],
        wrong={
            "比平均": (lambda losses: min(range(len(losses)), key=lambda i: losses[i].mean().item()), "不除以长度"),
            "只看第一个": (lambda losses: min(range(len(losses)), key=lambda i: losses[i][0].item()), "第一个"),
            "只看最后一个": (lambda losses: min(range(len(losses)), key=lambda i: losses[i][-1].item()), "最后一个"),
            "挑了最小的": (lambda losses: max(range(len(losses)), key=lambda i: losses[i].sum().item()), "越大"),
            "只看最难的": (lambda losses: min(range(len(losses)), key=lambda i: losses[i].max().item()), "最难"),
            "挑最短的": lambda losses: min(range(len(losses)), key=lambda i: len(losses[i])),
        },
    ),
}
