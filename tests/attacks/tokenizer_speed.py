"攻击分词器速度的三个检查器。"

from collections import Counter, defaultdict

from minimind.exercises import tokenizer_speed as it


def pairs_by_defaultdict(words):
    count = defaultdict(int)
    for word in words:
        for at in range(1, len(word)):
            count[word[at - 1], word[at]] += words[word]
    return count


def keeps_zeros(words):
    count = Counter({(a, b): 0 for word in words for a in word for b in word})
    count.update(pairs_by_defaultdict(words))
    return count


def glued_keys(words):
    return Counter({a + b: n for (a, b), n in pairs_by_defaultdict(words).items()})


def join(word, a, b):
    out, at = [], 0
    while at < len(word):
        both = word[at : at + 2] == (a, b)
        out.append(a + b if both else word[at])
        at += 2 if both else 1
    return tuple(out)


def recount(words, count, a, b, joining=join):
    new = defaultdict(int)
    for word, n in words.items():
        new[joining(word, a, b)] += n
    count.clear()
    for word, n in new.items():
        for pair in zip(word, word[1:]):
            count[pair] += n
    return new


def from_the_right(words, count, a, b):
    backwards = lambda word, a, b: tuple(s if s in word else a + b for s in join(word[::-1], b, a)[::-1])
    return recount(words, count, a, b, backwards)


def only_once(words, count, a, b):
    def first(word, a, b):
        at = next((i for i in range(len(word) - 1) if word[i : i + 2] == (a, b)), None)
        return word if at is None else (*word[:at], a + b, *word[at + 2 :])

    return recount(words, count, a, b, first)


def changes_words(words, count, a, b):
    new = dict(recount(words, count, a, b))
    words.clear()
    words.update(new)
    return words


def new_count(words, count, a, b):
    count = Counter(count)
    return recount(words, count, a, b)


def misses_by_first_place(pieces, rounds):
    fresh = sum(pieces.index(piece) == place for place, piece in enumerate(pieces))
    return [fresh, *[0] * (rounds - 1)][:rounds]


ATTACKS = {
    "tokenizer_speed.pairs": dict(
        right=[pairs_by_defaultdict],
        wrong={
            "没乘次数": (it._unweighted, "忘了乘"),
            "首尾相接": (lambda words: it._across({w: min(n, 9) for w, n in words.items()}), "首尾"),
            "不数重叠的": (it._no_overlap, "重叠"),
            "不分前后": (it._either_way, "前后次序"),
            "留着次数为零的": (keeps_zeros, "多出的键"),
            "键是字符串": (glued_keys, "缺少的键"),
        },
    ),
    "tokenizer_speed.update": dict(
        right=[recount],
        wrong={
            "留着零": (it._keeps_zeros, "归零"),
            "只删了这一对": (it._only_pair, "邻居"),
            "并成一样的只留一个": (it._overwrites, "加起来"),
            "没有就地改": (it._not_in_place, "就地"),
            "改的是自己的副本": (new_count, "就地"),
            "从右往左并": (from_the_right, "并 (a, a)"),
            "每段只并一处": (only_once, "并 (a, b)"),
            "在原来的 words 上改": (changes_words, "不该被改动"),
        },
    ),
    "tokenizer_speed.misses": dict(
        right=[misses_by_first_place],
        wrong={
            "段段都合并": (lambda pieces, rounds: [len(pieces)] * rounds, "照抄"),
            "头一遍不用缓存": (lambda pieces, rounds: [len(pieces)] + [0] * (rounds - 1), "同一遍"),
            "每遍都从头来": (lambda pieces, rounds: [len(set(pieces))] * rounds, "一直留着"),
            "只数不重复的": (it._no_repeats, "头一次"),
            "数了照抄的": (lambda p, rounds: [len(p) - n for n in misses_by_first_place(p, rounds)], "照抄的段"),
            "只给了总数": lambda pieces, rounds: len(set(pieces)),
        },
    ),
}
