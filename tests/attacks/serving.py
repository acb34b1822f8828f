"攻击服务有多快的三个检查器。"

from statistics import mean, median

from minimind.exercises import serving as it


def with_statistics(start, chunks):
    times = [t for t, text in chunks if len(text)]
    return times[0] - start, mean([b - a for a, b in zip(times, times[1:])] or [0.0])


def middle_gap(start, chunks):
    times = [t for t, text in chunks if text]
    return times[0] - start, median([b - a for a, b in zip(times, times[1:])] or [0.0])


def last_not_first(start, chunks):
    return max(t for t, text in chunks if text) - start, it._gaps(start, chunks)[1]


def only_first(start, chunks):
    return it._gaps(start, chunks)[0]


def with_zip(visits):
    begin, end, tokens = zip(*visits)
    return sum(tokens) / (max(end) - min(begin))


def per_person(visits):
    return it._swept(visits) / len(visits)


def seconds_per_token(visits):
    return 1 / it._swept(visits)


def queue_by_sorting(people, prefill):
    firsts = sorted(prefill * (people - i) for i in range(people))
    middle = firsts[(people - 1) // 2] + firsts[people // 2]
    return middle / 2, firsts[-1]


ATTACKS = {
    "serving.visit": dict(
        right=[it._gaps, with_statistics],
        wrong={
            "空的块": (it._first_chunk, "报身份"),
            "多一段": (it._one_more, "n−1"),
            "混进等待": (it._from_start, "混进"),
            "没有减": (it._on_the_clock, "问出去"),
            "中位数": (middle_gap, "间隔"),
            "最后一块": (last_not_first, "首字"),
            "只交一个": (only_first, "(首字, 间隔)"),
        },
    ),
    "serving.total": dict(
        right=[it._swept, with_zip],
        wrong={
            "相加": (it._sum_of_speeds, "速度相加"),
            "平均": (it._mean_of_speeds, "速度平均"),
            "时间相加": (it._time_added, "重叠"),
            "最久的": (it._longest, "最久"),
            "最后的": (it._last_listed, "最后听完"),
            "除以人数": (per_person, "一共每秒"),
            "倒了": (seconds_per_token, "一共每秒"),
        },
    ),
    "serving.queue": dict(
        right=[queue_by_sorting],
        wrong={
            "第一个人不等": (lambda n, ms: (ms * (n - 1) / 2, ms * (n - 1)), "自己那条"),
            "一起填": (lambda n, ms: (ms, ms), "前面的"),
            "次序反了": (lambda n, ms: queue_by_sorting(n, ms)[::-1], "次序反了"),
            "等到最后一条": (lambda n, ms: (ms * n, ms * n), "首字就到"),
            "最慢的一半": (lambda n, ms: (ms * n / 2, ms * n), "一半"),
            "取了偏下的那个": lambda n, ms: (ms * ((n + 1) // 2), ms * n),
        },
    ),
}
