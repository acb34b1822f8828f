from collections import Counter

from minimind.exercises import bpe as it


def pairs_of(words):
    pairs = Counter()
    for symbols, times in words:
        for i in range(len(symbols) - 1):
            pairs[symbols[i], symbols[i + 1]] += times
    return pairs


def by_one_pass(words):
    best = None
    for pair, count in pairs_of(words).items():
        if best is None or count > best[0] or count == best[0] and pair < best[1]:
            best = count, pair
    return best and best[1]


def first_seen(words):
    pairs = pairs_of(words)
    return max(pairs, key=pairs.get, default=None)


def unweighted(words):
    return it.solution_best_pair([(symbols, 1) for symbols, _ in words])


def largest_on_ties(words):
    pairs = pairs_of(words)
    return max(pairs, key=lambda p: (pairs[p], p), default=None)


def right_side_first(words):
    pairs = pairs_of(words)
    return min(pairs, key=lambda p: (-pairs[p], p[1], p[0]), default=None)


def no_overlaps(words):
    pairs = Counter()
    for symbols, times in words:
        at = 0
        while at < len(symbols) - 1:
            pair = symbols[at], symbols[at + 1]
            pairs[pair] += times
            at += 2 if symbols[at : at + 3] == [pair[0]] * 3 else 1
    return min(pairs, key=lambda p: (-pairs[p], p), default=None)


def least_common(words):
    pairs = pairs_of(words)
    return min(pairs, key=lambda p: (pairs[p], p), default=None)


def with_for_loop(symbols, ranks):
    out = tuple(symbols)
    while True:
        best = min((ranks.get(p, float("inf")), i) for i, p in enumerate([*zip(out, out[1:]), (None, None)]))
        if best[0] == float("inf"):
            return list(out)
        i = best[1]
        out = (*out[:i], out[i] + out[i + 1], *out[i + 2 :])


def left_to_right(symbols, ranks):
    out = []
    for s in symbols:
        if out and (out[-1], s) in ranks:
            out[-1] += s
        else:
            out.append(s)
    return out


def longest_match(symbols, ranks):
    words, out, rest = {"".join(p) for p in ranks}, [], "".join(symbols)
    while rest:
        n = next((n for n in range(len(rest), 1, -1) if rest[:n] in words), 1)
        out, rest = [*out, rest[:n]], rest[n:]
    return out


def one_round(symbols, ranks):
    found = [(ranks[p], i) for i, p in enumerate(zip(symbols, symbols[1:])) if p in ranks]
    if not found:
        return list(symbols)
    i = min(found)[1]
    return [*symbols[:i], symbols[i] + symbols[i + 1], *symbols[i + 2 :]]


def rightmost(symbols, ranks):
    out = list(symbols)
    while found := [(ranks[p], -i) for i, p in enumerate(zip(out, out[1:])) if p in ranks]:
        i = -min(found)[1]
        out[i : i + 2] = [out[i] + out[i + 1]]
    return out


def largest_rank(symbols, ranks):
    return with_for_loop(symbols, {p: -r for p, r in ranks.items()})


def by_hand(pieces):
    kept = b""
    for piece in pieces:
        kept += piece
        wait = 0
        for n in range(1, min(3, len(kept)) + 1):
            lead = kept[-n]
            if 0xC2 <= lead <= 0xF4 and n < 2 + (lead >= 0xE0) + (lead >= 0xF0):
                wait = n
        text, kept = kept[: len(kept) - wait].decode(errors="replace"), kept[len(kept) - wait :]
        yield text
    if kept:
        yield "�"


def waits_for_valid(pieces):
    kept = b""
    for piece in pieces:
        kept += piece
        for back in range(min(4, len(kept)) + 1):
            try:
                text = kept[: len(kept) - back].decode()
            except UnicodeDecodeError:
                continue
            kept = kept[len(kept) - back :]
            yield text
            break
    if kept:
        yield kept.decode(errors="replace")


def holds_until_whole(pieces):
    kept = b""
    for piece in pieces:
        kept += piece
        try:
            text, kept = kept.decode(), b""
        except UnicodeDecodeError:
            continue
        yield text
    yield kept.decode(errors="replace")


def at_once(pieces):
    for piece in pieces:
        yield piece.decode(errors="replace")


