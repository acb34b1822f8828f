"攻击老朋友的三个函数的检查器。"

from statistics import mean

from minimind.exercises import minigpt as it


def summary_with_mean(times, tokens):
    runs = list(zip(times, tokens))[1:]
    seconds = [s for s, _ in runs]
    return mean(seconds), min(seconds), max(seconds), mean(n / s for s, n in runs)


def with_warm_up(times, tokens):
    return summary_with_mean([1.0, *times], [1, *tokens])


def without_the_last(times, tokens):
    return with_warm_up(times[:-1], tokens[:-1])


def detected_by_filter(query, calls):
    return [name for name, _ in filter(lambda call: call[1] == "", calls)]


def by_the_words(query, calls):
    return [name for name, word in {"calculator": "算", "weather_api": "天气"}.items() if word in query]


ATTACKS = {
    "minigpt.summary": dict(
        right=[summary_with_mean],
        wrong={
            "算了热身": (with_warm_up, "热身的那一次也算"),
            "总数除总时间": (it._total_speed, "各算再平均"),
            "去掉了最后一次": (without_the_last, "不是最后一次"),
            "快慢反了": (lambda times, tokens: (
                (f := summary_with_mean(times, tokens))[0], f[2], f[1], f[3]
            ), "秒数最小"),
            "都是 1": lambda times, tokens: (1.0, 1.0, 1.0, 1.0),
        },
    ),
    "minigpt.detected": dict(
        right=[detected_by_filter],
        wrong={
            "看问话": (by_the_words, "问话里的字"),
            "写坏的也算": (lambda query, calls: [name for name, _ in calls], "写坏的不算"),
            "去了重": (lambda query, calls: list(dict.fromkeys(detected_by_filter(query, calls))), "写两次"),
            "排了序": (lambda query, calls: sorted(detected_by_filter(query, calls)), "不要另排"),
            "总是空的": lambda query, calls: [],
        },
    ),
}
