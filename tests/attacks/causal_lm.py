import math

import torch
import torch.nn.functional as F

from minimind.exercises import causal_lm as it
from minimind.model.attention import KVCache


def by_picking(logits, labels):
    logits, labels = logits[:, :-1], labels[:, 1:]
    keep = labels != -100
    picked = logits.gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return ((logits.logsumexp(-1) - picked) * keep).sum() / max(1, int(keep.sum()))


def nan_when_empty(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


def mean_of_means(logits, labels):
    return torch.stack([by_picking(a[None], b[None]) for a, b in zip(logits, labels)]).mean()


def summed(logits, labels):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")


def learns_ignored(logits, labels):
    return by_picking(logits, labels.clamp(min=0))


def in_bits(logits, labels):
    return by_picking(logits, labels) / 0.6931472


def two_ahead(logits, labels):
    return by_picking(logits[:, :-1], labels[:, 1:])


def as_a_number(logits, labels):
    return torch.tensor(by_picking(logits, labels).item())


def with_append(model, input_ids, new_tokens):
    ids = input_ids[0].tolist()
    cache, feed = KVCache(model.config, 1, len(ids) + new_tokens), input_ids
    with torch.inference_mode():
        while len(ids) < input_ids.shape[1] + new_tokens:
            ids.append(int(model(feed, past_key_values=cache).logits[0, -1].argmax()))
            feed = torch.tensor([ids[-1:]])
    return torch.tensor([ids])


@torch.no_grad()
def without_cache(model, ids, n):
    for _ in range(n):
        ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], 1)
    return ids


@torch.no_grad()
def feeds_everything(model, ids, n):
    cache = KVCache(model.config, 1, 200)
    for _ in range(n):
        ids = torch.cat([ids, model(ids, past_key_values=cache).logits[:, -1:].argmax(-1)], 1)
    return ids


@torch.no_grad()
def forgets_the_past(model, ids, n):
    new = ids
    for _ in range(n):
        new = model(new).logits[:, -1:].argmax(-1)
        ids = torch.cat([ids, new], 1)
    return ids


def one_short(model, ids, n):
    return with_append(model, ids, n - 1)


def new_ones_only(model, ids, n):
    return with_append(model, ids, n)[:, ids.shape[1] :]


@torch.no_grad()
def least_likely(model, ids, n):
    cache, new = KVCache(model.config, 1, ids.shape[1] + n), ids
    for _ in range(n):
        new = model(new, past_key_values=cache).logits[:, -1:].argmin(-1)
        ids = torch.cat([ids, new], 1)
    return ids


@torch.no_grad()
def token_by_token(model, ids, n):
    cache = KVCache(model.config, 1, ids.shape[1] + n)
    for token in ids[0, :-1]:
        model(token.view(1, 1), past_key_values=cache)
    new = ids[:, -1:]
    for _ in range(n):
        new = model(new, past_key_values=cache).logits[:, -1:].argmax(-1)
        ids = torch.cat([ids, new], 1)
    return ids


def loss_of_a_thousandth(v):
    return -sum(1 / v * math.log(1 / v) for _ in range(v))


def with_cat(labels):
    return torch.cat([labels[:, 1:], torch.full_like(labels[:, :1], -100)], 1)


def one_short_target(labels):
    return labels[:, 1:]


def repeats_the_last(labels):
    return torch.cat([labels[:, 1:], labels[:, -1:]], 1)


ATTACKS = {
    "causal_lm.loss": dict(
        right=[by_picking],
        wrong={
            "忘了错开一位": (it._aligned, "错开一位"),
            "除以了全部位置": (it._all_positions, "全部位置"),
            "一个都不学时是 NaN": (nan_when_empty, "一个都不学时"),
            "先按句平均": mean_of_means,
            "没有除以个数": summed,
            "不学的也学了": learns_ignored,
            "换成了比特": in_bits,
            "错开了两位": two_ahead,
            "取了 .item()": (as_a_number, "梯度"),
        },
    ),
    "causal_lm.greedy": dict(
        right=[with_append],
        wrong={
            "没有用缓存": (without_cache, "缓存"),
            "有缓存却每次喂整段": feeds_everything,
            "只喂一个却没有缓存": forgets_the_past,
            "少生成一个": (one_short, "全部的词"),
            "只返回新的": new_ones_only,
            "取了最小的": least_likely,
            "提示也一个一个喂": (token_by_token, "缓存"),
        },
    ),
    "causal_lm.first_loss": dict(
        right=[loss_of_a_thousandth],
        wrong={
            "以 2 为底": (math.log2, "自然对数"),
            "只是概率": (lambda v: 1 / v, "负对数"),
            "少了负号": (lambda v: math.log(1 / v), "负号"),
            "背下 6400 的": lambda v: 8.764,
        },
    ),
    "causal_lm.targets": dict(
        right=[with_cat],
        wrong={
            "绕回第一个": (it._rolled, "绕回"),
            "挪反了": (lambda y: F.pad(y[:, :-1], (1, 0), value=-100), "方向"),
            "没有挪": (lambda y: y.clone(), "没有挪"),
            "补了 0": (lambda y: F.pad(y[:, 1:], (0, 1)), "−100"),
            "短了一格": (one_short_target, "形状"),
            "重复最后一个": repeats_the_last,
            "成了小数": (lambda y: with_cat(y).float(), "整数"),
        },
    ),
}
