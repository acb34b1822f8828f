"攻击“切开一个模型”的两个检查器。"


def by_chunks(rows, world, rank):
    size = (rows + world - 1) // world
    mine = list(range(rows))[rank * size : (rank + 1) * size]
    return [mine[0], mine[-1] + 1] if mine else [rows, rows]


def by_levels(train, frozen, level, world):
    total = 16 * train + 4 * frozen
    for size in [8 * train, 4 * train, 4 * (train + frozen)][:level]:
        total -= size - size / world
    return total


ATTACKS = {
    "shard.rows": dict(
        right=[by_chunks],
        wrong={
            "从后往前拿": (lambda rows, world, rank: by_chunks(rows, world, world - 1 - rank), "个进程"),
            "右边闭着": (lambda *a: (by_chunks(*a)[0], by_chunks(*a)[1] - 1), "个进程"),
            "空着手的返回零": (lambda *a: tuple(by_chunks(*a)) if len(set(by_chunks(*a))) > 1 else (0, 0), "个进程"),
        },
    ),
    "shard.bytes": dict(
        right=[by_levels],
        wrong={
            "全切": (lambda train, frozen, level, world: by_levels(train, frozen, 3, world), "级"),
            "少切一级": (lambda a, b, level, world: by_levels(a, b, max(0, level - 1), world), "级"),
            "半精度的权重": (lambda *a: by_levels(*a) - 2 * a[0], "级"),
        },
    ),
}
