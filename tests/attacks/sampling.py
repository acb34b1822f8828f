"攻击采样的检查器。"

import math

import torch

from minimind.exercises import sampling as it


def top_p_by_threshold(logits, p):
    if p >= 1:
        return logits.clone()
    probs = logits.softmax(-1)
    rank = probs.argsort(-1, descending=True).argsort(-1)
    ahead = (probs[:, None, :] * (rank[:, None, :] < rank[:, :, None])).sum(-1)  # 排在自己前面的概率之和
    return torch.where((ahead < p) | (rank == 0), logits, -math.inf)


def top_p_exclusive(logits, p, first=True, flat=False):
    ordered, order = (logits.reshape(1, -1) if flat else logits).sort(-1, descending=True)
    probs = ordered.softmax(-1)
    drop = probs.cumsum(-1) - probs >= p
    if first:
        drop[..., 0] = False
    return logits.masked_fill(drop.scatter(-1, order, drop).view_as(logits), -math.inf)


def top_p_returns_probs(logits, p):
    kept = top_p_by_threshold(logits, p)
    return kept.softmax(-1)


def top_p_cuts_crossing(logits, p):
    ordered, order = logits.sort(-1, descending=True)
    drop = ordered.softmax(-1).cumsum(-1) > p
    drop[..., 0] = False
    return logits.masked_fill(drop.scatter(-1, order, drop), -math.inf)


def penalty_by_mask(logits, seen, penalty):
    mask = torch.zeros_like(logits)
    mask.scatter_(1, seen, 1.0)
    factor = torch.where(logits > 0, torch.tensor(1 / penalty), torch.tensor(penalty))
    return logits * (mask * (factor - 1) + 1)


def penalty_each_time(logits, seen, penalty):
    out = logits.clone()
    for row, ids in enumerate(seen.tolist()):
        for i in ids:
            out[row, i] *= 1 / penalty if out[row, i] > 0 else penalty
    return out


def sample_by_gumbel(logits):
    return (logits - torch.empty_like(logits).exponential_().log()).argmax(-1)


def sample_same_luck(logits):
    return (logits.softmax(-1).cumsum(-1) < torch.rand(())).sum(-1).clamp(max=logits.shape[-1] - 1)


def sample_seeded(logits):
    g = torch.Generator().manual_seed(0)
    return torch.multinomial(logits.softmax(-1), 1, generator=g).squeeze(-1)


def sample_in_proportion(logits):
    n, probs = len(logits), logits.softmax(-1)
    edges = probs.cumsum(-1)
    place = (torch.arange(n) / n + torch.rand(())) % 1  # 按行号分配名额：邻居总是一样
    return (edges < place[:, None]).sum(-1).clamp(max=logits.shape[-1] - 1)


def warm_with_where(x, t):
    return x / t if t > 0 else torch.where(x == x.amax(-1, keepdim=True), x, torch.tensor(-math.inf))


def tiny_instead_of_zero(x, t):
    return x / max(t, 1e-6)


def only_the_first_max(x, t):
    if t:
        return x / t
    return torch.full_like(x, -math.inf).scatter(1, x.argmax(-1, keepdim=True), x.amax(-1, keepdim=True))


def top_k_by_scatter(x, k):
    if not 0 < k < x.shape[-1]:
        return x.clone()
    values, places = x.topk(k)
    return torch.full_like(x, -math.inf).scatter(1, places, values)


def one_threshold_for_all(x, k):
    if not 0 < k < x.shape[-1]:
        return x.clone()
    return x.masked_fill(x < x.topk(k).values.min(), -math.inf)


def loses_the_edge(x, k):
    if not 0 < k < x.shape[-1]:
        return x.clone()
    return x.masked_fill(x <= x.topk(k).values[:, -1:], -math.inf)


def nothing_when_off(x, k):
    return top_k_by_scatter(x, k) if k else torch.full_like(x, -math.inf)


ATTACKS = {
    "sampling.top_p": dict(
        right=[top_p_by_threshold],
        wrong={
            "p=0 时整行删光": (lambda x, p: top_p_exclusive(x, p, first=False), "第一名总要留下"),
            "p=1 也删了尾巴": (top_p_exclusive, "提早到 1.0"),
            "删了跨过门槛的那一个": (top_p_cuts_crossing, "哪些留下了"),
            "全批共用一个门槛": (lambda x, p: top_p_exclusive(x, p, flat=True), "哪些留下了"),
            "返回概率而不是分数": (top_p_returns_probs, "哪些留下了"),
            "什么都不删": (lambda x, p: x.clone(), "哪些留下了"),
            "只留最大的": (lambda x, p: torch.where(x == x.amax(-1, keepdim=True), x, -math.inf), "哪些留下了"),
        },
    ),
    "sampling.penalty": dict(
        right=[penalty_by_mask],
        wrong={
            "负分也除": (lambda x, s, p: x.scatter(1, s, x.gather(1, s) / p), "除法"),
            "出现几次罚几次": (penalty_each_time, "不止一次"),
            "谁都罚": (lambda x, s, p: torch.where(x > 0, x / p, x * p), "惩罚 2 之后"),
            "减去惩罚": lambda x, s, p: x.scatter(1, s, x.gather(1, s) - p),
            "正负弄反": lambda x, s, p: x.scatter(1, s, torch.where(x > 0, x * p, x / p).gather(1, s)),
            "各行的历史合在一起": (lambda x, s, p: penalty_by_mask(x, s.flatten().expand(len(x), -1), p), "别的行"),
        },
    ),
    "sampling.rows": dict(
        right=[sample_by_gumbel],
        wrong={
            "各行同一个随机数": (sample_same_luck, "同一个词"),
            "总是最大的": (lambda x: x.argmax(-1), "同一个词"),
            "用第一行的概率": (lambda x: torch.multinomial(x[0].softmax(-1), len(x), replacement=True), "各行不同"),
            "定死种子": (sample_seeded, "种子"),
            "按行号分配名额": (sample_in_proportion, "相邻两行"),
            "不看概率": (lambda x: torch.randint(0, x.shape[-1], (len(x),)), "各行不同"),
            "squeeze 把只有一行的那一维也压掉了": (lambda x: torch.multinomial(x.softmax(-1), 1).squeeze(), "只有一行"),
            "忘了 softmax": lambda x: torch.multinomial(x.clamp(min=0, max=9) + 1, 1)[:, 0],
        },
    ),
    "sampling.temperature": dict(
        right=[warm_with_where],
        wrong={
            "真的除以 0": (lambda x, t: x / t, "单独照顾"),
            "整批一个最大": (it._whole_max, "各找各的"),
            "乘了温度": (lambda x, t: x * t if t else warm_with_where(x, 0), "该除"),
            "用极小的数代替 0": tiny_instead_of_zero,
            "并列的只留一个": (only_the_first_max, "并列"),
            "先变成了概率": lambda x, t: warm_with_where(x, t).softmax(-1),
        },
    ),
    "sampling.top_k": dict(
        right=[top_k_by_scatter],
        wrong={
            "写成了 0": (it._zeroed, "仍有概率"),
            "整批一个门槛": one_threshold_for_all,
            "门槛上的也删了": loses_the_edge,
            "k=0 时全删": (nothing_when_off, "k=0"),
            "只交回 k 个": (lambda x, k: x.topk(min(k, x.shape[-1]) or x.shape[-1]).values, "形状"),
            "最小的 k 个": lambda x, k: -top_k_by_scatter(-x, k),
        },
    ),
}
