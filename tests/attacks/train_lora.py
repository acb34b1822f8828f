"攻击 LoRA 微调的检查器。"

import torch

from minimind.exercises import train_lora as it


def row_by_row(x, dy, A, B, scale):
    da, db = torch.zeros_like(A), torch.zeros_like(B)
    for one, back in zip(x, dy):
        db += scale * torch.outer(back, A @ one)
        da += scale * torch.outer(B.T @ back, one)
    return da, db


def by_einsum(x, dy, A, B, scale):
    return (
        scale * torch.einsum("no,or,ni->ri", dy, B, x),
        scale * torch.einsum("no,ni,ri->or", dy, x, A),
    )


def scale_in_a(sides):
    return torch.cat([s * A for A, _, s in sides]), torch.cat([B for _, B, _ in sides], 1)


def one_column_at_a_time(sides):
    pairs = [(A[r], scale * B[:, r]) for A, B, scale in reversed(sides) for r in range(len(A))]
    return torch.stack([a for a, _ in pairs]), torch.stack([b for _, b in pairs], 1)


ATTACKS = {
    "train_lora.gradients": dict(
        right=[row_by_row, by_einsum],
        wrong={
            "忘了倍数": (it._no_scale, "倍数"),
            "按行平均": (it._averaged, "按行平均"),
            "A 的梯度是零": (it._only_b, "A 的梯度"),
            "次序反了": (it._swapped, "先 A 后 B"),
            "只返回一个": (lambda x, dy, A, B, s: s * dy.T @ (x @ A.T), "两个梯度"),
            "符号反了": (lambda *a: tuple(-g for g in it.solution_gradients(*a)), "A 的梯度"),
            "B 的梯度里没有 A": (
                lambda x, dy, A, B, s: (it.solution_gradients(x, dy, A, B, s)[0], s * dy.T @ x[:, : len(A)]),
                "B 的梯度",
            ),
        },
    ),
    "train_lora.join": dict(
        right=[scale_in_a, one_column_at_a_time],
        wrong={
            "各自相加": (it._add_each, "交叉"),
            "忘了倍数": (it._unscaled, "各自的倍数"),
            "乘了两遍": (it._scaled_twice, "两遍"),
            "算出了大矩阵": (it._whole, "别把大矩阵算出来"),
            "只要第一份": (lambda sides: it.solution_join(sides[:1]), "两份"),
            "A 与 B 反了": (lambda sides: it.solution_join(sides)[::-1], "接不上"),
            "平均而不是相加": (lambda sides: it.solution_join([(a, b, s / len(sides)) for a, b, s in sides]), "两份"),
        },
    ),
    "train_lora.change": dict(
        right=[it._before_and_after, lambda A, B, dA, dB: B @ dA + dB @ (A + dA)],
        wrong={
            "只有一起挪的": (lambda A, B, dA, dB: dB @ dA, "一起挪"),
            "少了一起挪的": (lambda A, B, dA, dB: B @ dA + dB @ A, "少了"),
            "没减原来的": (lambda A, B, dA, dB: (B + dB) @ (A + dA), "减去原来"),
            "只挪 A": (lambda A, B, dA, dB: B @ dA, "只挪了 A"),
            "只挪 B": (lambda A, B, dA, dB: dB @ A, "只挪了 B"),
            "符号反了": (lambda A, B, dA, dB: B @ A - (B + dB) @ (A + dA), "负号"),
        },
    ),
    "train_lora.swap": dict(
        right=[it._swapped_by_ranks],
        wrong={
            "没拿掉旧的": (it._kept_old, "还合在里面"),
            "没加新的": (it._only_removed, "还没有加上"),
            "忘了倍数": (it._unscaled_swap, "倍数"),
            "旧的用了新的倍数": (it._one_scale, "旧的倍数"),
            "新旧反了": (lambda m, old, new: it._swapped_by_ranks(m, new, old), "弄反了"),
            "丢了底子": (lambda m, old, new: it._swapped_by_ranks(m * 0, old, new), "秩相同"),
        },
    ),
}
