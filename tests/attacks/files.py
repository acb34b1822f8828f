import json
import random
import re
import zlib

from minimind.exercises import files as it


def with_join(rows):
    return "\n".join([*(json.dumps(row, ensure_ascii=False) for row in rows), ""])


def escaped(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def one_array(rows):
    return json.dumps(rows, ensure_ascii=False)


def no_last_newline(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def python_repr(rows):
    return "".join(f"{row}\n".replace("'", '"') for row in rows)


def sorted_keys(rows):
    return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)


def raw_newlines(rows):
    return it.solution_lines(rows).replace("\\n", "\n")


def by_crc(seed, sizes):
    rngs = {name: random.Random(1_000_003 * seed + zlib.crc32(name.encode())) for name in sizes}
    return {name: [int(100 * rng.random()) for _ in range(sizes[name])] for name, rng in rngs.items()}


def shared(seed, sizes):
    rng = random.Random(seed)
    return {name: [rng.randrange(100) for _ in range(size)] for name, size in sizes.items()}


def seed_only(seed, sizes):
    return {name: random.Random(seed).choices(range(100), k=size) for name, size in sizes.items()}


def name_only(seed, sizes):
    return {name: random.Random(name).choices(range(100), k=size) for name, size in sizes.items()}


def size_in_seed(seed, sizes):
    return {name: random.Random(f"{seed}{name}{size}").choices(range(100), k=size) for name, size in sizes.items()}


def place_in_seed(seed, sizes):
    return {n: random.Random(1000 * seed + i).choices(range(100), k=s) for i, (n, s) in enumerate(sizes.items())}


def builtin_hash(seed, sizes):
    return {name: random.Random(hash((seed, name))).choices(range(100), k=size) for name, size in sizes.items()}


def global_dice(seed, sizes):
    return {name: random.choices(range(100), k=size) for name, size in sizes.items()}


def nearly_constant(seed, sizes):
    return {name: [(7 * seed + zlib.crc32(name.encode())) % 100] * size for name, size in sizes.items()}


def up_to_a_hundred(seed, sizes):
    return {n: [random.Random(f"{seed}-{n}-{i}").randint(0, 100) for i in range(s)] for n, s in sizes.items()}


def collides_with_sets(row, asked):
    if row.keys() & {"conversations"}:
        return not asked.isdisjoint(t["content"] for t in row["conversations"] if t["role"] == "user")
    return max((q in row["text"] for q in asked if not len(q) < 6), default=False)


def seven_letters(row, asked):
    return collides_with_sets(row, {q for q in asked if len(q) != 6})


def cut_with_finditer(text, words):
    found, at = [], 0
    for hit in re.finditer("|".join(re.escape(w) for w in sorted(words, key=lambda w: -len(w))), text):
        found += [text[at : hit.start()], hit[0]]
        at = hit.end()
    return [p for p in [*found, text[at:]] if p]


ATTACKS = {
    "files.lines": dict(
        right=[with_join],
        wrong={
            "汉字被转义": (escaped, "汉字"),
            "写成了一个大数组": one_array,
            "最后一行没有换行": no_last_newline,
            "用了 Python 的写法": python_repr,
            "键被排了序": (sorted_keys, "键的次序"),
            "文字里的换行断了行": raw_newlines,
        },
    ),
    "files.streams": dict(
        right=[by_crc],
        wrong={
            "共用一个发生器": (shared, "b"),
            "种子里没有名字": (seed_only, "带上名字"),
            "种子里没有 seed": (name_only, "换一颗种子"),
            "种子里带了行数": (size_in_seed, "变长后的开头"),
            "种子里是第几种文件": (place_in_seed, "换了次序"),
            "用了内置的 hash": (builtin_hash, "hash()"),
            "用了全局的发生器": global_dice,
            "整串都是一个数": (nearly_constant, "不像随机的"),
            "会出现 100": (up_to_a_hundred, "0–99"),
        },
    ),
    "files.collides": dict(
        right=[collides_with_sets],
        wrong={
            "短的也查": (it._short_ones_too, "短于 6 个字"),
            "回答也算": (it._any_speaker, "只看用户"),
            "对话也看包含": (it._contains_everywhere, "整句一样"),
            "短文要整篇一样": (lambda row, asked: (
                row["text"] in asked if "text" in row else collides_with_sets(row, asked)
            ), "包不包含"),
            "6 个字的漏了": (seven_letters, "正好 6 个字"),
            "总说没有": lambda row, asked: False,
        },
    ),
    "files.cut": dict(
        right=[cut_with_finditer],
        wrong={
            "照写的次序认": (it._as_listed, "长的要先认"),
            "词丢了": (it._words_lost, "也要留下"),
            "空的还在": (lambda text, words: re.split(
                "(" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")", text
            ), "空的片段"),
            "一个字一片": lambda text, words: list(text),
            "不切": lambda text, words: [text],
        },
    ),
}
