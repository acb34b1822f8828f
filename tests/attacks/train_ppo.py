"攻击 PPO 的两个检查器。"

import torch

from minimind.exercises import train_ppo as it
from minimind.trainer.train_ppo import token_rewards as by_module


def by_tensors(score, mask, penalty):
    return by_module(torch.tensor([score]).double(), torch.tensor([mask]), torch.tensor([penalty]).double())[0].tolist()


def by_branches(coef, kl, target):
    if kl > 1.2 * target:
        return coef * 1.02
    if kl < 0.8 * target:
        return coef * 0.98
    return coef * (0.9 + 0.1 * kl / target)


ATTACKS = {
    "train_ppo.token_rewards": dict(
        right=[by_tensors, it._rewards],
        wrong={
            "记在最后一格": (it._at_the_end, "最后一个自己写的"),
            "处处都给": (it._everywhere, "只记一次"),
            "填充也扣": (it._padding_too, "不扣也不给"),
            "加上惩罚": (it._added, "不是加"),
            "记在第一个": (it._first, "写完才知道"),
            "只回总分": (lambda score, mask, penalty: score, "列表"),
        },
    ),
    "train_ppo.adapt": dict(
        right=[by_branches, it._adapted],
        wrong={
            "不截": (it._wild, "没有截住"),
            "方向反了": (it._backwards, "方向反了"),
            "加": (it._adds, "乘上去"),
            "没乘 0.1": (it._whole_step, "0.1"),
            "相减": (it._absolute, "比值"),
            "翻倍减半": (lambda c, kl, t: c * (2 if kl > 1.5 * t else 0.5 if kl < t / 1.5 else 1), "应是"),
        },
    ),
}
