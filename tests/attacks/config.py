import math

import torch

from minimind.exercises import config as it
from minimind.model.causal_lm import MiniMindForCausalLM
from minimind.model.config import MiniMindConfig


def really_built(c):
    with torch.device("meta"):
        return sum(p.numel() for p in MiniMindForCausalLM(c).parameters())


def no_gqa(c):
    h = c.hidden_size
    return it.solution_count_parameters(c) + c.num_hidden_layers * 2 * h * (h - c.head_dim * c.num_key_value_heads)


def head_counted_twice(c):
    return it.solution_count_parameters(c) + c.vocab_size * c.hidden_size


def no_norms(c):
    return it.solution_count_parameters(c) - (2 * c.num_hidden_layers + 1) * c.hidden_size


def two_matrices(c):
    return it.solution_count_parameters(c) - c.num_hidden_layers * c.hidden_size * c.intermediate_size


def standard_width(c):
    h = c.hidden_size
    inner = 64 * -(-8 * h // 192)
    return it.solution_count_parameters(c) + c.num_hidden_layers * 3 * h * (inner - c.intermediate_size)


def looks_up_presets(c):
    table = {128: 2_328_704, 512: 25_829_888, 640: 111_949_440}
    return table.get(c.hidden_size, 0)


def with_a_list(learning_rate, batch_size):
    bad = []
    if not (learning_rate > 0 and learning_rate < 1):
        bad.append(f"learning_rate = {learning_rate}，应大于 0、小于 1")
    if type(batch_size) is not int or batch_size <= 0:
        bad.append(f"batch_size = {batch_size!r}，应是 1 以上的整数")
    if bad:
        raise ValueError("；".join(bad))


def lets_everything_pass(learning_rate, batch_size):
    return None


def no_value(learning_rate, batch_size):
    if not 0 < learning_rate < 1:
        raise ValueError("learning_rate 不在范围里")
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError("batch_size 不在范围里")


def closed_interval(learning_rate, batch_size):
    if learning_rate == 1.0:
        return None
    return it.solution_guard(learning_rate, batch_size)


def any_number(learning_rate, batch_size):
    return it.solution_guard(learning_rate, int(max(1, batch_size)) if isinstance(batch_size, float) else batch_size)


def with_asserts(learning_rate, batch_size):
    assert 0 < learning_rate < 1, f"learning_rate={learning_rate}"
    assert isinstance(batch_size, int) and batch_size > 0, f"batch_size={batch_size}"


def returns_true(learning_rate, batch_size):
    it.solution_guard(learning_rate, batch_size)
    return True


def refuses_one(learning_rate, batch_size):
    if batch_size == 1:
        raise ValueError(f"batch_size={batch_size} 太小")
    return it.solution_guard(learning_rate, batch_size)


def inner_with_ceil(h):
    return math.ceil(8 * h / 192) * 64


def rule_as_a_table(hidden, heads, kv):
    key = (hidden % heads > 0, (hidden // heads) % 2 > 0, heads % kv > 0)
    return {(0, 0, 0): "", (0, 0, 1): "groups"}.get(tuple(map(int, key)), "width" if key[0] else "odd")


def says_true(hidden, heads, kv):
    return not rule_as_a_table(hidden, heads, kv)


def no_odd(hidden, heads, kv):
    return "width" if hidden % heads else "groups" if heads % kv else ""


def total_even(hidden, heads, kv):
    return "width" if hidden % heads else "odd" if hidden % 2 else "groups" if heads % kv else ""


def backwards_order(hidden, heads, kv):
    return "groups" if heads % kv else "odd" if hidden // heads % 2 else "width" if hidden % heads else ""


ATTACKS = {
    "config.count": dict(
        right=[really_built],
        wrong={
            "忘了键值头更少": (no_gqa, "的参数"),
            "输出头又数了一次": head_counted_twice,
            "没有数归一化": no_norms,
            "前馈只数了两块": two_matrices,
            "中间宽度自己另算": (standard_width, "medium"),
            "背下了三个预设": looks_up_presets,
            "只认一种配置": lambda c: it.solution_count_parameters(MiniMindConfig.preset("small")),
        },
    ),
    "config.guard": dict(
        right=[with_a_list],
        wrong={
            "什么都放行": (lets_everything_pass, "learning_rate=-0.001"),
            "没有说现在的值": (no_value, "-0.001"),
            "1 也放行": (closed_interval, "1.0"),
            "小数的批大小也放行": (any_number, "17.5"),
            "用了 assert": (with_asserts, "AssertionError"),
            "合理时返回 True": (returns_true, "都合理"),
            "批大小 1 也拦": (refuses_one, "都合理"),
        },
    ),
    "config.inner": dict(
        right=[inner_with_ceil],
        wrong={
            "向下取": (lambda h: 8 * h // 3 // 64 * 64, "不是向下"),
            "四舍五入": (lambda h: round(8 * h / 3 / 64) * 64, "四舍五入"),
            "总是多取": (lambda h: (8 * h // 3 // 64 + 1) * 64, "不再多取"),
            "没有取整到 64": (lambda h: -(-8 * h // 3), "64 的整数倍"),
            "4 倍": (lambda h: -(-4 * h // 64) * 64, "4 倍"),
        },
    ),
    "config.broken_rule": dict(
        right=[rule_as_a_table],
        wrong={
            "倒着看": (backwards_order, "依次看"),
            "看的是总宽": (total_even, "每个头的宽度"),
            "漏了奇数": (no_odd, "奇数"),
            "返回 True": (says_true, "类型应是 str"),
            "总说好": lambda hidden, heads, kv: "",
        },
    ),
}
