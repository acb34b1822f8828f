"攻击运行环境的检查器。"

import struct

import numpy as np
import torch

from minimind.exercises import runtime as it


def round_by_candidates(x):
    out = []
    for value in x.tolist():
        bits = struct.unpack("<I", struct.pack("<f", value))[0]
        low = bits & 0xFFFF
        up = low > 0x8000 or low == 0x8000 and bits >> 16 & 1
        out.append(((bits >> 16) + up) << 16)
    return torch.from_numpy(np.array(out, np.uint32).view(np.float32).copy())


def round_to_odd(x):
    bits = x.view(torch.int32)
    return ((bits + 0x8000 - (bits >> 16 & 1)) & ~0xFFFF).view(torch.float32)


def in_place(x):
    bits = x.view(torch.int32)
    bits += 0x7FFF + (bits >> 16 & 1)
    bits &= ~0xFFFF
    return x.clone()


def scale_by_pointer(overflowed, start, patience):
    out, scale, since = [], float(start), 0
    for at, bad in enumerate(overflowed):
        if bad:
            scale, since = scale * 0.5, at + 1
        elif at + 1 - since == patience:
            scale, since = scale * 2.0, at + 1
        out.append(scale)
    return out


def never_below_start(overflowed, start, patience):
    return [max(start / 4, s) for s in scale_by_pointer(overflowed, start, patience)]


def value_by_struct(bits, exponent):
    "请 struct 读：补成 float32（bfloat16 后面添零，float16 是 e）。"
    if len(bits) == 16 and exponent == 5:
        return struct.unpack(">e", int("".join(map(str, bits)), 2).to_bytes(2, "big"))[0]
    wide = bits + [0] * (32 - len(bits))
    return struct.unpack(">f", int("".join(map(str, wide)), 2).to_bytes(4, "big"))[0]


def gap_by_logarithm(x, mantissa):
    return float(2.0 ** np.floor(np.log2(x)) / 2.0**mantissa)


ATTACKS = {
    "runtime.round_bf16": dict(
        right=[round_by_candidates],
        wrong={
            "用了 bfloat16": (lambda x: x.bfloat16().float(), "亲手"),
            "换个写法用 bfloat16": (lambda x: x.to(torch.bfloat16).to(torch.float32), "亲手"),
            "砍掉不舍入": (lambda x: (x.view(torch.int32) & ~0xFFFF).view(torch.float32), "没有舍入"),
            "一半总进位": (lambda x: ((x.view(torch.int32) + 0x8000) & ~0xFFFF).view(torch.float32), "总是进位"),
            "靠向奇数": (round_to_odd, "正好在中间"),
            "舍入成 float16": (lambda x: x.half().float(), "第一处不同"),
            "在原来的内存上改": (in_place, "改动了传进来的数据"),
            "返回 float64": (lambda x: round_by_candidates(x).double(), "float32"),
        },
    ),
    "runtime.loss_scale": dict(
        right=[scale_by_pointer],
        wrong={
            "只减不加": (lambda o, s, p: scale_by_pointer(o, s, 10**9), "一直都好"),
            "不许掉得太低": (never_below_start, "随机"),
            "只返回最后一个": (lambda o, s, p: scale_by_pointer(o, s, p)[-1:], "连续溢出"),
            "溢出减到四分之一": (lambda o, s, p: [s / 4 ** sum(o[: i + 1]) for i in range(len(o))], "连续溢出"),
            "多等一步": (lambda o, s, p: scale_by_pointer(o, s, p + 1), "一直都好"),
        },
    ),
    "runtime.value": dict(
        right=[it._halving, value_by_struct],
        wrong={
            "没有前面的 1": (lambda bits, e: it._halving(bits, e, leading=0.0), "没写出来的 1"),
            "没减偏移量": (lambda bits, e: it._halving(bits, e, bias=0), "忘了减"),
            "偏移量多 1": (lambda bits, e: it._halving(bits, e, bias=2 ** (e - 1)), "偏移量"),
            "不看符号": (lambda bits, e: it._halving([0, *bits[1:]], e), "符号"),
            "尾数倒了": (lambda bits, e: it._halving([*bits[: 1 + e], *bits[: e : -1]], e), "倒过来"),
            "指数写死了 8 位": (lambda bits, e: it._halving(bits, 8), "float16"),
        },
    ),
    "runtime.gap": dict(
        right=[it._by_neighbours, gap_by_logarithm],
        wrong={
            "处处一样": (lambda x, m: 2.0**-m, "宽一倍"),
            "按比例": (lambda x, m: x / 2**m, "同一段"),
            "宽了一倍": (lambda x, m: it._by_neighbours(x, m) * 2, "超过"),
            "一半": (lambda x, m: it._by_neighbours(x, m) / 2, "半个"),
            "尾数写死了": (lambda x, m: it._by_neighbours(x, 7), "间隔"),
            "小于 1 的当作 1": (lambda x, m: it._by_neighbours(max(x, 1.0), m), "0.7"),
        },
    ),
}
