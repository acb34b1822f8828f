"攻击“拆一样，看少了什么”的五个检查器。"

from statistics import mean, stdev

import torch
from torch import nn

from minimind.exercises import ablations as it
from minimind.model.norm import RMSNorm


def by_walking(model):
    for name, module in list(model.named_modules()):
        if isinstance(module, RMSNorm) and "self_attn" not in name:
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], nn.LayerNorm(module.weight.shape, eps=module.eps))


def only_the_last(model):
    model.model.norm = nn.LayerNorm(model.model.norm.weight.numel(), eps=model.model.norm.eps)


def too_wide(model):
    by_walking(model)
    model.model.norm = nn.LayerNorm(8, eps=model.model.norm.eps)


def match_by_search(hidden, heads, old, new, inner):
    goal = it._layer(hidden, heads, old, inner)
    return min(range(1, 6 * hidden), key=lambda m: abs(it._layer(hidden, heads, new, m) - goal))


def always_down(hidden, heads, old, new, inner):
    return int(inner + 2 * (old - new) * (hidden // heads) / 3)


def decide_with_t(old, new):
    gaps = [b - a for a, b in zip(old, new)]
    t = mean(gaps) / (stdev(gaps) / len(gaps) ** 0.5)
    return "更好" if t < -4.303 else "更差" if t > 4.303 else "未定"


def population(old, new):
    gaps = [b - a for a, b in zip(old, new)]
    return it._say(mean(gaps), 4.303 * stdev(gaps) * (2 / 3) ** 0.5 / 3**0.5)


def places_by_walking(docs):
    out, last, place = [], None, 0
    for doc in docs.tolist():
        place = place + 1 if doc == last else 0
        out.append(place)
        last = doc
    return torch.tensor(out)


def sinusoids_by_index(count, width):
    out = torch.zeros(count, width)
    for i in range(width // 2):
        angle = torch.arange(count) * 10000 ** (-2 * i / width)
        out[:, 2 * i] = angle.sin()
        out[:, 2 * i + 1] = angle.cos()
    return out


def all_sines(count, width):
    out = sinusoids_by_index(count, width)
    out[:, 1::2] = out[:, 0::2]
    return out


ATTACKS = {
    "ablations.layer_norm": dict(
        right=[by_walking],
        wrong={
            "漏了最后": (it._blocks_only, "最后"),
            "默认的 eps": (it._default_eps, "eps"),
            "共用一个": (it._one_for_all, "共用"),
            "全都换了": (it._everything, "q_norm"),
            "只换最后": (only_the_last, "第 0 块"),
            "宽度不对": (too_wide, "宽度"),
            "什么也没做": (lambda model: None, "第 0 块"),
        },
    ),
    "ablations.match": dict(
        right=[match_by_search],
        wrong={
            "只算键": (it._keys_only, "只算了一块"),
            "两块": (it._two_blocks, "三块"),
            "反了": (it._wrong_way, "反了"),
            "没乘头宽": (it._heads_not_width, "宽度"),
            "总是舍掉": (always_down, "旁边一格"),
            "不变": (lambda hidden, heads, old, new, inner: inner, "键值头从 2 换成 4"),
            "是小数": (lambda *a: float(it.solution_match(*a)), "整数"),
        },
    ),
    "ablations.decide": dict(
        right=[decide_with_t],
        wrong={
            "只看平均": (it._only_means, "晃动"),
            "大样本": (it._large_sample, "4.303"),
            "不成对": (it._not_paired, "相减"),
            "没开方": (it._no_root, "√3"),
            "同向就算": (it._all_agree, "同向"),
            "反了": (it._upside_down, "反了"),
            "总体标准差": (population, "新 ["),
            "总是未定": (lambda old, new: "未定", "-0.099"),
        },
    ),
    "ablations.places": dict(
        right=[places_by_walking],
        wrong={
            "一路数下去": (lambda docs: torch.arange(len(docs)), "重新数"),
            "从 1 数": (lambda docs: places_by_walking(docs) + 1, "不是从 1"),
            "数了第几篇": (lambda docs: docs.unique_consecutive(return_inverse=True)[1], "第几篇"),
            "倒着数": (lambda docs: places_by_walking(docs.flip(0)).flip(0), "从后往前"),
            "每篇当作一样长": lambda docs: torch.arange(len(docs)) % max(1, len(docs) // docs.unique().numel()),
        },
    ),
    "ablations.sinusoids": dict(
        right=[sinusoids_by_index],
        wrong={
            "前一半后一半": (it._halves, "隔着放"),
            "各转各的": (it._own_speed, "转速相同"),
            "指数少了 2": (it._slow_pairs, "少了 2"),
            "sin 与 cos 反了": (
                lambda n, w: sinusoids_by_index(n, w).view(n, -1, 2).flip(2).flatten(1), "次序反了"
            ),
            "从第 1 位起": (lambda n, w: sinusoids_by_index(n + 1, w)[1:], "从 0 数起"),
            "全是 sin": all_sines,
        },
    ),
}
