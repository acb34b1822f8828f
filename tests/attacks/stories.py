import re

from minimind.exercises import stories as it


def with_findall(text):
    sums = re.findall(r"((\d+)([+-])(\d+)=(\d+))", text)
    right = lambda a, sign, b: int(a) + int(b) * (1 if sign == "+" else -1)
    return [whole for whole, a, sign, b, c in sums if right(a, sign, b) != int(c)]


def one_digit(text):
    return [m[0] for m in re.finditer(r"(\d)([+-])(\d)=(\d)", text) if eval(m[1] + m[2] + m[3]) != int(m[4])]


def left_digit_cut(text):
    return [m[0] for m in re.finditer(r"(\d{1,2})\+(\d+)=(\d+)", text) if int(m[1]) + int(m[2]) != int(m[3])]


def plus_only(text):
    return [m[0] for m in re.finditer(r"(\d+)\+(\d+)=(\d+)", text) if int(m[1]) + int(m[2]) != int(m[3])]


def right_ones(text):
    return [m[0] for m in re.finditer(r"\d+[+-]\d+=\d+", text) if m[0] not in with_findall(text)]


def first_only(text):
    return with_findall(text)[:1]


def every_sum(text):
    return re.findall(r"\d+[+-]\d+=\d+", text)


def by_find(texts, first, second):
    places = [(t.find(first), t.find(second)) for t in texts]
    both = [(a, b) for a, b in places if min(a, b) >= 0]
    return [sum(a < b for a, b in both), sum(b < a for a, b in both)]


def counts_mentions(texts, first, second):
    return sum(first in t for t in texts), sum(second in t for t in texts)


def forgets_missing(texts, first, second):
    ahead = sum(t.find(first) < t.find(second) for t in texts)
    return ahead, len(texts) - ahead


def by_last_mention(texts, first, second):
    both = [t for t in texts if first in t and second in t]
    ahead = sum(t.rindex(first) < t.rindex(second) for t in both)
    return ahead, len(both) - ahead


def starts_with(texts, first, second):
    return sum(t.startswith(first) for t in texts), sum(t.startswith(second) for t in texts)


def swapped(texts, first, second):
    return by_find(texts, second, first)


def by_chars_in_two_steps(shares, lengths):
    total = sum(shares.values())
    mean = sum(shares[k] / total * lengths[k] for k in shares)
    return {k: shares[k] / total * lengths[k] / mean for k in shares}


def as_a_list(shares, lengths):
    return list(by_chars_in_two_steps(shares, lengths).values())


def grown_with_a_dict(texts):
    seen, out = {}, []
    for text in texts:
        seen.update(dict.fromkeys(text))
        out.append(len(seen))
    return out


ATTACKS = {
    "stories.verify": dict(
        right=[with_findall],
        wrong={
            "一次只看一位数": one_digit,
            "左边的数没有取完整": left_digit_cut,
            "只会验加法": plus_only,
            "返回的是算对的": right_ones,
            "只返回第一个": first_only,
            "全都返回": (every_sum, "12+5=17"),
        },
    ),
    "stories.order": dict(
        right=[by_find],
        wrong={
            "数的是提到几次": counts_mentions,
            "只说到一个的也算了": forgets_missing,
            "看的是最后一次": (by_last_mention, "谁先开口"),
            "只看开头": starts_with,
            "两个数对调了": swapped,
        },
    ),
    "stories.by_chars": dict(
        right=[by_chars_in_two_steps],
        wrong={
            "按段": (it._shares_only, "按段的份额"),
            "没有除": (lambda shares, lengths: {k: shares[k] * lengths[k] for k in shares}, "加起来应是 1"),
            "只看长短": (lambda shares, lengths: {k: lengths[k] / sum(lengths.values()) for k in shares}, "没有看份额"),
            "除以份额的和": (lambda shares, lengths: {
                k: shares[k] * lengths[k] / sum(shares.values()) for k in shares
            }, "全书的字数"),
            "各占一半": lambda shares, lengths: {k: 0.5 for k in shares},
            "返回列表": (as_a_list, "键"),
        },
    ),
    "stories.grown": dict(
        right=[grown_with_a_dict],
        wrong={
            "每段新的": (it._new_each, "新见到的"),
            "只数这一段": (lambda texts: [len(set(text)) for text in texts], "前面见过的"),
            "重复的也算": (lambda texts: [sum(map(len, texts[: i + 1])) for i in range(len(texts))], "只算一次"),
            "晚了一段": (lambda texts: [0, *grown_with_a_dict(texts)][:-1], "晚了一段"),
            "只给总数": lambda texts: grown_with_a_dict(texts)[-1:],
        },
    ),
}
