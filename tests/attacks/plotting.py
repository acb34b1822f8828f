import math

import numpy as np

from minimind.exercises import plotting as it


def limits_with_where(matrix):
    finite = np.where(np.isfinite(matrix), matrix, 0.0)
    low, high = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
    return [low, high] if low * high == 0 else [-max(-low, high), max(-low, high)]


def always_symmetric(matrix):
    far = float(np.abs(matrix[np.isfinite(matrix)]).max())
    return -far, far


def not_symmetric(matrix):
    finite = matrix[np.isfinite(matrix)]
    return min(finite.min(), 0.0), max(finite.max(), 0.0)


def nearer_end(matrix):
    finite = matrix[np.isfinite(matrix)]
    low, high = min(finite.min(), 0.0), max(finite.max(), 0.0)
    return (-min(-low, high), min(-low, high)) if low < 0 < high else (low, high)


def visible_with_translate(token):
    return token.translate({32: "·", 10: "\\n", 9: "\\t", 92: "\\\\"}) or "∅"


def no_backslash(token):
    return token.replace(" ", "·").replace("\n", "\\n").replace("\t", "\\t") or "∅"


def empty_stays_empty(token):
    return it.solution_visible(token) if token else token


def by_repr(token):
    return repr(token)[1:-1].replace(" ", "·") if token else repr(token)


def first_space_only(token):
    shown = it.solution_visible(token.replace(" ", "\0"))
    return shown.replace("\0", "·", 1).replace("\0", " ")


ATTACKS = {
    "plotting.limits": dict(
        right=[limits_with_where],
        wrong={
            "直接取最小最大": (it._plain, "直接取了最小值和最大值"),
            "只跳过了 NaN": (it._nan_aware, "无穷大"),
            "全是正数也对称": (always_symmetric, "全是正数"),
            "跨过 0 却不对称": (not_symmetric, "有正有负"),
            "取了绝对值较小的一端": (nearer_end, "有正有负"),
            "只返回一个数": lambda matrix: math.inf,
        },
    ),
    "plotting.visible": dict(
        right=[visible_with_translate],
        wrong={
            "反斜杠最后才加倍": (it._wrong_order, "加倍"),
            "反斜杠没有加倍": (no_backslash, "第 1 项"),
            "空串没有写成 ∅": (empty_stays_empty, "∅"),
            "直接用 repr": by_repr,
            "只换了第一个空格": first_space_only,
        },
    ),
}
