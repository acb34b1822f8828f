import numpy as np

from minimind.exercises import checking as it
from minimind.learning.exercises import CheckFailed


def inputs(seed=5, t=4, d=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(t, d)), rng.normal(size=(t, d))


def with_max_difference(fn):
    q, k = inputs()
    got, want = np.asarray(fn(q, k)), np.einsum("td,sd->ts", q, k)
    if abs(got - want).max() > 1e-6:
        raise CheckFailed("行列反了，是转置" if abs(got - want.T).max() < 1e-6 else "有别的错")


def shape_only(fn):
    q, k = inputs()
    if fn(q, k).shape != (4, 4):
        raise CheckFailed("形状不对")


def always_says_transposed(fn):
    q, k = inputs()
    if not np.allclose(fn(q, k), q @ k.T):
        raise CheckFailed("转置了")


def never_says_transposed(fn):
    q, k = inputs()
    if not np.allclose(fn(q, k), q @ k.T):
        raise CheckFailed("数值不同")


def bit_by_bit(fn):
    q, k = inputs()
    if (fn(q, k) != q @ k.T).any():
        raise CheckFailed("转置" if (fn(q, k) == k @ q.T).all() else "数值不同")


def first_row_only(fn):
    q, k = inputs()
    if not np.allclose(fn(q, k)[0], (q @ k.T)[0]):
        raise CheckFailed("转置" if np.allclose(fn(q, k).T[0], (q @ k.T)[0]) else "数值不同")


def ignores_sign(fn):
    q, k = inputs()
    if not np.allclose(fn(q, k), q @ k.T):
        raise CheckFailed("转置" if np.allclose(abs(fn(q, k).T), abs(q @ k.T)) else "数值不同")


def returns_true(fn):
    with_max_difference(fn)
    return True


def by_zip_longest(a, b):
    if a == b:
        return None
    at = 0
    while at < min(len(a), len(b)) and a[at] == b[at]:
        at += 1
    return at


def last_difference(a, b):
    return max((i for i in range(max(len(a), len(b))) if a[i : i + 1] != b[i : i + 1]), default=None)


def counts_from_one(a, b):
    at = it.solution_first_difference(a, b)
    return None if at is None else at + 1


def minus_one_when_equal(a, b):
    at = it.solution_first_difference(a, b)
    return -1 if at is None else at


def longer_length(a, b):
    at = it._forgot_length(a, b)
    return at if at is not None or len(a) == len(b) else max(len(a), len(b))


ATTACKS = {
    "checking.transpose": dict(
        right=[with_max_difference],
        wrong={
            "两个输入相同，结果是对称的": (it._same_input_checker, "对称"),
            "什么都不查": (lambda fn: None, "安静地返回了"),
            "只看形状": shape_only,
            "什么错都说是转置": (always_says_transposed, "不是转置"),
            "从不说转置": (never_says_transposed, "是转置"),
            "一位小数都不许差": (bit_by_bit, "应当通过"),
            "只看第一行": (first_row_only, "最后一行"),
            "不管正负号": (ignores_sign, "变了号"),
            "对的时候返回 True": (returns_true, "应当通过"),
        },
    ),
    "checking.first_difference": dict(
        right=[by_zip_longest],
        wrong={
            "没有比长短": (it._forgot_length, "zip"),
            "找的是最后一处": last_difference,
            "从 1 数起": (counts_from_one, "应是 1，得到 2"),
            "一样时返回 -1": (minus_one_when_equal, "NoneType"),
            "长短不同时返回长的长度": (longer_length, "应是 2，得到 3"),
        },
    ),
}
