"攻击“留出一份”的检查器。"

import copy
import math

import torch

from minimind.exercises import validate as it


def running(parts):
    mean, seen = 0.0, 0
    for total, count in parts:
        seen += count
        mean += (total - mean * count) / seen if seen else 0.0
    return mean


def reversed_best(scores):
    kept = []
    for i, (step, loss) in enumerate(scores):
        before = [v for _, v in scores[:i] if not math.isnan(v)]
        if not math.isnan(loss) and loss < min(before, default=math.inf):
            kept.append(step)
    return kept


def floor_by_torch(wrong, n):
    chances = torch.full((n,), wrong / n, dtype=torch.float64)
    chances[-1] += 1 - wrong
    return torch.distributions.Categorical(probs=chances).entropy().item()


def quiet_by_contexts(model, score):
    was = model.training
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            return score(model.eval())
    finally:
        model.train(was)


def no_eval(model, score):
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        return score(model)


def keeps_grad(model, score):
    was = model.training
    try:
        with torch.random.fork_rng(devices=[]):
            return score(model.eval())
    finally:
        model.train(was)


def swallows(model, score):
    try:
        return it.solution_quiet(model, score)
    except ValueError:
        return 0.0


ATTACKS = {
    "validate.mean": dict(
        right=[running],
        wrong={
            "各自平均再平均": (lambda parts: sum(t / n for t, n in parts if n) / max(1, len(parts)), "各批"),
            "跳过了末批": (lambda parts: running(parts[:-1]), "各批"),
            "空的当 1": (lambda parts: running([(t, n or 1) for t, n in parts]), "各批"),
            "取整": (lambda parts: float(round(running(parts))), "应是 3.5"),
        },
    ),
    "validate.keep": dict(
        right=[reversed_best],
        wrong={
            "只留最后最好的": (lambda scores: reversed_best(scores)[-1:], "成绩"),
            "越高越好": (lambda scores: reversed_best([(s, -v) for s, v in scores]), "成绩"),
            "给的是第几次": (lambda scores: [i for i, s in enumerate(scores) if s[0] in reversed_best(scores)], "成绩"),
            "NaN 之后从头比": (
                lambda scores: reversed_best(scores[next((i + 1 for i, (_, v) in enumerate(scores) if v != v), 0) :]),
                "成绩",
            ),
        },
    ),
    "validate.floor": dict(
        right=[it._by_summing, floor_by_torch],
        wrong={
            "抽不回对的": (it._never_right, "抽回对的"),
            "合成一种": (it._two_kinds, "每种"),
            "比特": (it._in_bits, "自然对数"),
            "只算对的": (it._surprise_of_right, "别的也会"),
            "不看写错几成": (lambda wrong, n: math.log(n), "最低的损失"),
        },
    ),
    "validate.quiet": dict(
        right=[quiet_by_contexts],
        wrong={
            "什么也不还": (it._sit, "应是 True"),
            "停在 eval": (it._leaves_eval, "应是 True"),
            "总是打开": (it._always_train, "应是 False"),
            "随机状态不还": (it._dice_gone, "随机状态"),
            "出错就不还": (it._only_when_fine, "半路出错"),
            "没有 eval": (no_eval, "dropout"),
            "记了梯度": (keeps_grad, "梯度"),
            "咽下了错": (swallows, "照样抛"),
            "考了两次": (lambda model, score: [it.solution_quiet(model, score) for _ in "两次"][0], "恰好"),
            "没有返回": (lambda model, score: it.solution_quiet(model, score) and None, "返回"),
            "考的是副本": (lambda model, score: it.solution_quiet(copy.deepcopy(model), score), "副本"),
        },
    ),
}
