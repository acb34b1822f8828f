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
}
