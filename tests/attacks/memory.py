"攻击“训练要多少内存”的两个检查器。"

import math


def largest_by_fraction(budget, states, two, three):
    per = three - two
    return max(0, math.floor((budget - states - (two - per - per)) / per + 1e-9))


def round_up(budget, states, two, three):
    return max(0, math.ceil((budget - states - 3 * two + 2 * three) / (three - two)))


def fixed_twice(budget, states, two, three):
    return largest_by_fraction(budget, states + 3 * two - 2 * three, two, three)


def saved_by_sets(tensors, weights):
    skip = [w.untyped_storage().data_ptr() for w in weights]
    total, seen = 0, []
    for t in tensors:
        storage = t.untyped_storage()
        if storage.data_ptr() in skip or storage.data_ptr() in seen:
            continue
        seen.append(storage.data_ptr())
        total += storage.nbytes()
    return total


def by_view_pointer(tensors, weights):
    skip = {w.data_ptr() for w in weights}
    return sum({t.data_ptr(): t.untyped_storage().nbytes() for t in tensors if t.data_ptr() not in skip}.values())


def view_sizes(tensors, weights):
    kept = {t.untyped_storage().data_ptr(): t.nbytes for t in tensors}
    return sum(size for where, size in kept.items() if where not in {w.untyped_storage().data_ptr() for w in weights})


def by_shape(tensors, weights):
    return saved_by_sets([t for t in tensors if t.shape not in [w.shape for w in weights]], [])


def four_bytes(tensors, weights):
    skip = {w.untyped_storage().data_ptr() for w in weights}
    sizes = {t.untyped_storage().data_ptr(): 4 * (t.untyped_storage().nbytes() // t.element_size()) for t in tensors}
    return sum(size for where, size in sizes.items() if where not in skip)


ATTACKS = {
    "memory.largest_batch": dict(
        right=[largest_by_fraction],
        wrong={
            "忘了固定的": (lambda b, s, two, three: largest_by_fraction(b, 0, two, three), "预算 1000"),
            "忘了零头": (lambda b, s, two, three: max(0, (b - s) // (three - two)), "零头"),
            "向上取整": (round_up, "预算"),
            "正好放满不算": (lambda b, *rest: largest_by_fraction(b - 1, *rest), "应是 6，得到 5"),
            "零头扣了两次": (fixed_twice, "预算"),
            "至少一行": (lambda b, s, two, three: max(1, largest_by_fraction(b, s, two, three)), "应是 0，得到 1"),
        },
    ),
    "memory.saved": dict(
        right=[saved_by_sets],
        wrong={
            "没有去重": (lambda t, w: sum(x.untyped_storage().nbytes() for x in t), "只算一次"),
            "没有剔掉权重": (lambda t, w: saved_by_sets(t, []), "权重不算"),
            "按视图的地址去重": (by_view_pointer, "视图"),
            "问的是视图的大小": (view_sizes, "拖住整块"),
            "每个数都当四字节": (four_bytes, "bfloat16"),
            "按形状认权重": (by_shape, "转置"),
        },
    ),
}
