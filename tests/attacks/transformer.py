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


def count_from_shapes(hidden, heads, kv, middle):
    d = hidden // heads
    shapes = [(hidden, heads * d), (heads * d, hidden), *[(hidden, kv * d)] * 2, *[(hidden, middle)] * 3]
    return sum(a * b for a, b in [*shapes, (hidden, 2)])


def with_biases(hidden, heads, kv, middle):
    return it._built(hidden, heads, kv, middle) + 3 * hidden + 2 * kv * hidden // heads + 2 * middle


def leaks_by_size(body, ids, cut):
    other = torch.cat([ids[:, :cut], 60 - ids[:, cut:] + (ids[:, cut:] == 30)], 1)
    return (body(other) - body(ids))[:, :cut].abs().max().item() > 0


def compares_everything(body, ids, cut):
    other = ids.clone()
    other[:, cut:] = (other[:, cut:] + 1) % 61
    return not torch.equal(body(other), body(ids))


def first_row_only(body, ids, cut):
    other = ids.clone()
    other[:, cut:] = (other[:, cut:] + 1) % 61
    return not torch.equal(body(other)[0, :cut], body(ids)[0, :cut])


def first_place_only(body, ids, cut):
    other = ids.clone()
    other[:, cut:] = (other[:, cut:] + 1) % 61
    return not torch.equal(body(other)[:, 0], body(ids)[:, 0])


def too_tolerant(body, ids, cut):
    other = ids.clone()
    other[:, cut:] = (other[:, cut:] + 1) % 61
    return not body(other)[:, :cut].allclose(body(ids)[:, :cut], atol=0.1)


def changes_to_three(body, ids, cut):
    other = ids.clone()
    other[:, cut:] = 3
    return not torch.equal(body(other)[:, :cut], body(ids)[:, :cut])


def upside_down_leak(body, ids, cut):
    return not leaks_by_size(body, ids, cut)


def spoils_ids(body, ids, cut):
    before = body(ids)[:, :cut]
    ids[:, cut:] = (ids[:, cut:] + 1) % 61
    return not torch.equal(body(ids)[:, :cut], before)


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
    "transformer.count": dict(
        right=[count_from_shapes],
        wrong={
            "键值也按查询头数": (lambda h, n, kv, m: it._counted(h, n, n, m), "kv 个头"),
            "前馈两块": (lambda h, n, kv, m: it._counted(h, n, kv, m, ffn=2), "门"),
            "忘了归一化": (lambda h, n, kv, m: it._counted(h, n, kv, m, norms=0), "归一化的系数"),
            "归一化算一个": (lambda h, n, kv, m: it._counted(h, n, kv, m, norms=1), "只算了一个"),
            "忘了输出投影": (lambda h, n, kv, m: it._counted(h, n, kv, m, out=0), "o_proj"),
            "加了偏置": with_biases,
        },
    ),
    "transformer.leak": dict(
        right=[leaks_by_size],
        wrong={
            "连后面的也比": (compares_everything, "不偷看"),
            "只看第一句": (first_row_only, "第二句"),
            "只看第一个位置": first_place_only,
            "放得太宽": (too_tolerant, "只多看后面一格"),
            "都改成 3": (changes_to_three, "都是 3"),
            "真假弄反": upside_down_leak,
            "改动了传进来的": (spoils_ids, "改动了"),
        },
    ),
}
