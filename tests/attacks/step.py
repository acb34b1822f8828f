import torch

from minimind.exercises import step as it


def factor_by_loop(counts):
    total = 0
    for n in counts:
        total += n
    return 1 / (total / len(counts))


def mean_of_inverses(counts):
    return sum(1 / max(n, 1) for n in counts) / len(counts)


def supervised_by_counting(labels):
    return labels[:, 1:].numel() - int(labels[:, 1:].eq(-100).sum())


def first_row_only(labels):
    return supervised_by_counting(labels[:1])


def clip_with_where(grad, scale, limit):
    real = grad.div(scale)
    size = real.square().sum().sqrt()
    return torch.where(size > limit, real * (limit / size), real)


def limit_of_one(grad, scale, limit):
    return clip_with_where(grad, scale, 1.0)


ATTACKS = {
    "step.factor": dict(
        right=[factor_by_loop],
        wrong={
            "忘了 DDP 求平均": (lambda counts: 1 / sum(counts), "乘回来"),
            "只除自己的": (lambda counts: 1 / max(counts[0], 1), "要乘的数"),
            "除以进程数": (lambda counts: 1 / len(counts), "不是进程数"),
            "弄反了": (lambda counts: sum(counts) / len(counts), "弄反"),
            "倒数的平均": mean_of_inverses,
        },
    ),
    "step.supervised": dict(
        right=[supervised_by_counting],
        wrong={
            "第一个也算": (lambda labels: int((labels != -100).sum()), "没有前文"),
            "去掉最后一个": (lambda labels: int((labels[:, :-1] != -100).sum()), "该去掉第一个"),
            "数不学的": (lambda labels: int((labels[:, 1:] == -100).sum()), "不学的"),
            "0 不算": (lambda labels: int((labels[:, 1:] > 0).sum()), "编号是 0"),
            "只看第一句": first_row_only,
        },
    ),
    "step.clipped": dict(
        right=[clip_with_where],
        wrong={
            "先裁剪后还原": (lambda g, s, limit: it._shorter(g, limit) / s, "后还原"),
            "忘了还原": (lambda g, s, limit: it._shorter(g, limit), "忘了还原"),
            "没有裁剪": (lambda g, s, limit: g / s, "没有裁剪"),
            "短的也拉长": (lambda g, s, limit: g / g.norm() * limit if g.any() else g, "拉长"),
            "逐个数裁": (lambda g, s, limit: (g / s).clamp(-limit, limit), "按整个的长度"),
            "上限写死了": limit_of_one,
        },
    ),
}
