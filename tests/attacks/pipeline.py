"攻击“一条龙”的两个检查器。"

from minimind.exercises import pipeline as it


def forgot_in_a_loop(rows, key, most):
    out = []
    for row in rows[1:]:
        if row.get(key) is not None and row[key] + most < rows[0][key]:
            out.append(row["title"])
    return out


def stuck_by_walking(steps, have):
    have, bad = [*have], []
    for title, *pair in steps:
        start, save = pair
        (have if start in have else bad).append(save if start in have else title)
    return bad


ATTACKS = {
    "pipeline.forgot": dict(
        right=[forgot_in_a_loop],
        wrong={
            "没考的当作 0": (it._missing_is_zero, "不是 0"),
            "涨了也算": (it._any_change, "涨了"),
            "与上一行比": (it._step_by_step, "上一行"),
            "正好也算": (it._or_equal, "不算"),
            "按比例跌": (it._share_of_base, "百分点"),
            "底也算进去": lambda rows, key, most: [rows[0]["title"], *forgot_in_a_loop(rows, key, most)],
        },
    ),
    "pipeline.stuck": dict(
        right=[stuck_by_walking],
        wrong={
            "没练成也存下": (it._saves_anyway, "没有存下"),
            "不管先后": (it._any_order, "用不上"),
            "只看起初有的": (it._only_have, "接着用"),
            "只说头一个": (it._first_only, "全说出来"),
            "给了练得成的": lambda steps, have: [t for t, *_ in steps if t not in stuck_by_walking(steps, have)],
        },
    ),
}
