"攻击九套现成的尺寸的检查器。"

from minimind.exercises import presets as it
from minimind.model.presets import pi_intermediate_size


def deepest_by_halving(budget, h, heads, kv, vocab):
    low, high = 0, 10**4
    while low < high:
        middle = (low + high + 1) // 2
        fits = vocab * h + h + middle * it._layer(h, heads, kv) <= budget
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def third_generation(budget, h, heads, kv, vocab):
    more = 3 * h * (pi_intermediate_size(h) - 64 * -(-8 * h // 192))
    return max(0, (budget - vocab * h - h) // (it._layer(h, heads, kv) + more))


def goes_negative(budget, h, heads, kv, vocab):
    return (budget - vocab * h - h) // it._layer(h, heads, kv)


def shape_with_update(table, name, changes):
    if name not in table.keys():
        raise ValueError(" ".join(table))
    out = dict(table[name])
    out.update(changes)
    return out


def writes_into_the_table(table, name, changes):
    if name not in table:
        raise ValueError(" ".join(table))
    table[name].update(changes)
    return table[name]


def says_little(table, name, changes):
    if name not in table:
        raise ValueError("没有这个名字")
    return table[name] | changes


def lets_key_error(table, name, changes):
    return table[name] | changes


def empty_by_default(table, name, changes):
    return table.get(name, {}) | changes


def walked_the_other_way(total, layers, h, inner, experts, chosen):
    one = 3 * h * inner * layers
    return total - experts * one + chosen * one


ATTACKS = {
    "presets.deepest": dict(
        right=[deepest_by_halving],
        wrong={
            "忘了词嵌入": (lambda b, h, n, kv, v: deepest_by_halving(b, h, n, kv, 0), "要先扣掉"),
            "词嵌入数了两次": (lambda b, h, n, kv, v: deepest_by_halving(b, h, n, kv, 2 * v), "只数一次"),
            "键值当成一样宽": (lambda b, h, n, kv, v: deepest_by_halving(b, h, n, n, v), "那么宽"),
            "负的": (goes_negative, "不是负数"),
            "前馈用了 π 倍": third_generation,
            "总说 8": lambda b, h, n, kv, v: 8,
        },
    ),
    "presets.shape": dict(
        right=[shape_with_update],
        wrong={
            "改进了表里": (writes_into_the_table, "改动了"),
            "盖反了": (lambda table, name, changes: changes | table[name], "盖过表里的"),
            "没有说可选的": (says_little, "列出可选"),
            "抛了 KeyError": (lets_key_error, "KeyError"),
            "没有就给空的": (empty_by_default, "应抛出 ValueError"),
            "没有改": (lambda table, name, changes: dict(table[name]), "没有改"),
        },
    ),
    "presets.walked": dict(
        right=[walked_the_other_way],
        wrong={
            "减成了选中的": (lambda t, n, h, i, e, c: t - n * c * 3 * h * i, "没选中的几位"),
            "没有乘层数": (lambda t, n, h, i, e, c: t - (e - c) * 3 * h * i, "要乘层数"),
            "只有一块矩阵": (lambda t, n, h, i, e, c: t - n * (e - c) * h * i, "三块矩阵"),
            "按比例": (lambda t, n, h, i, e, c: t * c // e, "不能按比例"),
            "给的是闲着的": (lambda t, n, h, i, e, c: n * (e - c) * 3 * h * i, "不是闲着的"),
        },
    ),
}
