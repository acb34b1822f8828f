"攻击要花多少的检查器。"

from minimind.evaluation.cost import cache_bytes, token_flops
from minimind.exercises import cost as it
from minimind.model import MiniMindConfig


def with_course_cache(layers, heads, kv, width, length, rows, size):
    c = MiniMindConfig(
        hidden_size=heads * width, num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv
    )
    return rows * cache_bytes(c, length, half=size == 2)


def one_row(layers, heads, kv, width, length, rows, size):
    return 2 * layers * kv * width * length * size


def in_gigabytes(layers, heads, kv, width, length, rows, size):
    return it._table(layers, heads, kv, width, length, rows, size) / 2**30


def summed(h, layers, heads, kv, inner, vocab, length):
    d, total = h // heads, 0
    for _ in range(layers):
        total += 2 * h * heads * d + 2 * h * kv * d * 2 + 2 * heads * d * h
        total += 2 * h * inner * 3
        total += heads * 2 * d * length * 2
    return total + h * vocab * 2


def training(h, layers, heads, kv, inner, vocab, length):
    return 3 * it._listed(h, layers, heads, kv, inner, vocab, length)


def half_length(h, layers, heads, kv, inner, vocab, length):
    "训练时平均只看一半；写词时看全部。"
    c = MiniMindConfig(
        hidden_size=h, num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv,
        intermediate_size=inner, vocab_size=vocab,
    )
    return token_flops(c, length, train=False)


def head_per_layer(h, layers, heads, kv, inner, vocab, length):
    return layers * it._listed(h, 1, heads, kv, inner, vocab, length)


def with_the_course(matrices, others, optimizer):
    moments = {"adamw": 2 * (matrices + others), "muon": matrices + 2 * others}[optimizer]
    return 4 * (2 * (matrices + others) + moments)


def muon_everywhere(matrices, others, optimizer):
    return (12 if optimizer == "muon" else 16) * (matrices + others)


def no_gradients(matrices, others, optimizer):
    return with_the_course(matrices, others, optimizer) - 4 * (matrices + others)


def rows_by_halving(memory, spare, state, per_token, length):
    low, high = 0, 10**6
    while low < high:
        middle = (low + high + 1) // 2
        fits = spare + state + middle * per_token * length <= memory
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def below_zero(memory, spare, state, per_token, length):
    return int((memory - spare - state) // (per_token * length))


def rounded(memory, spare, state, per_token, length):
    return max(0, round((memory - spare - state) / (per_token * length)))


def tokens_not_rows(memory, spare, state, per_token, length):
    return max(0, int((memory - spare - state) // per_token))


ATTACKS = {
    "cost.cache": dict(
        right=[it._table, with_course_cache],
        wrong={
            "只有键": (it._one_side, "各一份"),
            "查询头": (it._query_heads, "不是查询头"),
            "一层": (it._one_layer, "每一层"),
            "分数": (it._square, "用完就扔"),
            "几个数": (it._numbers, "几个字节"),
            "一段对话": (one_row, "3 段"),
            "写成 GB": (in_gigabytes, "8 层"),
        },
    ),
    "cost.flops": dict(
        right=[it._listed, summed],
        wrong={
            "只数乘": (it._multiplies_only, "少了一半"),
            "不看前面": (it._no_attention, "看前面的词"),
            "不分组": (it._no_groups, "kv·d"),
            "两个矩阵": (it._two_matrices, "三个矩阵"),
            "词嵌入": (it._embedding_too, "取一行"),
            "没有输出头": (it._no_head, "输出头"),
            "只打分": (it._scores_only, "值加起来"),
            "键值头各看一遍": (it._few_readers, "各看一遍"),
            "训练的": (training, "宽 64"),
            "平均一半": (half_length, "宽 64"),
            "每层一个输出头": (head_per_layer, "宽 64"),
        },
    ),
    "cost.state": dict(
        right=[with_the_course],
        wrong={
            "数的是几个数": (lambda *sizes: with_the_course(*sizes) // 4, "4 字节"),
            "没有梯度": (no_gradients, "梯度也要"),
            "Muon 都少记": (muon_everywhere, "别的照旧"),
            "Muon 没有省": (lambda matrices, others, optimizer: 16 * (matrices + others), "少记一份"),
            "总说 160": lambda matrices, others, optimizer: 160,
        },
    ),
    "cost.rows": dict(
        right=[rows_by_halving],
        wrong={
            "负的": (below_zero, "是 0 行"),
            "四舍五入": (rounded, "向下取整"),
            "数成了 token": (tokens_not_rows, "length 个 token"),
            "没扣三样": (lambda memory, spare, state, per_token, length: rows_by_halving(
                memory, spare, 0, per_token, length
            ), "要先扣掉"),
            "没留给程序": (lambda memory, spare, state, per_token, length: rows_by_halving(
                memory, 0, state, per_token, length
            ), "要先留出来"),
        },
    ),
}
