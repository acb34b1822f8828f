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
}
