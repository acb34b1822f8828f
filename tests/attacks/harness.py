"攻击与别人同一把尺子的检查器。"

from minimind.exercises import harness as it


def acc_with_max(scores, choices, gold):
    pick = lambda row: max(range(len(row)), key=row.__getitem__)
    normed = [[s / len(t) for s, t in zip(row, texts)] for row, texts in zip(scores, choices)]
    share = lambda rows: sum(pick(row) == g for row, g in zip(rows, gold)) / len(gold)
    return share(scores), share(normed)


def last_of_equals(scores, choices, gold):
    flip = lambda rows: [row[::-1] for row in rows]
    back = [len(row) - 1 - g for row, g in zip(scores, gold)]
    return acc_with_max(flip(scores), flip(choices), back)


def lowest(scores, choices, gold):
    return acc_with_max([[-s for s in row] for row in scores], choices, gold)


def row_in_place(item, bos):
    item["choices"] = [c if not c[0].isascii() else " " + c for c in item["choices"]]
    return {"context": bos + item["question"], "endings": item["choices"], "gold": ord(item["answer"]) - 65}


def row_by_hand(item, bos):
    out = {"context": f"{bos}{item['question']}"}
    out["endings"] = [" " * c[0].isascii() + c for c in item["choices"]]
    out["gold"] = list("ABCD").index(item["answer"])
    return out


def always_spaced(item, bos):
    return row_by_hand(item, bos) | {"endings": [" " + c for c in item["choices"]]}


ATTACKS = {
    "harness.acc": dict(
        right=[acc_with_max],
        wrong={
            "没有除以字数": (lambda *args: (acc_with_max(*args)[0],) * 2, "没有除以字数"),
            "次序反了": (lambda *args: acc_with_max(*args)[::-1], "次序反了"),
            "除以字节数": (it._by_bytes, "不是字节数"),
            "选了最低的": (lowest, "越大"),
            "并列选后面的": last_of_equals,
        },
    ),
    "harness.row": dict(
        right=[row_by_hand],
        wrong={
            "没有开始标记": (lambda item, bos: row_by_hand(item, ""), "没有写上"),
            "都补空格": (always_spaced, "不补空格"),
            "都不补": (lambda item, bos: row_by_hand(item, bos) | {"endings": item["choices"]}, "补一个空格"),
            "从 1 数": (lambda item, bos: (r := row_by_hand(item, bos)) | {"gold": r["gold"] + 1}, "从 0 数"),
            "给的是字母": (lambda item, bos: row_by_hand(item, bos) | {"gold": item["answer"]}, "不是字母"),
            "改了原来的题": (row_in_place, "改动了"),
        },
    ),
}
