"攻击奖励模型的两个检查器。"

import torch

from minimind.exercises import train_reward as it


def by_logaddexp(chosen, rejected):
    return torch.logaddexp(torch.zeros_like(chosen), rejected - chosen).mean()


def absolute(chosen, rejected):
    return torch.nn.functional.softplus(-(chosen - rejected).abs()).mean()


def by_gather(hidden, mask):
    at = (mask.cumsum(1) * mask).argmax(1)
    return hidden.gather(1, at[:, None, None].expand(-1, 1, hidden.shape[-1])).squeeze(1)


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
}
