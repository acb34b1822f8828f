import math


def step_by_step(loss, n_tokens, n_bytes):
    total_nats = n_tokens * loss
    total_bits = total_nats * math.log2(math.e)
    return total_bits / n_bytes


def still_nats(loss, n_tokens, n_bytes):
    return loss * n_tokens / n_bytes


def per_token(loss, n_tokens, n_bytes):
    return loss / math.log(2) / n_bytes


def upside_down(loss, n_tokens, n_bytes):
    return loss / math.log(2) * n_bytes / n_tokens


def times_ln2(loss, n_tokens, n_bytes):
    return loss * math.log(2) * n_tokens / n_bytes


def log10(loss, n_tokens, n_bytes):
    return loss * n_tokens / math.log(10) / n_bytes


def per_token_bits(loss, n_tokens, n_bytes):
    return loss / math.log(2)


def from_the_back(merges, counts):
    used, out = set(), []
    for left, right in reversed(merges):
        if left + right in used and not counts.get(left + right, 0):
            out.insert(0, left + right)
        used |= {left, right}
    return out


def never_alone(merges, counts):
    return [a + b for a, b in merges if not counts.get(a + b)]


def only_used(merges, counts):
    used = {part for pair in merges for part in pair}
    return [a + b for a, b in merges if a + b in used]


def left_sides(merges, counts):
    used = {a for a, _ in merges}
    return [a + b for a, b in merges if a + b in used and not counts.get(a + b)]


def bytes_too(merges, counts):
    used = dict.fromkeys(part for pair in merges for part in pair)
    return [t for t in used if not counts.get(t)]


def zero_is_there(merges, counts):
    used = {part for pair in merges for part in pair}
    return [a + b for a, b in merges if a + b in used and a + b not in counts]


def alphabetical(merges, counts):
    return sorted(from_the_back(merges, counts), reverse=True)


def size_with_zip(texts, encode):
    sizes = [(len(text.encode("utf-8")), len(encode(text))) for text in texts]
    size, tokens = map(sum, zip(*sizes))
    return size / tokens


def characters(texts, encode):
    return len("".join(texts)) / sum(len(encode(text)) for text in texts)


def mean_of_ratios(texts, encode):
    ratios = [size_with_zip([text], encode) for text in texts if text]
    return sum(ratios) / len(ratios)


def all_at_once(texts, encode):
    return len("".join(texts).encode()) / len(encode("".join(texts)))


def broken_by_filter(texts, encode, decode):
    back = [decode(encode(text)) for text in texts]
    return list(filter(lambda found: found[1] != found[2], zip(range(len(texts)), texts, back)))


def pick(keep):
    return lambda *args: [found for found in broken_by_filter(*args) if keep(*found)]


def only_numbers(texts, encode, decode):
    return [i for i, *_ in broken_by_filter(texts, encode, decode)]


def the_fine_ones(texts, encode, decode):
    bad = only_numbers(texts, encode, decode)
    return [(i, text, text) for i, text in enumerate(texts) if i not in bad]


ATTACKS = {
    "measure.bits_per_byte": dict(
        right=[step_by_step],
        wrong={
            "没有换成比特": (still_nats, "换成比特"),
            "没有乘 token 数": (per_token, "乘 token 数"),
            "字节与 token 颠倒": upside_down,
            "乘了 ln 2": times_ln2,
            "换成了以 10 为底": log10,
            "没有平摊到字节": per_token_bits,
        },
    ),
    "measure.scaffold": dict(
        right=[from_the_back],
        wrong={
            "少见的也算了": (never_alone, "没人用它"),
            "单独出现过的也算了": (only_used, "单独出现过"),
            "只看了左边": left_sides,
            "字节也算了": (bytes_too, "字节，不算"),
            "写着 0 次当成出现过": (zero_is_there, "0 次"),
            "次序乱了": (alphabetical, "按产生的次序"),
        },
    ),
    "measure.bytes_per_token": dict(
        right=[size_with_zip],
        wrong={
            "数了字": (characters, "数的是字"),
            "先除再平均": (mean_of_ratios, "一样重"),
            "倒过来": (lambda texts, encode: 1 / size_with_zip(texts, encode), "上下反了"),
            "接起来编码": (all_at_once, "分开编码"),
            "一个字三个字节": lambda texts, encode: 3 * characters(texts, encode),
            "只看第一段": lambda texts, encode: size_with_zip([next(filter(None, texts))], encode),
        },
    ),
    "measure.broken": dict(
        right=[broken_by_filter],
        wrong={
            "只比长短": (pick(lambda i, text, got: len(text) != len(got)), "长短一样"),
            "先 strip 再比": (pick(lambda i, text, got: text.strip() != got.strip()), "首尾"),
            "只报第一处": (lambda *args: broken_by_filter(*args)[:1], "第一处就停"),
            "从 1 数": (lambda *args: [(i + 1, a, b) for i, a, b in broken_by_filter(*args)], "从 0 数"),
            "原文与得到的反了": (lambda *args: [(i, b, a) for i, a, b in broken_by_filter(*args)], "次序"),
            "只给编号": only_numbers,
            "给的是好的": the_fine_ones,
            "说都好": lambda *args: [],
        },
    ),
}