def at_the_end(pieces):
    yield b"".join(pieces).decode(errors="replace")


def drops_the_tail(pieces):
    pieces = list(pieces)
    out = list(it._prefixes(pieces))
    return out[:-1] if it._unfinished(b"".join(pieces)) else out


def all_then_split(pieces):
    yield from it._prefixes(list(pieces))


def ignores_halves(pieces):
    for piece in pieces:
        yield piece.decode(errors="ignore")


def by_character(pieces):
    for text in it.solution_stream(pieces):
        yield from text


def replace_with_stack(symbols, pair, new):
    out = []
    for s in symbols:
        out.append(s)
        if tuple(out[-2:]) == pair:
            out[-2:] = [new]
    return out


def replace_from_the_right(symbols, pair, new):
    return it._eat(symbols[::-1], pair[::-1], new)[::-1]


def loses_the_last(symbols, pair, new):
    out, i = [], 0
    while i < len(symbols) - 1:
        hit = tuple(symbols[i : i + 2]) == pair
        out.append(new if hit else symbols[i])
        i += 2 if hit else 1
    return out


def either_order(symbols, pair, new):
    out, i = [], 0
    while i < len(symbols):
        hit = tuple(symbols[i : i + 2]) in (pair, pair[::-1])
        out.append(new if hit else symbols[i])
        i += 2 if hit else 1
    return out


def changes_with_padding(symbols, i, new):
    x, a, b, y = [None, *symbols, None][i : i + 4]
    pick = lambda *pairs: [p for p in pairs if None not in p]
    return pick((x, a), (b, y)), pick((x, new), (new, y))


def left_only(symbols, i, new):
    gone, born = it._both_lists(symbols[: i + 2], i, new)
    return gone, born


def keeps_old_side(symbols, i, new):
    gone, born = it._both_lists(symbols, i, new)
    return gone, [p[::-1] for p in born]


def all_pairs(symbols, i, new):
    after = [*symbols[:i], new, *symbols[i + 2 :]]
    return list(zip(symbols, symbols[1:])), list(zip(after, after[1:]))


ATTACKS = {
    "bpe.best_pair": dict(
        right=[by_one_pass],
        wrong={
            "平局取先遇见的": (first_seen, "编号小的"),
            "没有按次数加权": (unweighted, "加权"),
            "平局取大的": (largest_on_ties, "编号小的"),
            "平局先比右边": right_side_first,
            "重叠的没有数": (no_overlaps, "重叠"),
            "取了次数最少的": least_common,
        },
    ),
    "bpe.encode": dict(
        right=[with_for_loop],
        wrong={
            "从左到右见到就合并": (left_to_right, "先合并"),
            "贪心取最长的": (longest_match, "次序比"),
            "只合并一次": (one_round, "再合并"),
            "先合并最右的": (rightmost, "最左的"),
            "次序大的优先": (largest_rank, "次序比"),
        },
    ),
    "bpe.stream": dict(
        right=[by_hand],
        wrong={
            "来一个解一个": (at_once, "�"),
            "攒到最后": (at_the_end, "立刻交出"),
            "坏字节把后面的都憋住": (waits_for_valid, "憋住后面的"),
            "整段成字才交": (holds_until_whole, "立刻交出"),
            "残缺的尾巴丢了": (drops_the_tail, "末尾残缺"),
            "读完了才开始交": (all_then_split, "yield"),
            "半个字被扔掉": ignores_halves,
            "一个字一个字地交": by_character,
        },
    ),
    "bpe.replace": dict(
        right=[replace_with_stack, it._eat],
        wrong={
            "只换第一处": (it._only_first, "第一处"),
            "只前进一步": (it._step_by_one, "跳过两个"),
            "从右往左": (replace_from_the_right, "从左到右"),
            "丢了最后一个": loses_the_last,
            "反过来的也换": either_order,
        },
    ),
    "bpe.changes": dict(
        right=[changes_with_padding],
        wrong={
            "段首取到最后一个": (it._wraps, "最后一个"),
            "那一对自己也算": (it._with_itself, "自己也算"),
            "两样弄反": (lambda s, i, new: it._both_lists(s, i, new)[::-1], "次序反了"),
            "只看左边": left_only,
            "新生的左右写反": keeps_old_side,
            "把所有对都列了": all_pairs,
        },
    ),
}
