"攻击“分词器的报告”的三个检查器。"

from minimind.exercises import tokenizer_report as it


def place_recursively(spots, dots):
    if not spots:
        return []
    (x, y, wide), *rest = spots
    hit = [1 for a, b, w in dots if -14 < y - b < 14 and not (x + wide <= a or a + w <= x)]
    if hit:
        return place_recursively([(x, y + 15, wide), *rest], dots)
    return [y, *place_recursively(rest, [*dots, (x, y, wide)])]


def ticks_by_filter(low, high):
    every = sorted(m * 10.0**k for k in range(-6, 9) for m in (1, 2, 5))
    start = [v for v in every if v <= low * 1.000001][-1]
    stop = [v for v in every if v >= high * 0.999999][0]
    if stop <= start:
        stop = [v for v in every if v > start][0]
    return [v for v in every if start <= v <= stop]


def best_by_key(row, better):
    scored = [None if v is None else v * better for v in row]
    there = [s for s in scored if s is not None]
    return [bool(better) and s is not None and s == max(there) and s > min(there) for s in scored]


ATTACKS = {
    "tokenizer_report.place": dict(
        right=[place_recursively],
        wrong={
            "只挪一次": (it._once, "不一定够"),
            "不看名字": (it._dots_only, "先放的名字也"),
            "不看点": (it._names_only, "和点也"),
            "不看宽": (it._no_width, "横着错开"),
            "看的是原来的地方": (it._old_places, "挪到的地方"),
            "挪了 14": lambda spots, dots: [y + (y > 14) for y in place_recursively(spots, dots)],
        },
    ),
    "tokenizer_report.ticks": dict(
        right=[ticks_by_filter],
        wrong={
            "只要里面的": (it._inside_only, "出了轴"),
            "只有 10 的次方": (it._tens_only, "2 与 5"),
            "放宽太多": (it._too_wide, "太多"),
            "只有一个": (lambda low, high: ticks_by_filter(low, high)[: 1 if low == high else None], "至少两个"),
            "平均分": lambda low, high: [low + (high - low) * i / 4 for i in range(5)],
        },
    ),
    "tokenizer_report.best": dict(
        right=[best_by_key],
        wrong={
            "总挑最大的": (it._always_max, "最小的"),
            "只加粗头一个": (it._first_only, "并列"),
            "一样的都加粗": (it._ties_all, "全都一样"),
            "一个也加粗": (it._alone, "没有谁可比"),
            "没有方向也加粗": (it._any_direction, "没有方向"),
        },
    ),
}
