"攻击“断了自己接上”的检查器。"

import math

from minimind.exercises import restart as it

YEAR = 365 * 24 * 3600


def by_replay(total, every, lives):
    at = spent = 0
    for n in [*lives, total]:
        for _ in range(n):
            if at == total:
                return spent
            at, spent = at + 1, spent + 1
        if at == total:
            return spent
        at -= at % every
    return spent


def by_search(years, cards, save, step):
    between = years * YEAR / cards
    return max(1, int(math.sqrt(2 * save * between) / step + 0.5))


ATTACKS = {
    "restart.steps": dict(
        right=[by_replay],
        wrong={
            "退得太多": (lambda total, every, lives: by_replay(total, every * 2, lives), "步"),
            "不退": (lambda total, every, lives: by_replay(total, 1, lives), "步"),
            "只认第一条命": (lambda total, every, lives: by_replay(total, every, lives[:1]), "步"),
        },
    ),
    "restart.interval": dict(
        right=[by_search],
        wrong={
            "一年按 360 天": (lambda years, *rest: by_search(years * 360 / 365, *rest), "年"),
            "不开平方": (lambda y, c, save, step: max(1, round(2 * save * y * YEAR / c / step)), "年"),
            "向下取整": (lambda y, c, s, t: max(1, int(math.sqrt(2 * s * y * YEAR / c) / t)), "年"),
        },
    ),
    "restart.survive": dict(
        right=[it._day_by_day, lambda n, days, years: (2.718281828459045 ** (-days / 365 / years)) ** n],
        wrong={
            "一张卡": (lambda n, days, years: math.exp(-days / 365 / years), "连乘"),
            "至少坏一张": (lambda n, days, years: 1 - it._day_by_day(n, days, years), "至少坏"),
            "没换成年": (lambda n, days, years: math.exp(-n * days / years), "换成年"),
            "直接相减": (lambda n, days, years: max(0.0, 1 - n * days / 365 / years), "直接相减"),
            "乘年数": (lambda n, days, years: math.exp(-n * days / 365 * years), "是除"),
        },
    ),
    "restart.mine": dict(
        right=[it._one_by_one, lambda again, saved, now: bool(again and saved and now) and saved == now],
        wrong={
            "有断点就接": (it._any_checkpoint, "另一次训练"),
            "不看重来": (it._just_equal, "没有重来"),
            "空串也算": (it._empty_equal, "空串"),
            "没记的也接": (it._old_is_mine, "认不出"),
            "从不接": (lambda again, saved, now: False, "该接"),
            "只接第一次重来": (lambda again, saved, now: it._one_by_one(again, saved, now) and again == 1, "重来几次"),
        },
    ),
}
