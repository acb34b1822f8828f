"攻击 GRPO 的检查器。"

import torch

from minimind.exercises import train_grpo as it
from minimind.trainer.objectives import group_advantages, kl_k3


def by_module(rewards, g):
    return group_advantages(torch.tensor(rewards, dtype=torch.float64), g).tolist()


def by_tensors(logp, ref):
    return kl_k3(torch.tensor(logp, dtype=torch.float64), torch.tensor(ref, dtype=torch.float64)).tolist()


def attempts_by_counting(idle, again):
    "一次一次地数：正好采 k 次的机会 × k。"
    stop = [idle ** (k - 1) * (1 - idle) for k in range(1, again + 1)] + [idle**again]
    return sum(k * p for k, p in enumerate(stop, 1))


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
    "train_grpo.attempts": dict(
        right=[it._one_more, attempts_by_counting],
        wrong={
            "没有上限": (lambda p, n: 1 / (1 - p), "没有上限"),
            "头一次没算": (lambda p, n: it._one_more(p, n) - 1, "头一次"),
            "少一次": (lambda p, n: it._one_more(p, n - 1) if n else 0.0, "少数了一次"),
            "没有连乘": (lambda p, n: 1 + p * n, "连乘"),
            "每次都采": (lambda p, n: 1.0 + n, "每次"),
            "同分与不同分反了": (lambda p, n: it._one_more(1 - p, n), "应是"),
        },
    ),
    "train_grpo.token": dict(
        right=[it._by_trying],
        wrong={
            "没除句数": (it._own_only, "句数"),
            "dr_grpo 没除句数": (it._rows_forgotten, "忘了句数"),
            "dr_grpo 看真的长度": (it._real_lengths, "除以最长"),
            "grpo 对全体平均": (it._grpo_by_tokens, "句内平均"),
            "都是句内平均": (lambda lengths, row, kind, n: it._by_trying(lengths, row, "grpo", n), "dapo"),
            "不看是哪一句": (lambda lengths, row, kind, n: it._by_trying(lengths, 0, kind, n), "应是"),
        },
    ),
}
