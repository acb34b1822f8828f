"攻击“每字节多少比特”的检查器。"

import math
import zlib

import torch
import torch.nn.functional as F

from minimind.exercises import bits as it


def bits_by_log2(loss, tokens, text):
    return math.log2(math.exp(loss)) * tokens / len(bytes(text, "utf8"))


def by_cross_entropy(logits, input_ids, mask):
    labels = input_ids.masked_fill(mask == 0, -100)[:, 1:]
    nll = F.cross_entropy(logits[:, :-1].transpose(1, 2), labels, ignore_index=-100, reduction="none")
    return nll.sum(1) * math.log2(math.e)


def log_of_softmax(logits, input_ids, mask):
    logp = logits[:, :-1].softmax(-1).log()
    return -(logp.gather(-1, input_ids[:, 1:, None])[..., 0] * mask[:, 1:]).sum(1) / math.log(2)


def not_shifted(logits, input_ids, mask):
    return -(logits.log_softmax(-1).gather(-1, input_ids[..., None])[..., 0] * mask).sum(1) / math.log(2)


def mask_not_shifted(logits, input_ids, mask):
    logp = logits[:, :-1].log_softmax(-1)
    return -(logp.gather(-1, input_ids[:, 1:, None])[..., 0] * mask[:, :-1]).sum(1) / math.log(2)


def unigram_with_logs(ids):
    counts, n = {i: ids.count(i) for i in ids}, len(ids)
    return -sum(math.log(counts[i] / n) for i in ids) / math.log(2)


def adaptive(ids):
    seen, bits = {}, 0.0
    for i in ids:
        seen[i] = seen.get(i, 0) + 1
        bits -= math.log2(seen[i] / sum(seen.values()))
    return bits


def extra_by_bytes(seen, held):
    a, b = seen.encode(), held.encode()
    return (len(zlib.compress(a + b, 9)) - len(zlib.compress(a, 9))) * 8 / len(b)


def swapped(seen, held):
    return 8 * (it._size(held + seen) - it._size(seen)) / len(held.encode())


def per_letter(seen, held):
    return extra_by_bytes(seen, held) * len(held.encode()) / len(held)


ATTACKS = {
    "bits.convert": dict(
        right=[bits_by_log2],
        wrong={
            "除以字符数": (lambda loss, n, text: loss * n / math.log(2) / len(text), "字符数"),
            "乘了 ln 2": (lambda loss, n, text: loss * n * math.log(2) / len(text.encode()), "四个汉字"),
            "还是 nat": (lambda loss, n, text: loss * n / len(text.encode()), "ln 2"),
            "每个汉字当两个字节": (lambda loss, n, text: bits_by_log2(loss, n, text) * 3 / 2, "汉字"),
            "用了 log10": (lambda loss, n, text: loss * n / math.log10(2) / len(text.encode()), "四个汉字"),
            "倒过来": (lambda loss, n, text: len(text.encode()) * math.log(2) / (loss * n + 1e-9), "四个汉字"),
        },
    ),
    "bits.masked": dict(
        right=[by_cross_entropy],
        wrong={
            "先 softmax 再取对数": (log_of_softmax, "logits 很大"),
            "掩码没有跟着错位": (mask_not_shifted, "错开一位"),
            "没有错位": (not_shifted, "错位"),
            "填充也算": (lambda l, i, m: by_cross_entropy(l, i, torch.ones_like(m)), "填充"),
            "全批加成一个数": (lambda l, i, m: by_cross_entropy(l, i, m).sum(), "形状"),
            "还是 nat": (lambda l, i, m: by_cross_entropy(l, i, m) * math.log(2), "nat"),
            "没有负号": (lambda l, i, m: -by_cross_entropy(l, i, m), "负号"),
            "每条求平均": (lambda l, i, m: by_cross_entropy(l, i, m) / (m.sum(1) - 1).clamp(min=1), "平均"),
        },
    ),
    "bits.unigram": dict(
        right=[unigram_with_logs],
        wrong={
            "是平均": (lambda ids: unigram_with_logs(ids) / (len(ids) or 1), "平均几比特"),
            "以 e 为底": (lambda ids: unigram_with_logs(ids) * math.log(2), "以 2 为底"),
            "每种一次": (lambda ids: sum(math.log2(len(ids) / ids.count(i)) for i in set(ids)), "只算了一次"),
            "当成一样常见": (it._uniform, "一样常见"),
            "少了负号": (lambda ids: -unigram_with_logs(ids), "负号"),
            "边看边数": adaptive,
        },
    ),
    "bits.extra": dict(
        right=[extra_by_bytes],
        wrong={
            "单压": (lambda seen, held: extra_by_bytes("", held), "每字节几比特"),
            "忘了乘 8": (lambda seen, held: extra_by_bytes(seen, held) / 8, "8 比特"),
            "除以字数": (per_letter, "不是字数"),
            "没有减": (lambda seen, held: 8 * it._size(seen + held) / len(held.encode()), "要减掉"),
            "次序反了": (swapped, "在前面"),
            "总说 8": lambda seen, held: 8.0,
        },
    ),
}
