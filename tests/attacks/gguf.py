"攻击 GGUF 的四个检查器。"

import torch

from minimind.exercises import gguf as it


def times_inverse(x):
    blocks = x.reshape(len(x), x.shape[1] // 32, 32)
    most = blocks.abs().max(-1).values
    inverse = torch.where(most == 0, torch.zeros_like(most), 127 / most)
    return (most / 127).to(torch.float16), torch.round(blocks * inverse[..., None]).char()


def float32_scale(x):
    d, q = it._block_by_block(x)
    return d.float(), q


def floats(x):
    d, q = it._block_by_block(x)
    return d, q.float()


def flat(x):
    d, q = it._block_by_block(x)
    return d, q.flatten(1)


def inverse_scale(x):
    d, q = it._block_by_block(x)
    return (1 / d.float().clamp(min=1e-4)).half(), q


def with_divmod(d, packed):
    high, low = packed.int() // 16, packed.int() % 16
    return (torch.cat([low, high], dim=1) - 8) * d.float().unsqueeze(1)


def as_signed(d, packed):
    "把四位当成补码。"
    n = torch.cat([packed & 15, packed >> 4], 1).float()
    return torch.where(n > 7, n - 16, n) * d.float()[:, None]


def minus_seven(d, packed):
    return with_divmod(d, packed) + d.float()[:, None]


def no_scale(d, packed):
    return (torch.cat([packed & 15, packed >> 4], 1).float() - 8) * torch.ones_like(d).float()[:, None]


def interleave_by_columns(weight, heads):
    d = len(weight) // heads
    out = weight.copy()
    for h in range(0, heads * d, d):
        for i in range(d // 2):
            out[h + 2 * i], out[h + 2 * i + 1] = weight[h + i], weight[h + d // 2 + i]
    return out


def kind_by_table(shape, asked, router):
    fits = {"Q8_0": "Q8_0" if shape[-1] % 32 == 0 else "F16"}.get(asked, asked)
    return fits if len(shape) > 1 and not router else "F32"


def falls_too_far(shape, asked, router):
    kind = kind_by_table(shape, asked, router)
    return kind if kind == asked else "F32"


ATTACKS = {
    "gguf.q8": dict(
        right=[it._block_by_block, times_inverse],
        wrong={
            "整行一个": (it._per_row, "共用了一个"),
            "对到 128": (it._by_128, "128"),
            "砍掉小数": (it._truncates, "四舍五入"),
            "不看绝对值": (it._no_abs, "绝对值"),
            "隔着取": (it._strided, "隔着取"),
            "倍数没有存成半精度": (float32_scale, "float16"),
            "还是浮点": (floats, "int8"),
            "没有分块": (flat, "整数 q"),
            "倍数倒了": (inverse_scale, "倍数 d"),
        },
    ),
    "gguf.q4": dict(
        right=[it._one_at_a_time, with_divmod],
        wrong={
            "轮流": (it._in_turn, "隔着 16"),
            "反了": (it._high_first, "反了"),
            "没减 8": (it._unsigned, "减 8"),
            "没移": (it._not_shifted, "移下来"),
            "绕回去": (it._subtracts_early, "248"),
            "补码": (as_signed, "1 块还原"),
            "减 7": (minus_seven, "1 块还原"),
            "没乘": (no_scale, "1 块还原"),
        },
    ),
    "gguf.interleave": dict(
        right=[interleave_by_columns],
        wrong={
            "头串在一起": (it._one_big_head, "串在了一起"),
            "反过来": (it._backwards, "反过来"),
            "换了列": (it._columns, "不是列"),
            "只换了形状": (it._only_reshaped, "没有真的换"),
            "两两对调": lambda w, heads: w.reshape(-1, 2, w.shape[1])[:, ::-1].reshape(w.shape),
        },
    ),
    "gguf.kind": dict(
        right=[kind_by_table],
        wrong={
            "路由照要的": (lambda shape, asked, router: kind_by_table(shape, asked, False), "很要紧"),
            "一维的照要的": (lambda shape, asked, router: kind_by_table((1, *shape), asked, router), "一维的"),
            "看了第一维": (lambda shape, asked, router: kind_by_table(shape[::-1], asked, router), "最后一维"),
            "退到了 F32": (falls_too_far, "不是 F32"),
            "照要的": lambda shape, asked, router: asked,
        },
    ),
}
