"攻击“训练要多少内存”的检查器。"

import math

from minimind.exercises import memory as it


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


def states_by_sixteen(matrix, other, frozen, optimizer):
    "一个要练的数 16 字节，减去前两样。"
    learn = matrix + other
    saved = 4 * matrix * (optimizer == "muon")
    weights, gradients = 4 * (learn + frozen), 4 * learn
    return weights, gradients, 16 * learn - saved - 8 * learn


def recompute_by_chunks(layers, every, entry, whole):
    chunks = [list(range(layers))[at : at + every] for at in range(0, layers, every)]
    return sum(entry for _ in chunks) + max(len(c) for c in chunks) * whole


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
    "memory.states": dict(
        right=[it._number_by_number, states_by_sixteen],
        wrong={
            "冻住的有梯度": (it._frozen_learns, "没有梯度"),
            "冻住的进了优化器": (it._frozen_in_optimizer, "优化器不管"),
            "冻住的没有权重": (it._no_frozen, "占权重"),
            "Muon 管全部": (it._muon_everywhere, "只管矩阵"),
            "个数不是字节": (lambda *given: tuple(n // 4 for n in it.solution_states(*given)), "4 字节"),
            "次序反了": (lambda *given: it.solution_states(*given)[::-1], "次序"),
            "只有总和": (lambda *given: sum(it.solution_states(*given)), "权重, 梯度"),
        },
    ),
    "memory.recompute": dict(
        right=[it._walk_backwards, recompute_by_chunks],
        wrong={
            "不重算": (lambda n, every, entry, whole: n * whole, "不重算的"),
            "每层一个入口": (lambda n, every, entry, whole: n * entry + every * whole, "不是每层"),
            "末尾没有入口": (lambda n, every, entry, whole: n // every * entry + min(every, n) * whole, "向上取整"),
            "只重算一层": (lambda n, every, entry, whole: -(-n // every) * entry + whole, "一段里"),
            "只有入口": (lambda n, every, entry, whole: -(-n // every) * entry, "也要地方"),
            "一段太长": (lambda n, every, entry, whole: -(-n // every) * entry + every * whole, "最多只有"),
        },
    ),
}
