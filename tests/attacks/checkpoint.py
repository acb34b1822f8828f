"攻击存盘与续训的检查器。"

import random
import re


def clean_by_regex(state):
    return {re.sub(r"^(?:module\.|_orig_mod\.)+", "", key): value for key, value in state.items()}


def everywhere(state):
    return {"".join(re.split(r"module\.|_orig_mod\.", k)): v for k, v in state.items()}


def two_rounds(state):
    strip = lambda k: k.removeprefix("module.").removeprefix("_orig_mod.")
    return {strip(strip(k)): v for k, v in state.items()}


def keys_only(state):
    return dict(zip(clean_by_regex(state), reversed(list(state.values()))))


def pops(state):
    for key in list(state):
        state[re.sub(r"^(?:module\.|_orig_mod\.)+", "", key)] = state.pop(key)
    return state


def copies_values(state):
    return {k: v[:] if isinstance(v, list) else v for k, v in clean_by_regex(state).items()}


def remaining(n, seed, epoch, samples, batch_size):
    rng, order = random.Random(1000 * seed + epoch), [*range(n)]
    rng.shuffle(order)
    out, left = [], order[samples:]
    while left:
        out, left = [*out, left[:batch_size]], left[batch_size:]
    return out


def global_random(n, seed, epoch, samples, batch_size):
    random.seed(seed * 1000 + epoch)
    order = list(range(n))
    random.shuffle(order)
    return [order[i : i + batch_size] for i in range(samples, n, batch_size)]


def in_order(n, seed, epoch, samples, batch_size):
    return [list(range(i, min(n, i + batch_size))) for i in range(samples, n, batch_size)]


def shuffles_the_rest(n, seed, epoch, samples, batch_size):
    order = list(range(samples, n))
    random.Random(seed * 1000 + epoch).shuffle(order)
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def renames_by_insert(keep):
    out = []
    for place in range(keep):
        out.insert(0, (place - 1, place))
    return out


def newest_by_filter(files):
    if not files:
        return None
    try:
        return next(filter(lambda file: file[1], files))[0]
    except StopIteration:
        raise ValueError("没有好的") from None


ATTACKS = {
    "checkpoint.clean_keys": dict(
        right=[clean_by_regex],
        wrong={
            "到处都去掉": (everywhere, "replace"),
            "只剥两轮": (two_rounds, "剥完之后的键"),
            "只留最后一段": (lambda s: {k.rpartition(".")[2]: v for k, v in s.items()}, "本来就干净"),
            "值对错了键": (keys_only, "两层外壳"),
            "在原来的字典上改": (pops, "改动了传进来的数据"),
            "抄了一份值": (copies_values, "值不是原来那个"),
        },
    ),
    "checkpoint.remaining": dict(
        right=[remaining],
        wrong={
            "动了全局随机数": (global_random, "全局"),
            "没有打乱": (in_order, "合起来"),
            "只打乱剩下的": (shuffles_the_rest, "合起来"),
            "看完了还给一个空批": (lambda n, s, e, k, b: remaining(n, s, e, k, b) or [[]], "看过 10 个"),
            "不看 seed": (lambda n, s, e, k, b: remaining(n, 1, e, k, b), "seed="),
            "按整批跳过": (lambda n, s, e, k, b: remaining(n, s, e, 0, b)[k // b :], "重看"),
        },
    ),
    "checkpoint.renames": dict(
        right=[renames_by_insert],
        wrong={
            "从新的让起": (lambda keep: [(i - 1, i) for i in range(keep)], "盖掉了"),
            "没有就位": (lambda keep: [(i - 1, i) for i in range(keep - 1, 0, -1)], "最后要就位"),
            "只换最新的": (lambda keep: [(-1, 0)], "盖掉了"),
            "多留一份": (lambda keep: [(i, i + 1) for i in range(keep - 1, -2, -1)], "多出了"),
            "改了空的": (lambda keep: [(5, 6), *renames_by_insert(keep)], "空了"),
            "只让一步": (lambda keep: [(0, keep - 1), (-1, 0)] if keep > 1 else [(-1, 0)], "往后让一位"),
            "不是成对的": (lambda keep: list(range(keep)), "(从, 到)"),
        },
    ),
    "checkpoint.newest": dict(
        right=[newest_by_filter],
        wrong={
            "不看好不好": (lambda files: files[0][0] if files else None, "最新的坏了"),
            "用最旧的": (lambda files: next((s for s, fine in reversed(files) if fine), None), "最新的就是好的"),
            "都坏了也从头": (lambda files: next((s for s, fine in files if fine), None), "悄悄"),
            "没有就抛": (lambda files: next(s for s, fine in [*files, (None, not files)] if fine) or 0, "None"),
            "第 0 步当成没有": (lambda files: newest_by_filter(files) or None, "第 0 步"),
            "只看两份": (lambda files: newest_by_filter(files[:2]), "坏了两份"),
        },
    ),
}
