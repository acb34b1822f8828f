import random
import re
from itertools import product

from minimind.exercises import language as it


def one_draw_each(rng, before, cores, after, **slots):
    first, middle, last = (part[int(rng.random() * len(part))] for part in (before, cores, after))
    return f"{first}{middle.format(**slots)}{last}"


def same_place(rng, before, cores, after, **slots):
    at = rng.randrange(100)
    return before[at % len(before)] + cores[at % len(cores)].format(**slots) + after[at % len(after)]


def own_dice(rng, before, cores, after, **slots):
    return random.choice(before) + random.choice(cores).format(**slots) + random.choice(after)


def forgets_slots(rng, before, cores, after, **slots):
    return rng.choice(before) + rng.choice(cores) + rng.choice(after)


def only_c(rng, before, cores, after, **slots):
    return rng.choice(before) + rng.choice(cores).replace("{c}", slots.get("c", "")) + rng.choice(after)


def first_opening(rng, before, cores, after, **slots):
    return before[0] + rng.choice(cores).format(**slots) + rng.choice(after)


def wrong_way_round(rng, before, cores, after, **slots):
    return rng.choice(after) + rng.choice(cores).format(**slots) + rng.choice(before)


MARKS = "？?。.！!，,"


def without_loop(train, test):
    def bare(text):
        text = "".join(text.split(" "))
        while text and text[-1] in MARKS:
            text = text[:-1]
        return text

    return [t for t in test if bare(t) in set(map(bare, train))]


def identical_only(train, test):
    return [t for t in test if t in train]


def one_mark_only(train, test):
    bare = lambda s: s.replace(" ", "")[:-1] if s.replace(" ", "")[-1:] in MARKS else s.replace(" ", "")
    return [t for t in test if bare(t) in set(map(bare, train))]


def every_mark(train, test):
    bare = lambda s: "".join(c for c in s if c not in MARKS + " ")
    return [t for t in test if bare(t) in set(map(bare, train))]


def keeps_spaces(train, test):
    bare = lambda s: s.rstrip(MARKS)
    return [t for t in test if bare(t) in set(map(bare, train))]


def as_a_set(train, test):
    return sorted({t for t in without_loop(train, test)}, key=len)


def bare_texts(train, test):
    return [t.replace(" ", "").rstrip(MARKS) for t in without_loop(train, test)]


def variants_by_product(text):
    parts = re.split(r"[\[\]]", text)
    return ["".join(way) for way in product(*(p.split("/") if i % 2 else [p] for i, p in enumerate(parts)))]


def one_of_each(text):
    return sorted(set(variants_by_product(text)))


def keeps_brackets(text):
    return [said if said == text else f"[{said}]" for said in variants_by_product(text)]


def count_by_hand(leads, frames, asks):
    seen = []
    for lead in leads:
        for before, after in frames:
            for b in before:
                seen += [lead + b + ask + z for ask in asks for z in after]
    return len(dict.fromkeys(seen))


ATTACKS = {
    "language.say": dict(
        right=[one_draw_each],
        wrong={
            "三截总取同一个位置": (same_place, "各抽各的"),
            "没有用传进来的 rng": (own_dice, "rng"),
            "空没有填": (forgets_slots, "空要填好"),
            "只会填 {c}": (only_c, "空要填好"),
            "开场总取第一个": (first_opening, "还没出现过"),
            "开场与结尾对调": wrong_way_round,
        },
    ),
    "language.leaks": dict(
        right=[without_loop],
        wrong={
            "一字不差才算": (identical_only, "只差空格与标点"),
            "只去掉一个标点": one_mark_only,
            "中间的标点也去掉了": (every_mark, "中间的标点"),
            "没有去掉空格": keeps_spaces,
            "次序乱了，重复的也丢了": as_a_set,
            "返回的是抹平之后的": bare_texts,
        },
    ),
    "language.variants": dict(
        right=[variants_by_product],
        wrong={
            "次序反了": (it._last_fork_slow, "次序反了"),
            "只取第一种": (lambda text: variants_by_product(text)[:1], "只取了"),
            "没有岔路的丢了": (lambda text: variants_by_product(text) if "[" in text else [], "它自己一种"),
            "排了序、去了重": one_of_each,
            "括号还在": keeps_brackets,
        },
    ),
    "language.how_many": dict(
        right=[count_by_hand],
        wrong={
            "重复的也算": (it._with_repeats, "只算一种"),
            "跨组搭配": (it._across_groups, "自己那一组"),
            "没有乘开场": (lambda leads, frames, asks: count_by_hand([""], frames, asks), "漏了开场"),
            "只数问法": lambda leads, frames, asks: len({*asks}),
        },
    ),
}
