import torch
import torch.nn.functional as F

from minimind.exercises import moe as it


def softmax_of_the_chosen(logits, k):
    value, index = logits.topk(k)
    return torch.zeros_like(logits).scatter(1, index, value.softmax(-1))


def spread_evenly(logits, k):
    return torch.full_like(logits, 1 / logits.shape[1])


def equal_shares(logits, k):
    return torch.zeros_like(logits).scatter(1, logits.topk(k).indices, 1 / k)


def smallest(logits, k):
    return softmax_of_the_chosen(-logits, k)


def across_tokens(logits, k):
    return it.solution_route(logits.T, min(k, len(logits))).T


def sigmoid_scores(logits, k):
    value, index = logits.sigmoid().topk(k)
    return torch.zeros_like(logits).scatter(1, index, value / value.sum(-1, keepdim=True))


def two_always(logits, k):
    return it.solution_route(logits, 2)


def in_order_of_size(logits, k):
    value = logits.softmax(-1).topk(k).values
    return F.pad(value / value.sum(-1, keepdim=True), (0, logits.shape[1] - k))


def detached(logits, k):
    return it.solution_route(logits.detach(), k)


def detached_sum(logits, k):
    value, index = logits.softmax(-1).topk(k)
    return torch.zeros_like(logits).scatter(1, index, value / value.sum(-1, keepdim=True).detach())


def with_one_hot(scores, index):
    e = scores.shape[1]
    chosen = F.one_hot(index, e).float().sum(1).mean(0) / index.shape[1]
    return (chosen * scores.mean(0) * e).sum()


def always_one(scores, index):
    return torch.tensor(1.0)


def one_with_gradient(scores, index):
    return scores.sum() / scores.shape[0]


def no_experts(scores, index):
    return with_one_hot(scores, index) / scores.shape[1]


def no_k(scores, index):
    return with_one_hot(scores, index) * index.shape[1]


def four_experts(scores, index):
    return with_one_hot(scores, index) / scores.shape[1] * 4


def scores_squared(scores, index):
    return scores.shape[1] * scores.mean(0).square().sum()


def counts_squared(scores, index):
    share = F.one_hot(index, scores.shape[1]).float().mean((0, 1))
    return scores.shape[1] * share.square().sum() + 0 * scores.sum()


def first_choice_only(scores, index):
    return with_one_hot(scores, index[:, :1])


def as_a_number(scores, index):
    return torch.tensor(with_one_hot(scores, index).item())


def half_detached(scores, index):
    loss = with_one_hot(scores, index)
    return loss.detach() + 0 * scores.sum()


def queues_by_sorting(index, experts):
    order = index.flatten().argsort(stable=True)
    sizes = index.flatten().bincount(minlength=experts).tolist()
    return [part.tolist() for part in (order // index.shape[1]).split(sizes)]


def places_not_tokens(index, experts):
    flat = index.flatten().tolist()
    return [[i for i, e in enumerate(flat) if e == expert] for expert in range(experts)]


def how_many(index, experts):
    return index.flatten().bincount(minlength=experts).tolist()


def times_by_sets(routed, shared, k):
    total = len([*range(routed), *range(shared)])
    return total, total - (routed - k)


ATTACKS = {
    "moe.route": dict(
        right=[softmax_of_the_chosen],
        wrong={
            "忘了归一": (it._not_normalised, "忘了归一"),
            "没有选": (lambda logits, k: logits.softmax(-1), "只留 k 个"),
            "常数：人人一样": spread_evenly,
            "选中的平分": equal_shares,
            "选了最小的": smallest,
            "在 token 之间选": across_tokens,
            "用了 sigmoid": sigmoid_scores,
            "k 写死了": two_always,
            "没有放回原位": in_order_of_size,
            "断了梯度": (detached, "梯度"),
            "分母断了梯度": (detached_sum, "梯度"),
        },
    ),
    "moe.balance": dict(
        right=[with_one_hot],
        wrong={
            "常数 1": (always_one, "挤到前两个专家"),
            "有梯度的常数 1": (one_with_gradient, "挤到前两个专家"),
            "忘了乘专家数": (no_experts, "专家数"),
            "份额没有除以 k": (no_k, "除以 k"),
            "专家数写死了": four_experts,
            "得分乘得分": scores_squared,
            "份额乘份额": counts_squared,
            "只看第一个选择": first_choice_only,
            "取了 .item()": (as_a_number, "梯度"),
            "断了一半梯度": (half_detached, "梯度"),
        },
    ),
    "moe.queues": dict(
        right=[queues_by_sorting],
        wrong={
            "只看第一位": (it._first_choice_only, "第一位"),
            "空的队丢了": (it._no_empty, "空列表"),
            "没有翻过来": (lambda index, experts: index.tolist(), "每位专家"),
            "给的是第几对": places_not_tokens,
            "只给了人数": how_many,
            "从大到小": lambda index, experts: [q[::-1] for q in queues_by_sorting(index, experts)],
        },
    ),
    "moe.times": dict(
        right=[times_by_sets],
        wrong={
            "共享的没有算": (lambda routed, shared, k: (routed + shared, k), "计算里也要"),
            "共享的没有参数": (lambda routed, shared, k: (routed, k + shared), "也有参数"),
            "次序反了": (lambda routed, shared, k: (k + shared, routed + shared), "次序反了"),
            "全都要算": (lambda routed, shared, k: (routed + shared, routed + shared), "不用算"),
        },
    ),
}
