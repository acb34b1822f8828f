"攻击 GRPO 的两个检查器。"

import torch

from minimind.exercises import train_grpo as it
from minimind.trainer.objectives import group_advantages, kl_k3


def by_module(rewards, g):
    return group_advantages(torch.tensor(rewards, dtype=torch.float64), g).tolist()


def by_tensors(logp, ref):
    return kl_k3(torch.tensor(logp, dtype=torch.float64), torch.tensor(ref, dtype=torch.float64)).tolist()


ATTACKS = {
    "train_grpo.advantages": dict(
        right=[by_module, it._standard],
        wrong={
            "和整批比": (it._whole, "各和各的同伴比"),
            "隔着分组": (it._interleaved, "挨着"),
            "不除标准差": (it._centred, "没有除以标准差"),
            "分母是 g": (it._population, "g−1"),
            "正负反了": (lambda r, g: [-a for a in it._standard(r, g)], "负号"),
            "每组一个": (lambda r, g: it._standard(r, g)[::g], "个优势"),
        },
    ),
    "train_grpo.k3": dict(
        right=[by_tensors, it._k3],
        wrong={
            "方向反了": (it._reversed, "方向反了"),
            "k1": (it._k1, "k1"),
            "k2": (it._k2, "k2"),
            "没减 1": (it._no_one, "减 1"),
            "再乘概率": (it._full, "不必再乘"),
            "求了平均": (lambda logp, ref: sum(it._k3(logp, ref)) / max(1, len(logp)), "列表"),
        },
    ),
}
