import torch

from minimind.exercises import attend as it


def by_einsum(x, W_q, W_k, W_v):
    scores = torch.einsum("td,de,fe,sf->ts", x, W_q, W_k, x) / W_k.shape[1] ** 0.5
    return torch.exp(scores - scores.logsumexp(-1, keepdim=True)) @ (x @ W_v)


def wrong_axis(x, W_q, W_k, W_v):
    return ((x @ W_q) @ (x @ W_k).T / W_q.shape[1] ** 0.5).softmax(0) @ x @ W_v


def no_softmax(x, W_q, W_k, W_v):
    return (x @ W_q) @ (x @ W_k).T / W_q.shape[1] ** 0.5 @ x @ W_v


def causal(x, W_q, W_k, W_v):
    return it.F.scaled_dot_product_attention(x @ W_q, x @ W_k, x @ W_v, is_causal=True)


def swapped(x, W_q, W_k, W_v):
    return it._attend(x @ W_k, x @ W_q, x @ W_v)


def unscaled(x, W_q, W_k, W_v):
    return it._attend(x @ W_q, x @ W_k, x @ W_v, 1.0)


def scaled_by_x(x, W_q, W_k, W_v):
    return it._attend(x @ W_q, x @ W_k, x @ W_v, x.shape[1] ** -0.5)


def frozen(x, W_q, W_k, W_v):
    return by_einsum(x, W_q.detach(), W_k.detach(), W_v)


def by_chunk(x, heads):
    return torch.stack(x.chunk(heads, -1), 1)


def shares_by_log(query, keys):
    scores = torch.einsum("d,td->t", query, keys)
    return (scores - scores.logsumexp(0)).exp()


def negated(query, keys):
    return (-(keys @ query)).softmax(0)


def hardest(query, keys):
    return torch.nn.functional.one_hot((keys @ query).argmax(), len(keys)).float()


def by_cosine(query, keys):
    return torch.cosine_similarity(query[None], keys).softmax(0)


ATTACKS = {
    "attend.head": dict(
        right=[by_einsum],
        wrong={
            "查询与键弄反": (swapped, "弄反"),
            "忘了除以 √d": (unscaled, "√d"),
            "除以 x 的宽度": (scaled_by_x, "键的"),
            "softmax 沿错了维": wrong_axis,
            "没有归一": no_softmax,
            "遮住了未来": causal,
            "断了梯度": (frozen, "梯度"),
        },
    ),
    "attend.split": dict(
        right=[by_chunk],
        wrong={
            "直接 view": (it._mixed, "混进"),
            "隔一个取一个": (it._interleaved, "连着"),
            "头没有挪": (lambda x, heads: x.reshape(*x.shape[:2], heads, -1), "没有挪"),
            "多挪了一步": lambda x, heads: by_chunk(x, heads).transpose(2, 3),
            "次序反了": lambda x, heads: by_chunk(x, heads).flip(1),
            "断了梯度": (lambda x, heads: by_chunk(x.detach(), heads), "梯度"),
        },
    ),
    "attend.shares": dict(
        right=[shares_by_log],
        wrong={
            "没有 softmax": (lambda query, keys: keys @ query, "没有过 softmax"),
            "没有取指数": (lambda query, keys: keys @ query / (keys @ query).sum(), "没有取指数"),
            "没有除以总和": (lambda query, keys: (keys @ query).exp(), "没有除以总和"),
            "越不像越多": negated,
            "全给最像的": hardest,
            "比的是夹角": by_cosine,
            "断了梯度": (lambda query, keys: shares_by_log(query, keys).detach(), "梯度"),
        },
    ),
}
