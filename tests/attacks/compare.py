"攻击“并排比”的两个检查器。"

import math

from minimind.exercises import compare as it


def spoke_from_the_right(i, n, r):
    angle = math.pi / 2 - math.tau * i / n  # 数学里的角度：从右边逆时针
    return r * math.cos(angle), -r * math.sin(angle)


def winner_sorted(marks):
    there = sorted(((m[0], m[1], i) for i, m in enumerate(marks) if m), reverse=True)
    if len(there) < 2:
        return None
    (low, _, best), *rest = there
    return best if low > max(high for _, high, _ in rest) else None


ATTACKS = {
    "compare.spoke": dict(
        right=[spoke_from_the_right],
        wrong={
            "从右边数起": (it._from_the_right, "正上方"),
            "上下颠倒": (it._upside_down, "颠倒"),
            "转反了": (it._anticlockwise, "顺时针"),
            "用了度": (it._in_degrees, "弧度"),
            "只转半圈": (it._half_circle, "2π"),
            "x 与 y 反了": lambda i, n, r: spoke_from_the_right(i, n, r)[::-1],
        },
    ),
    "compare.winner": dict(
        right=[winner_sorted],
        wrong={
            "只看谁高": (it._highest_only, "叠着"),
            "一个也算赢": (it._alone_wins, "没有谁可比"),
            "位置数错": (it._place_among_shown, "占位置"),
            "赢一个就算": (it._beats_one, "每一个"),
            "碰着也算": (it._touching_counts, "碰着"),
            "总说分不出": lambda marks: None,
        },
    ),
}
