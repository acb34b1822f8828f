"攻击偏好优化的两个检查器。"

import torch
import torch.nn.functional as F

from minimind.exercises import train_dpo as it


def by_cross_entropy(logits, labels):
    nll = F.cross_entropy(logits[:, :-1].transpose(1, 2), labels[:, 1:], ignore_index=-100, reduction="none")
    return -nll.sum(1)


def shifted_back(logits, labels):
    keep = labels[:, :-1] != -100
    return (it._picked(logits[:, 1:], labels[:, :-1]) * keep).sum(1)


def by_ratio(pc, pr, rc, rr, beta):
    return torch.logaddexp(torch.zeros_like(pc), beta * ((pr - rr) - (pc - rc))).mean()


def push_by_exp(h, beta):
    return beta / (1 + torch.exp(beta * h))


def steady_push(h, beta):
    return torch.full_like(h, beta / 2)


def ipo_expanded(h, beta):
    return h * h - h / beta + 1 / (4 * beta**2)


def one_sided(h, beta):
    return (1 / (2 * beta) - h).clamp(min=0) ** 2


ATTACKS = {
    "dpo.sequence": dict(
        right=[by_cross_entropy],
        wrong={
            "没有错位": (it._no_shift, "错位"),
            "填充也加": (it._with_padding, "不算的位置"),
            "平均": (it._mean, "求和"),
            "加的是分数": (it._raw, "对数概率"),
            "错到另一边": (shifted_back, "提问两个"),
            "全批加在一起": (lambda z, y: it._loops(z, y).sum().expand(len(y)), "两行"),
        },
    ),
    "dpo.loss": dict(
        right=[by_ratio],
        wrong={
            "没有参考": (it._no_reference, "没有用参考"),
            "放反": (it._swapped, "放反"),
            "忘了 β": (it._no_beta, "β"),
            "β 在外面": (it._beta_outside, "里面"),
            "参考放反": (it._crossed, "参考的好坏"),
            "先概率再对数": (lambda a, b, c, d, k: -torch.sigmoid(k * (a - b - c + d)).log().mean(), "溢出"),
            "求和": (lambda a, b, c, d, k: it._softplus(a, b, c, d, k) * len(a), "六对"),
        },
    ),
    "dpo.push": dict(
        right=[push_by_exp],
        wrong={
            "少乘了 β": (lambda h, beta: torch.sigmoid(-beta * h), "少乘了 β"),
            "符号反了": (lambda h, beta: beta * torch.sigmoid(beta * h), "符号反了"),
            "忘了取负": (lambda h, beta: -beta * torch.sigmoid(-beta * h), "忘了取负"),
            "没有求导": (lambda h, beta: -F.logsigmoid(beta * h), "还没有求导"),
            "力总一样大": steady_push,
        },
    ),
    "dpo.ipo": dict(
        right=[ipo_expanded],
        wrong={
            "少除了 2": (lambda h, beta: (h - 1 / beta) ** 2, "少除了 2"),
            "倒数写反": (lambda h, beta: (h - 2 * beta) ** 2, "不是 2β"),
            "又乘了 β": (lambda h, beta: (beta * h - 1 / (2 * beta)) ** 2, "没有再乘"),
            "没有平方": (lambda h, beta: (h - 1 / (2 * beta)).abs(), "没有平方"),
            "超过的不罚": one_sided,
        },
    ),
}
