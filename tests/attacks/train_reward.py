"攻击奖励模型的检查器。"

import torch

from minimind.exercises import train_reward as it


def by_logaddexp(chosen, rejected):
    return torch.logaddexp(torch.zeros_like(chosen), rejected - chosen).mean()


def absolute(chosen, rejected):
    return torch.nn.functional.softplus(-(chosen - rejected).abs()).mean()


def by_gather(hidden, mask):
    at = (mask.cumsum(1) * mask).argmax(1)
    return hidden.gather(1, at[:, None, None].expand(-1, 1, hidden.shape[-1])).squeeze(1)


def chain_by_tanh(p, q):
    a, b = 2 * p - 1, 2 * q - 1  # tanh(分差/2) 的加法公式
    return ((a + b) / (1 + a * b) + 1) / 2


def calibration_by_where(gaps, low, high):
    sure = 1 / (1 + torch.exp(-gaps.abs()))
    mine = torch.where((sure >= low) & (sure < high), 1.0, 0.0)
    n = max(1.0, mine.sum().item())
    return (sure * mine).sum().item() / n, (mine * (gaps > 0)).sum().item() / n


def no_empty_group(gaps, low, high):
    sure = torch.sigmoid(gaps.abs())
    mine = (sure >= low) & (sure < high)
    return sure[mine].mean().item(), (gaps[mine] > 0).float().mean().item()


ATTACKS = {
    "reward.loss": dict(
        right=[by_logaddexp],
        wrong={
            "放反": (it._swapped, "放反"),
            "求和": (it._summed, "平均"),
            "先平均分数": (it._of_means, "每一对"),
            "先概率再对数": (it._by_log, "溢出"),
            "不分谁好": (absolute, "随机"),
            "返回数": (lambda a, b: it._reference(a, b).item(), "张量"),
            "常数": (lambda a, b: torch.tensor(0.126928), "ln 2"),
        },
    ),
    "reward.last": dict(
        right=[by_gather],
        wrong={
            "最后一列": (it._last_column, "填充"),
            "差一": (it._off_by_one, "减一"),
            "平均": (it._mean, "平均"),
            "按最长的取": (it._longest, "长短不同"),
            "断了梯度": (lambda h, m: it.solution_last(h, m).detach(), "梯度"),
            "取第一个": (lambda h, m: h[:, 0], "长 (3, 5, 1)"),
        },
    ),
    "reward.chain": dict(
        right=[chain_by_tanh],
        wrong={
            "相乘": (lambda p, q: p * q, "直接相乘"),
            "至少赢一场": (lambda p, q: 1 - (1 - p) * (1 - q), "至少赢一场"),
            "平均": (lambda p, q: (p + q) / 2, "不是平均"),
            "分差相减": (lambda p, q: p * (1 - q) / (p * (1 - q) + (1 - p) * q), "相减"),
            "取大的": (max, "较大"),
            "没变回概率": (lambda p, q: p / (1 - p) * q / (1 - q), "应是"),
        },
    ),
    "reward.calibration": dict(
        right=[it._pair_by_pair, calibration_by_where],
        wrong={
            "没取绝对值": (it._signed, "取绝对值"),
            "对错看了全部": (it._of_all, "这一组"),
            "次序反了": (lambda g, low, high: it._pair_by_pair(g, low, high)[::-1], "次序反了"),
            "没有分组": (lambda g, low, high: it._pair_by_pair(g, 0.0, 2.0), "没有分组"),
            "空组给 nan": (no_empty_group, "一对也没有"),
            "只给一个数": (lambda g, low, high: it._pair_by_pair(g, low, high)[1], "两个数"),
            "都算选对": (lambda g, low, high: (it._pair_by_pair(g, low, high)[0], 1.0), "三对"),
        },
    ),
}
