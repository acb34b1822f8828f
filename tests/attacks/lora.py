"攻击 LoRA 的两个检查器。"

import torch

from minimind.exercises import lora as it


def one_matrix(x, W, A, B, alpha):
    return torch.einsum("ni,oi->no", x, W + (alpha / len(A)) * B.matmul(A))


def swapped(x, W, A, B, alpha):
    return x @ W.T + (alpha / A.shape[0]) * (x @ A.T @ B.T).flip(-1)


def without_base(x, W, A, B, alpha):
    return alpha / A.shape[0] * (x @ A.T @ B.T)


def by_outer(W, A, B, alpha):
    out = W.double().clone()
    for r in range(A.shape[0]):
        out += alpha / A.shape[0] * torch.outer(B[:, r].double(), A[r].double())
    return out.to(W.dtype)


def sizes_by_layers(fan_in, fan_out, r):
    count = lambda *shape: torch.nn.Linear(*shape, bias=False).weight.numel()
    return count(fan_in, fan_out), count(fan_in, r) + count(r, fan_out)


def wakes_by_numbers(a_zero, b_zero):
    return (1 - b_zero) > 0, (1 - a_zero) > 0


ATTACKS = {
    "lora.side": dict(
        right=[one_matrix],
        wrong={
            "没有倍数": (it._no_scale, "alpha/r"),
            "没有除以秩": (it._alpha_only, "除以秩"),
            "除以输入的宽度": (it._by_inputs, "除以秩"),
            "旁路的输出倒着": (swapped, "秩 2"),
            "丢了原来的": (without_base, "秩 2"),
            "只有原来的": (lambda x, W, A, B, alpha: x @ W.T, "秩 2"),
        },
    ),
    "lora.merge": dict(
        right=[by_outer],
        wrong={
            "就地改": (it._in_place, "就地"),
            "没有倍数": (it._unscaled, "alpha/r"),
            "原样返回": (lambda W, A, B, alpha: W, "方阵"),
            "在 fp16 里算积": (lambda W, A, B, alpha: W + (alpha / A.shape[0] * (B @ A)).to(W.dtype), "溢出"),
            "返回 float32": (lambda W, A, B, alpha: it._merged(W.float(), A, B, alpha), "float16"),
            "转置了": (it._transposed, "方阵"),
        },
    ),
    "lora.sizes": dict(
        right=[sizes_by_layers],
        wrong={
            "只算了一块": (lambda i, o, r: (o * i, r * i), "都要学"),
            "都当成方的": (lambda i, o, r: (o * i, 2 * r * i), "B 是"),
            "相乘": (lambda i, o, r: (o * i, r * i * o * r), "相加"),
            "次序反了": (lambda i, o, r: (r * (i + o), o * i), "次序反了"),
        },
    ),
    "lora.wakes": dict(
        right=[wakes_by_numbers],
        wrong={
            "弄反了": (lambda a, b: (not a, not b), "弄反"),
            "一个是零就都没有": (lambda a, b: (not (a or b),) * 2, "看的是对方"),
            "总是都有": lambda a, b: (True, True),
            "总是先动 B": lambda a, b: (False, True),
        },
    ),
}
