"攻击奖励的检查器。"

import re
from itertools import product

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


def repeats_one_by_one(text, n):
    seen, again, total = set(), 0, 0
    for i in range(len(text) - n + 1):
        again, total = again + (text[i : i + n] in seen), total + 1
        seen.add(text[i : i + n])
    return -again / total if total else 0.0


def by_corners(others):
    totals = [sum(w * s for (w, _, _), s in zip(others, pick)) for pick in product(*((l, h) for _, l, h in others))]
    return float(max(totals) - min(totals))


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
    "rewards.repetition": dict(
        right=[repeats_one_by_one],
        wrong={
            "忘了取负": (lambda t, n: -it._by_counts(t, n), "取负"),
            "一段接一段": (it._side_by_side, "一个字一个字地挪"),
            "数的是字": (lambda t, n: it._by_counts(t, 1), "n 个字的片段"),
            "不同的占几成": (lambda t, n: -len({*zip(*(t[i:] for i in range(n)))}) / max(1, len(t) - n + 1), "重复的"),
            "漏了最后一段": (lambda t, n: it._by_counts(t[:-1], n), "漏了"),
            "除以 0": (lambda t, n: it.solution_repetition(t, n) / (len(t) >= n), "除以 0"),
            "有重复就是 −1": (lambda t, n: float(-(it._by_counts(t, n) < 0)), "应是"),
        },
    ),
    "rewards.enough": dict(
        right=[by_corners],
        wrong={
            "只加权重": (lambda others: sum(w for w, _, _ in others), "最高减最低"),
            "只看最高": (lambda others: sum(w * h for w, _, h in others), "最低分"),
            "只看一种": (lambda others: max((w * (h - l) for w, l, h in others), default=0.0), "一起来"),
            "忘了权重": (lambda others: sum(h - l for _, l, h in others), "忘了乘权重"),
            "总是 1": (lambda others: 1.0, "应是"),
        },
    ),
}
