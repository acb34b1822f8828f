"攻击“断了自己接上”的两个检查器。"

import math

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
}
