import numpy as np

from minimind.exercises import drawing as it


def with_arange(n, width, gap, left):
    return left + width / 2 + np.arange(n) * (width + gap)


def by_steps(last, first, height, low):
    start = (last[0], last[1] - height / 2)
    end = (first[0], first[1] - height / 2)
    return np.array([start, (start[0], low), (end[0], low), end])


def spills_by_holding(frames, words):
    def fits(left, right):
        held = [left >= a and b >= right for a, b in frames if a <= left + (right - left) / 2 <= b]
        return not held or True in held

    return [text for text, left, right in words if not fits(left, right)]


ATTACKS = {
    "drawing.places": dict(
        right=[with_arange],
        wrong={
            "给了左边": (lambda n, w, g, left: [left + i * (w + g) for i in range(n)], "不是中心"),
            "忘了空隙": (lambda n, w, g, left: [left + w / 2 + i * w for i in range(n)], "空隙"),
            "没有管 left": (lambda n, w, g, left: [w / 2 + i * (w + g) for i in range(n)], "left"),
            "给了右边": lambda n, w, g, left: [left + w + i * (w + g) for i in range(n)],
            "多了一个": lambda n, w, g, left: with_arange(n + 1, w, g, left),
            "次序反了": lambda n, w, g, left: with_arange(n, w, g, left)[::-1],
        },
    ),
    "drawing.back": dict(
        right=[by_steps],
        wrong={
            "从中心出发": (it._from_centre, "压在字上"),
            "方向反了": (lambda a, b, h, low: by_steps(b, a, h, low), "反了"),
            "拐到半路": (it._slanted, "斜线"),
            "减了整个高": lambda a, b, h, low: by_steps(a, b, 2 * h, low),
            "从上边出发": lambda a, b, h, low: by_steps(a, b, -h, low),
            "少一个拐角": lambda a, b, h, low: by_steps(a, b, h, low)[[0, 1, 3]],
        },
    ),
    "drawing.spills": dict(
        right=[spills_by_holding],
        wrong={
            "碰着就算": (it._any_overlap, "归哪个框管"),
            "空白处的也算": (it._outside_too, "没有框"),
            "只看右边": (it._right_only, "左边"),
            "贴着边也算": (it._touching, "不算"),
            "每个框都要装下": (it._every_frame, "装得下就行"),
            "给了装得下的": lambda f, w: [t for t, *_ in w if t not in spills_by_holding(f, w)],
        },
    ),
}
