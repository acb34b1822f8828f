"攻击采样的三个检查器。"

import math

import torch


def top_p_by_threshold(logits, p):
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


ATTACKS = {
    "sampling.top_p": dict(
        right=[top_p_by_threshold],
        wrong={
            "p=0 时整行删光": (lambda x, p: top_p_exclusive(x, p, first=False), "第一名总要留下"),
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
}
