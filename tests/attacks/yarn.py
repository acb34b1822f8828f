import math

import torch

from minimind.exercises import yarn as it


def in_steps(dim, base, length):
    "一步一步累加角度。"
    return torch.stack([torch.full((length,), base ** (-2 * i / dim)).sum() / (2 * math.pi) for i in range(dim // 2)])


def by_lerp(freqs, length, times, fast, slow):
    r = length * freqs / (2 * math.pi)
    return torch.lerp(freqs / times, freqs, ((r - slow) / (fast - slow)).clamp(0, 1))


def ramp_on_index(freqs, length, times, fast, slow):
    r = length * freqs / (2 * math.pi)
    low, high = int((r >= fast).sum()), int((r > slow).sum())
    share = ((torch.arange(len(freqs)) - low) / max(high - low, 1)).clamp(0, 1)
    return freqs * (1 - share + share / times)


def unclamped(freqs, length, times, fast, slow):
    kept = (length * freqs / (2 * math.pi) - slow) / (fast - slow)
    return kept * freqs + (1 - kept) * freqs / times


def base_by_solving(dim, base, times):
    low, high = base / 2, base * times**4
    for _ in range(200):
        middle = math.sqrt(low * high)
        fast = middle ** (-(dim - 2) / dim) > base ** (-(dim - 2) / dim) / times
        low, high = (middle, high) if fast else (low, middle)
    return low


def beyond_by_mask(slowed, freqs, length, times):
    whole = (freqs * length / (2 * math.pi)).floor() >= 1
    return (slowed / freqs * times).masked_fill(whole, math.nan)


def unseen(all_seen):
    "换一种「都见过了」的说法。"
    return lambda now, then, n, s: (s * now / then).masked_fill(all_seen(now, then, n, s), math.nan)


ATTACKS = {
    "yarn.turns": dict(
        right=[in_steps],
        wrong={
            "弧度": (lambda d, base, n: 2 * math.pi * it._turns(d, base, n), "2π"),
            "波长": (lambda d, base, n: n / it._turns(d, base, n), "波长"),
            "指数少了一半": (lambda d, base, n: it._turns(d, base**0.5, n), "2i/d"),
            "底数写死了": lambda d, base, n: it._turns(d, 1e4, n),
            "取了整": lambda d, base, n: it._turns(d, base, n).floor(),
            "转满就算一": lambda d, base, n: it._turns(d, base, n).clamp(max=1),
        },
    ),
    "yarn.blend": dict(
        right=[by_lerp],
        wrong={
            "快慢反了": (lambda f, n, s, hi, lo: f + f / s - it._blend(f, n, s, hi, lo), "反了"),
            "位置内插": (lambda f, n, s, hi, lo: f / s, "内插"),
            "一刀切": (lambda f, n, s, hi, lo: torch.where(n * f / (2 * math.pi) > lo, f, f / s), "过渡"),
            "什么也不做": lambda f, n, s, hi, lo: f,
            "没有截断": unclamped,
            "在编号上过渡": ramp_on_index,
            "圈数写死了": lambda f, n, s, hi, lo: it._blend(f, n, s, 32.0, 1.0),
        },
    ),
    "yarn.ntk_base": dict(
        right=[base_by_solving],
        wrong={
            "直接乘 s": (lambda d, base, s: base * s, "当成了最后一对"),
            "指数倒了": (lambda d, base, s: base * s ** ((d - 2) / d), "指数倒过来"),
            "变小了": (lambda d, base, s: base / s ** (d / (d - 2)), "方向反了"),
            "指数是 i/d": (lambda d, base, s: base * s ** (d / (d / 2 - 1)), "2i/d"),
            "底数不变": lambda d, base, s: base,
            "平方": lambda d, base, s: base * s * s,
        },
    ),
    "yarn.beyond": dict(
        right=[beyond_by_mask],
        wrong={
            "没有 NaN": (it._no_nan, "NaN"),
            "步数没乘": (lambda now, then, n, s: beyond_by_mask(now, then, n, s) / s, "也要乘"),
            "看放慢以后的": (unseen(lambda now, then, n, s: now * n >= 2 * math.pi), "练的时候的转速"),
            "看读的步数": (unseen(lambda now, then, n, s: then * n * s >= 2 * math.pi), "练的 length"),
            "倒过来": (lambda now, then, n, s: 1 / beyond_by_mask(now, then, n, s), "上下反了"),
            "一圈当成 1": (unseen(lambda now, then, n, s: then * n >= 1), "2π"),
            "NaN 给了没转满的": unseen(lambda now, then, n, s: then * n < 2 * math.pi),
        },
    ),
}
