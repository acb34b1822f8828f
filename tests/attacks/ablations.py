"攻击“拆一样，看少了什么”的三个检查器。"

from statistics import mean, stdev

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
}
