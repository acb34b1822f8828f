"攻击奖励的两个检查器。"

import re

from minimind.exercises import rewards as it
from minimind.trainer.rewards import kept_reward


def by_module(answer, gt):
    return kept_reward([answer], gt)


def by_draws(p, g):
    "一句一句地列：有对有错。"
    total = 0.0
    for code in range(2**g):
        rights = bin(code).count("1")
        total += p**rights * (1 - p) ** (g - rights) * (0 < rights < g)
    return total


ATTACKS = {
    "rewards.kept": dict(
        right=[by_module, it._kept],
        wrong={
            "在字里找": (it._inside, "取出来比"),
            "有一样就满分": (it._any, "几成"),
            "全有才给": (it._all, "几成"),
            "几样": (it._count, "几成"),
            "只看数": (it._only_numbers, "也要找"),
            "空着时除以 0": (lambda a, gt: sum(x in a for x in gt) / len(gt), "0"),
            "把数全连起来": (lambda a, gt: float("".join(re.findall(r"\d", a)) == "".join(gt)), "应是"),
        },
    ),
    "rewards.useful": dict(
        right=[by_draws, it._useful],
        wrong={
            "忘了全对": (it._some_right, "全对"),
            "忘了全错": (it._some_wrong, "全错"),
            "两句的公式": (it._pair, "与 g 无关"),
            "恰好一句对": (lambda p, g: g * p * (1 - p) ** (g - 1), "应是"),
            "取补": (lambda p, g: p**g + (1 - p) ** g, "应是"),
        },
    ),
}
