"攻击自带的工具的检查器。"

import math
import re

from minimind.exercises import builtin_tools as it


def not_apart(one, other):
    if one is None or other is None:
        return False
    return not (one[1] <= other[0] or other[1] <= one[0])


def none_collides(one, other):
    return one is None or other is None or not_apart(one, other)


def same_start(one, other):
    return bool(one and other and one[0] == other[0])


def upside_down(one, other):
    return bool(one and other) and not not_apart(one, other)


def doc_by_doc(docs, query):
    mean = sum(len(d) for d in docs) / len(docs)
    return [
        sum(
            math.log1p((len(docs) - n + 0.5) / (n + 0.5)) * f / (f + 0.375 + 1.125 * len(d) / mean)
            for f, n in ((d.count(w), len([x for x in docs if w in x])) for w in query)
        )
        for d in docs
    ]


def without_one(docs, query):
    mean, out = sum(map(len, docs)) / len(docs), []
    for d in docs:
        total = 0.0
        for w in query:
            n, f = sum(w in x for x in docs), d.count(w)
            total += math.log((len(docs) - n + 0.5) / (n + 0.5)) * f / (f + 1.5 * (0.25 + 0.75 * len(d) / mean))
        out.append(total)
    return out


def best_only(docs, query):
    scores = it._score(docs, query)
    return scores.index(max(scores))


def with_k_plus_one(docs, query):
    return [2.5 * s for s in it._score(docs, query)]


def days_by_cases(today, wanted):
    gap = wanted - today.weekday()
    return gap if gap >= 0 else gap + 7


def next_week_always(today, wanted):
    return days_by_cases(today, wanted) or 7


def bigrams_with_zip(text):
    out = []
    for run in re.split("[^a-z0-9\u4e00-\u9fff]+", text.lower()):
        for part in re.findall("[a-z0-9]+|[^a-z0-9]+", run):
            if part.isascii() or len(part) == 1:
                out.append(part)
            else:
                out.extend(map("".join, zip(part, part[1:])))
    return out


def no_singles(text):
    return [w for w in bigrams_with_zip(text) if len(w) > 1 or w.isascii()]


def single_chars(text):
    return [c for c in text.lower() if c.isalnum()]


ATTACKS = {
    "builtin_tools.collide": dict(
        right=[it._minute_by_minute, not_apart],
        wrong={
            "接着也算": (it._touching, "接着"),
            "包住不算": (it._ends_inside, "包住"),
            "只看开头": (it._start_inside, "开头"),
            "满足一个": (it._either, "都满足"),
            "没写钟点也撞": (none_collides, "None"),
            "同时开始才算": (same_start, "撞不撞"),
            "反了": (upside_down, "撞不撞"),
        },
    ),
    "builtin_tools.bm25": dict(
        right=[it._score, doc_by_doc],
        wrong={
            "一样值钱": (it._all_equal, "一样值钱"),
            "数总次数": (it._counts_times, "几段"),
            "没有打折": (it._never_fades, "打折"),
            "不看长短": (it._ignores_length, "多长"),
            "重复的只算一次": (it._once_each, "重复的词"),
            "对数里少了 1": (without_one, "各段的分"),
            "只交第几段": (best_only, "每段一个分"),
            "多乘了": (with_k_plus_one, "各段的分"),
        },
    ),
    "builtin_tools.days_until": dict(
        right=[days_by_cases],
        wrong={
            "负的": (lambda today, wanted: wanted - today.weekday(), "取余"),
            "今天不算": (next_week_always, "是 0 天"),
            "星期日打头": (lambda today, wanted: days_by_cases(today, (wanted - 1) % 7), "0 是星期一"),
            "差反了": (lambda today, wanted: (today.weekday() - wanted) % 7, "差反了"),
            "绝对值": (lambda today, wanted: abs(wanted - today.weekday()), "先后不能不管"),
            "总是明天": lambda today, wanted: 1,
        },
    ),
    "builtin_tools.bigrams": dict(
        right=[bigrams_with_zip],
        wrong={
            "不重叠": (it._not_overlapping, "一步挪一个字"),
            "越过标点": (it._across_marks, "不相邻"),
            "丢了单字": (no_singles, "不要丢"),
            "去了重": (lambda text: list(dict.fromkeys(bigrams_with_zip(text))), "重复的照留"),
            "一个字一个词": single_chars,
        },
    ),
}
