import torch
import torch.nn.functional as F

from minimind.exercises import attention as it


def with_where(q, k, v):
    t, d = q.shape
    past = torch.arange(t)[:, None] >= torch.arange(t)
    scores = torch.where(past, torch.einsum("td,sd->ts", q, k) * d**-0.5, torch.tensor(float("-inf")))
    weight = (scores - scores.max(-1, keepdim=True).values).exp()
    return weight / weight.sum(-1, keepdim=True) @ v


def sees_everything(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def unscaled(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0)


def masked_after(q, k, v):
    return (q @ k.T / q.shape[1] ** 0.5).softmax(-1).tril() @ v


def sees_the_past_only(q, k, v):
    scores = (q @ k.T / q.shape[1] ** 0.5).tril()
    return scores.softmax(-1) @ v  # 遮住的地方写成了 0，而不是 −∞


def wrong_axis(q, k, v):
    scores = (q @ k.T / q.shape[1] ** 0.5).masked_fill(torch.ones(len(q), len(q)).triu(1).bool(), -1e30)
    return scores.softmax(0) @ v


def k_and_q_swapped(q, k, v):
    return with_where(k, q, v)


def without_max(q, k, v):
    weight = (q @ k.T / q.shape[1] ** 0.5).exp().tril()
    return weight / weight.sum(-1, keepdim=True) @ v


def frozen_weights(q, k, v):
    return with_where(q.detach(), k.detach(), v)


def with_expand(x, n_rep):
    b, t, kv, d = x.shape
    return x.unsqueeze(3).expand(b, t, kv, n_rep, d).reshape(b, t, kv * n_rep, d)


def tiled(x, n_rep):
    return x.repeat(1, 1, n_rep, 1)


def along_tokens(x, n_rep):
    b, t, kv, d = x.shape
    return x.repeat_interleave(n_rep, 1).reshape(b, t, kv * n_rep, d)


def first_head_only(x, n_rep):
    return x[:, :, :1].repeat(1, 1, x.shape[2] * n_rep, 1)


def copies_data(x, n_rep):
    return torch.tensor(x.detach().numpy().repeat(n_rep, axis=2))


def three_always(x, n_rep):
    return x.repeat_interleave(3, dim=2)


def one_too_many_axes(x, n_rep):
    return x.unsqueeze(3).expand(-1, -1, -1, n_rep, -1)


def by_filling(attention_mask):
    b, t = attention_mask.shape
    out = torch.zeros(b, t, t, dtype=torch.bool)
    for i in range(t):
        out[:, i, :i] = attention_mask[:, :i] == 1
        out[:, i, i] = True
    return out


def causal(am):
    return torch.ones(am.shape[1], am.shape[1], dtype=torch.bool).tril()


def whole_rows_hidden(am):
    return causal(am) & am[:, None].bool()


def pads_see_everything(am):
    return whole_rows_hidden(am) | ~am[:, :, None].bool()


def pads_visible(am):
    return causal(am).expand(len(am), -1, -1)


def not_causal(am):
    return am[:, None].bool().expand(-1, am.shape[1], -1) | torch.eye(am.shape[1], dtype=torch.bool)


def as_numbers(am):
    return by_filling(am).float()


def upside_down(am):
    return ~by_filling(am) | torch.eye(am.shape[1], dtype=torch.bool)


def pads_see_first(am):
    out = whole_rows_hidden(am)
    out[..., 0] |= ~out.any(-1)
    return out


def bytes_by_position(layers, kv, d, t, size):
    per_word = 2 * kv * d * size
    return sum(per_word * layers for _ in range(t))


def with_arange(t, past):
    return torch.arange(past + t) <= torch.arange(past, past + t)[:, None]


def upper(t, past):
    return ~with_arange(t, past)


ATTACKS = {
    "attention.causal": dict(
        right=[with_where],
        wrong={
            "没有遮住未来": (sees_everything, "遮住未来"),
            "忘了除以 √d": (unscaled, "√d"),
            "遮住之后没有重新归一": (masked_after, "重新归一"),
            "遮住的写成了 0": sees_the_past_only,
            "softmax 沿错了维": wrong_axis,
            "查询与键弄反": k_and_q_swapped,
            "打分大时溢出": (without_max, "NaN"),
            "权重断了梯度": (frozen_weights, "梯度"),
            "整个断了梯度": (lambda q, k, v: it._one_query_at_a_time(q, k, v).detach(), "梯度"),
        },
    ),
    "attention.repeat_kv": dict(
        right=[with_expand],
        wrong={
            "次序成了 0,1,0,1": (tiled, "0,1,0,1"),
            "沿错了维": along_tokens,
            "只用了第一个头": first_head_only,
            "绕道 numpy": (copies_data, "梯度"),
            "份数写死了": three_always,
            "多出一维": (one_too_many_axes, "形状"),
        },
    ),
    "attention.mask": dict(
        right=[by_filling],
        wrong={
            "有整行全遮": (whole_rows_hidden, "整行全遮"),
            "空位看见了全部": pads_see_everything,
            "空位没有遮": (pads_visible, "没有遮住空位"),
            "没有因果": (not_causal, "没有遮住后面的词"),
            "不是布尔": (as_numbers, "布尔"),
            "真假弄反": upside_down,
            "空位都看第一个": pads_see_first,
        },
    ),
    "attention.cache_bytes": dict(
        right=[bytes_by_position],
        wrong={
            "只算了键": (lambda layers, kv, d, t, size: layers * kv * d * t * size, "值也要存"),
            "只算了一层": (lambda layers, kv, d, t, size: 2 * kv * d * t * size, "每一层"),
            "没有换成字节": (lambda layers, kv, d, t, size: 2 * layers * kv * d * t, "字节"),
            "打分表": (lambda layers, kv, d, t, size: 2 * layers * kv * d * t * t * size, "打分表"),
            "头数忘了": lambda layers, kv, d, t, size: 2 * layers * d * t * size,
        },
    ),
    "attention.diagonal": dict(
        right=[with_arange],
        wrong={
            "没有挪": (it._top_left, "没有跟着挪"),
            "看不见自己": (lambda t, past: torch.ones(t, past + t, dtype=torch.bool).tril(past - 1), "看不见自己"),
            "看见下一个": (lambda t, past: torch.ones(t, past + t, dtype=torch.bool).tril(past + 1), "下一个词"),
            "什么都看得见": lambda t, past: torch.ones(t, past + t, dtype=torch.bool),
            "真假弄反": upper,
            "不是布尔": (lambda t, past: torch.ones(t, past + t).tril(past), "布尔"),
            "只有新词的几列": (lambda t, past: torch.ones(t, t, dtype=torch.bool).tril(), "形状"),
        },
    ),
}
