"攻击预训练的检查器。"

import math

import torch
import torch.nn.functional as F

from minimind.exercises import train_pretrain as it


def loss_by_logsumexp(logits, labels):
    total = logits.new_zeros(())
    for b in range(labels.shape[0]):
        for t in range(1, labels.shape[1]):
            if labels[b, t] >= 0:
                scores = logits[b, t - 1]
                total = total + scores.logsumexp(0) - scores[labels[b, t]]
    return total


def log_of_softmax(logits, labels):
    keep = labels[:, 1:] != -100
    probs = logits[:, :-1].softmax(-1).gather(-1, labels[:, 1:].clamp(min=0)[..., None])[..., 0]
    return -probs[keep].log().sum()


def hides_zero(logits, labels):
    return loss_by_logsumexp(logits, torch.where(labels == 0, -100, labels))


def hides_whole_row(logits, labels):
    return loss_by_logsumexp(logits, torch.where((labels == -100).any(1, keepdim=True), -100, labels))


def clamps_the_labels(logits, labels):
    out = loss_by_logsumexp(logits, labels)
    labels.clamp_(min=0)
    return out


def half_flows(logits, labels):
    return loss_by_logsumexp(logits, labels) + (logits.detach() - logits).sum() * 0.1


def ladder_by_groups(tokens):
    after = {}
    for a, b in zip(tokens, tokens[1:]):
        after.setdefault(a, []).append(b)
    entropy = lambda xs: sum(-math.log(xs.count(x) / len(xs)) for x in xs) / len(xs)
    n = len(tokens) - 1
    return entropy(list(tokens[1:])), sum(entropy(xs) * len(xs) / n for xs in after.values())


def groups_weigh_the_same(tokens):
    after = {}
    for a, b in zip(tokens, tokens[1:]):
        after.setdefault(a, []).append(b)
    entropy = lambda xs: sum(-math.log(xs.count(x) / len(xs)) for x in xs) / len(xs)
    return entropy(list(tokens[1:])), sum(map(entropy, after.values())) / len(after)


def counts_last_too(tokens):
    one, _ = ladder_by_groups(tokens)
    n, pairs = len(tokens) - 1, list(zip(tokens, tokens[1:]))
    return one, sum(-math.log(pairs.count(p) / tokens.count(p[0])) for p in pairs) / n


def grad_by_scatter(logits, target):
    p = logits.softmax(-1)
    return p.scatter_add(1, target[:, None], -torch.ones_like(p[:, :1]))


def naive_exponentials(logits, target):
    p = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return p - F.one_hot(target, logits.shape[-1])


def along_places(logits, target):
    return logits.softmax(0) - F.one_hot(target, logits.shape[-1])


def steps_with_divmod(n, batch, accumulation):
    whole, rest = divmod(n, batch * accumulation)
    return whole + (rest > 0)


def ignores_accumulation(n, batch, accumulation):
    return -(-n // batch)


def one_more(n, batch, accumulation):
    return n // (batch * accumulation) + 1


ATTACKS = {
    "pretrain.loss": dict(
        right=[loss_by_logsumexp],
        wrong={
            "没有错开": (it._unshifted, "没有错开"),
            "先 softmax 再取对数": (log_of_softmax, "很大的 logits"),
            "-100 也算": (it._counts_hidden, "编号 0"),
            "编号 0 不算": (hides_zero, "三行"),
            "有 -100 的整行都不算": (hides_whole_row, "有 -100"),
            "改了标签": (clamps_the_labels, "改动了传进来的数据"),
            "梯度少了一份": (half_flows, "梯度"),
            "返回数而不是张量": (lambda logits, labels: loss_by_logsumexp(logits, labels).item(), "张量"),
            "每行求平均": (lambda logits, labels: loss_by_logsumexp(logits, labels) / len(labels), "没有遮住"),
        },
    ),
    "pretrain.ladder": dict(
        right=[ladder_by_groups],
        wrong={
            "联合熵": (it._joint, "联合熵"),
            "每种前文一样重": (groups_weigh_the_same, "随机的一串"),
            "前一个的次数多数了末尾那个": (counts_last_too, "01 交替"),
            "两个数的次序反了": (lambda tokens: ladder_by_groups(tokens)[::-1], "01 交替"),
            "由后一个猜前一个": (it._backwards, "条件反了"),
            "二元熵总是 0": (lambda tokens: (ladder_by_groups(tokens)[0], 0.0), "随机的一串"),
        },
    ),
    "pretrain.grad": dict(
        right=[grad_by_scatter, it._grad_by_autograd],
        wrong={
            "符号反了": (lambda z, y: F.one_hot(y, z.shape[-1]) - z.softmax(-1), "符号反了"),
            "没有减答案": (lambda z, y: z.softmax(-1), "减去答案"),
            "没有变成概率": (lambda z, y: z - F.one_hot(y, z.shape[-1]), "变成概率"),
            "求了平均": (lambda z, y: grad_by_scatter(z, y) / len(y), "之和"),
            "指数溢出": (naive_exponentials, "分数很大"),
            "沿错了维": along_places,
        },
    ),
    "pretrain.steps": dict(
        right=[steps_with_divmod],
        wrong={
            "没有管攒批": (ignores_accumulation, "攒够几批"),
            "不满的丢了": (lambda n, b, a: n // (b * a), "不满的"),
            "攒批变多了": (lambda n, b, a: -(-n // b) * a, "变少"),
            "总是多一步": one_more,
            "不取整": lambda n, b, a: n / (b * a),
        },
    ),
}
