"攻击“权重文件”的两个检查器。"

import torch

from minimind.exercises import weights as it


def by_counting(t):
    if t.dtype in (torch.int32, torch.int64, torch.bool):
        return t
    lost = t.to(torch.float16).isinf().sum() > t.isinf().sum()
    return t.to(torch.float32 if lost else torch.float16)


def only_first(t):
    return t if not t.is_floating_point() else t.float() if t.numel() and abs(t.flatten()[0]) > 65504 else t.half()


def never(t):
    return t.float() if t.is_floating_point() else t


def with_other_name(disk, name, data):
    spare = f"新-{name}"
    disk.write(spare, data)
    disk.rename(spare, name)


def forgets_to_rename(disk, name, data):
    disk.write(name + ".tmp", data)


def half_of_it(disk, name, data):
    it.solution_replace(disk, name, data[:3])


def keeps_old(disk, name, data):
    if name not in disk.files:
        it.solution_replace(disk, name, data)


def clears_the_rest(disk, name, data):
    it.solution_replace(disk, name, data)
    for other in sorted(set(disk.files) - {name}):
        disk.remove(other)


ATTACKS = {
    "weights.half": dict(
        right=[by_counting],
        wrong={
            "总是减半": (it._always_half, "无穷大"),
            "截住": (it._clamped, "悄悄"),
            "有无穷就不减": (it._any_infinity, "原来就是"),
            "整数也减": (it._integers_too, "整数"),
            "用了 bfloat16": (it._brain, "bfloat16"),
            "只看正的": (it._only_positive, "负"),
            "原样的 float64": (it._keeps_dtype, "float32"),
            "只看头一个": only_first,
            "从不减半": never,
        },
    ),
    "weights.replace": dict(
        right=[with_other_name],
        wrong={
            "直接写": (it._straight, "写到一半"),
            "先删旧的": (it._removes_first, "拿走"),
            "先挪旧的": (it._backup, "断在第"),
            "写了两遍": (it._writes_twice, "写到一半"),
            "留下多余的": (it._leaves_a_copy, "多余的文件"),
            "忘了改名": (forgets_to_rename, "没有断电"),
            "只写了一截": (half_of_it, "没有断电"),
            "有旧的就不写": (keeps_old, "没有断电"),
            "删了别的": (clears_the_rest, "别的文件"),
        },
    ),
}
