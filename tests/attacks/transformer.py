import torch

from minimind.exercises import transformer as it


def with_residual_helper(block, x):
    for norm, work in ((block.input_layernorm, block.self_attn), (block.post_attention_layernorm, block.mlp)):
        x = torch.add(work(norm(x)), x)
    return x


def post_norm(block, x):
    h = block.input_layernorm(x + block.self_attn(x))
    return block.post_attention_layernorm(h + block.mlp(h))


def no_attention(block, x):
    return x + block.mlp(block.post_attention_layernorm(x))


def no_first_residual(block, x):
    h = block.self_attn(block.input_layernorm(x))
    return h + block.mlp(block.post_attention_layernorm(h))


def side_by_side(block, x):
    return x + block.self_attn(block.input_layernorm(x)) + block.mlp(block.post_attention_layernorm(x))


def norms_swapped(block, x):
    h = x + block.self_attn(block.post_attention_layernorm(x))
    return h + block.mlp(block.input_layernorm(h))


def no_first_norm(block, x):
    h = x + block.self_attn(x)
    return h + block.mlp(block.post_attention_layernorm(h))


def cut_stream(block, x):
    h = (x + block.self_attn(block.input_layernorm(x))).detach()
    return h + block.mlp(block.post_attention_layernorm(h))


def by_length(attention_mask):
    t = attention_mask.shape[1]
    pads = t - attention_mask.sum(-1, keepdim=True)
    return (torch.arange(t) - pads).clamp(min=0)


def counts_pads(m):
    return torch.arange(m.shape[1]).expand(m.shape)


def from_one(m):
    return m.cumsum(-1)


def minus_one(m):
    return m.cumsum(-1) - 1


def floats(m):
    return (m.float().cumsum(-1) - 1).clamp(min=0)


def first_row_for_all(m):
    return by_length(m[:1]).expand(m.shape)


def from_the_right(m):
    return (m.flip(-1).cumsum(-1).flip(-1) - 1).clamp(min=0)


def down_the_batch(m):
    return (m.cumsum(0) - 1).clamp(min=0)


ATTACKS = {
    "transformer.block": dict(
        right=[with_residual_helper],
        wrong={
            "前馈忘了残差": (it._wired("什么也不加"), "忘了残差"),
            "前馈加回最初的 x": (it._wired("最初的 x"), "最初的 x"),
            "前馈之前没有归一化": (it._wired("现在的流", "没有"), "忘了归一化"),
            "两处用了同一个归一化": (it._wired("现在的流", "一个"), "同一个归一化"),
            "先做事再归一化": post_norm,
            "没有注意力": no_attention,
            "注意力忘了残差": no_first_residual,
            "两件事并排做": side_by_side,
            "两个归一化对调": norms_swapped,
            "注意力之前没有归一化": no_first_norm,
            "中间断了梯度": (cut_stream, "梯度"),
        },
    ),
    "transformer.positions": dict(
        right=[by_length],
        wrong={
            "空位也数进位置": (counts_pads, "空位也数进"),
            "从 1 数起": (from_one, "从 1 数起"),
            "空位成了 −1": (minus_one, "−1"),
            "不是整数": (floats, "整数"),
            "只看第一句": first_row_for_all,
            "从右往左数": from_the_right,
            "沿错了维": down_the_batch,
        },
    ),
}
