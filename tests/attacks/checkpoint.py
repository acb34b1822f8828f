"攻击存盘与续训的两个检查器。"

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
}
