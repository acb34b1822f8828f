"攻击 PPO 的检查器。"

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


def by_index(scores):
    out = torch.zeros_like(scores)
    out[:, 1:] = scores[:, :-1]
    return out


def passes_by_recursion(drifts, target):
    if not drifts:
        return 0
    return 1 if target and drifts[0] > target else 1 + passes_by_recursion(drifts[1:], target)


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
    "train_ppo.shift": dict(
        right=[by_index],
        wrong={
            "转圈": (lambda s: s.roll(1, 1), "要写 0"),
            "方向反了": (lambda s: torch.cat([s[:, 1:], s[:, :1] * 0], 1), "方向反了"),
            "没有挪": (lambda s: s.clone(), "没有挪"),
            "挪了行": (lambda s: torch.cat([s[:1] * 0, s[:-1]]), "挪的是列"),
            "少了一格": (lambda s: s[:, :-1], "形状"),
            "断了梯度": (lambda s: it.solution_shift(s.detach()), "梯度"),
        },
    ),
    "train_ppo.passes": dict(
        right=[passes_by_recursion],
        wrong={
            "走远的那遍没算": (it._before, "要算上它"),
            "数没走远的": (lambda d, t: sum(far <= t for far in d), "走远一次就停"),
            "不停": (lambda d, t: len(d), "没有停"),
            "0 当成上限": (lambda d, t: it._before(d, t or 1e-9) + any(far > t for far in d), "不管"),
            "等于也停": (lambda d, t: next((i for i, far in enumerate(d, 1) if t and far >= t), len(d)), "正好等于"),
            "看最大的": (lambda d, t: 1 if t and max(d) > t else len(d), "第三遍走远"),
        },
    ),
}
