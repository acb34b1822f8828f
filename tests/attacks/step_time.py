"攻击“一步训练的时间去哪儿了”的五个检查器。"

import math

from minimind.exercises import step_time as it


def flops_by_block(tokens, hidden, inner):
    forward = [2 * tokens * m * n for m, n in ((hidden, inner), (hidden, inner), (inner, hidden))]
    return sum(forward) + 2 * sum(forward)


def with_activation(tokens, hidden, inner):
    return flops_by_block(tokens, hidden, inner) + tokens * inner


def use_by_steps(params, layers, hidden, length, tokens_per_s, ceiling):
    per_token = 6 * params
    for _ in range(layers):
        per_token += 6 * hidden * length
    return per_token * tokens_per_s / ceiling


def forward_use(params, layers, hidden, length, tokens_per_s, ceiling):
    return use_by_steps(params, layers, hidden, length, tokens_per_s, ceiling) / 3


def in_percent(*args):
    return 100 * use_by_steps(*args)


def twelve_for_attention(params, layers, hidden, length, tokens_per_s, ceiling):
    return (6 * params + 12 * layers * hidden * length) * tokens_per_s / ceiling


def gain_by_chunks(lengths, rows, longest):
    left, padded = list(lengths), 0
    while left:
        batch, left = left[:rows], left[rows:]
        padded += len(batch) * max(batch)
    lines, room = 0, 0
    for n in lengths:
        while n:
            if not room:
                lines, room = lines + 1, longest
            used = min(n, room)
            n, room = n - used, room - used
    return padded / (lines * longest)


def whole_samples_only(lengths, rows, longest):
    lines, room = 0, 0
    for n in lengths:
        if n > room:
            lines, room = lines + 1, longest
        room -= n
    return it._padded(lengths, rows) / (lines * longest)


def intensity_in_steps(m, k, n):
    multiply_adds, numbers = m * n * k, m * (k + n) + k * n
    return multiply_adds * 2 / numbers / 4


def needed_by_shares(p, s):
    whole, others = 1.0, 1.0 - p
    allowed = whole / s
    return math.inf if allowed <= others else p / (allowed - others)


ATTACKS = {
    "step_time.flops": dict(
        right=[flops_by_block],
        wrong={
            "只数前向": (it._forward_only, "只数了前向"),
            "乘加当一次": (it._one_a_pair, "一次乘加是两次"),
            "少一块权重": (it._two_blocks, "少数了一块"),
            "反向只有一次": (lambda tokens, hidden, inner: 4 * tokens * 3 * hidden * inner, "宽"),
            "激活函数也算": (with_activation, "宽"),
            "没有乘 token 数": (lambda tokens, hidden, inner: flops_by_block(1, hidden, inner), "10 个 token"),
        },
    ),
    "step_time.utilisation": dict(
        right=[use_by_steps],
        wrong={
            "没算注意力": (it._no_attention, "注意力"),
            "长度乘了两次": (it._whole_row, "不必再乘"),
            "倒过来": (it._upside_down, "倒过来"),
            "只算前向": (forward_use, "两者之比"),
            "写成百分数": (in_percent, "两者之比"),
            "注意力的系数用了 12": (twelve_for_attention, "两者之比"),
        },
    ),
    "step_time.packing": dict(
        right=[gain_by_chunks],
        wrong={
            "补到全体最长": (it._longest_of_all, "全体最长"),
            "行数不取整": (it._no_round_up, "向上取整"),
            "末批按满的算": (it._full_last_batch, "末批不满"),
            "先排序": (it._sorted_first, "排了序"),
            "倒过来": (lambda *args: 1 / gain_by_chunks(*args), "长度"),
            "样本不切开地装": (whole_samples_only, "长度"),
        },
    ),
    "step_time.intensity": dict(
        right=[intensity_in_steps],
        wrong={
            "乘加当一次": (lambda m, k, n: m * k * n / (4 * (m * k + k * n + m * n)), "两次"),
            "数的是个数": (lambda m, k, n: 2 * m * k * n / (m * k + k * n + m * n), "4 字节"),
            "没有写回": (lambda m, k, n: 2 * m * k * n / (4 * (m * k + k * n)), "写回"),
            "当成方阵": (lambda m, k, n: m / 6, "方的"),
            "倒过来": lambda m, k, n: 1 / intensity_in_steps(m, k, n),
        },
    ),
    "step_time.needed": dict(
        right=[needed_by_shares],
        wrong={
            "没看够不够得到": (it._no_limit, "够不到"),
            "以为整步一样快": (lambda p, s: s, "也快几倍"),
            "代了正着的公式": (lambda p, s: 1 / (1 - p + p / s), "正着"),
            "忘了别的零件": (lambda p, s: 1 + (s - 1) / p, "别的零件"),
            "够不到给 0": lambda p, s: max(0.0, needed_by_shares(p, s)) if needed_by_shares(p, s) < 1e9 else 0.0,
        },
    ),
}
