"攻击“一道一道地问”的检查器。"

import math
import re


def judge_by_tokens(text, answer, wrong):
    before, end, said = text.rpartition("</think>")
    if not end and "<think>" in text:
        return False
    said = said.casefold()

    def has(word):
        word = word.casefold()
        if re.fullmatch("[a-z0-9]+", word):
            return word in re.findall("[a-z0-9]+", said)
        return word in said

    return has(answer) and not any(map(has, wrong))


def ignores_thinking(text, answer, wrong):
    return judge_by_tokens(text.replace("<think>", " ").replace("</think>", " "), answer, wrong)


def unfinished_counts(text, answer, wrong):
    return judge_by_tokens(text.split("</think>")[-1].replace("<think>", " "), answer, wrong)


def case_matters(text, answer, wrong):
    said = text.rpartition("</think>")[2]
    return answer in said and judge_by_tokens(text, answer, wrong)


def no_escape(text, answer, wrong):
    if "<think>" in text and "</think>" not in text:
        return False
    said = text.split("</think>")[-1].lower()
    edge = lambda w: f"(?<![a-z0-9]){w}(?![a-z0-9])" if re.fullmatch("[a-z0-9]+", w) else w
    has = lambda w: re.search(edge(w.lower().replace("++", r"\+\+")), said) is not None
    return has(answer) and not any(map(has, wrong))


def parts_of_words(text, answer, wrong):
    unfinished = "<think>" in text and "</think>" not in text
    said = text.split("</think>")[-1].lower()
    return not unfinished and answer.lower() in said and not any(w.lower() in said for w in wrong)


def first_rival_only(text, answer, wrong):
    return judge_by_tokens(text, answer, wrong[:1])


def interval_by_search(correct, n, z=1.96):
    if n == 0:
        return 0, 1
    p = correct / n
    gap = lambda x: abs(p - x) - z * math.sqrt(x * (1 - x) / n)

    def root(inside, outside):
        for _ in range(200):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if gap(middle) <= 0 else (inside, middle)
        return inside

    return root(p, 0.0), root(p, 1.0)


def agresti_coull(correct, n, z=1.96):
    if n == 0:
        return 0, 1
    m = n + z * z
    p = (correct + z * z / 2) / m
    half = z * math.sqrt(p * (1 - p) / m)
    return max(0.0, p - half), min(1.0, p + half)


def textbook(correct, n, z=1.96):
    p = correct / max(1, n)
    half = z * math.sqrt(p * (1 - p) / max(1, n))
    return p - half, p + half


def last_by_scanning(text):
    found = [m[0] for m in re.finditer(r"\d{1,3}(,\d{3})+\b|\d+", text, re.ASCII)]
    return int(found[-1].replace(",", "")) if found else None


def commas_away(text):
    found = re.findall(r"\d[\d,]*", text)
    return int(re.sub(r"\D", "", found[-1])) if found else None


def zero_for_none(text):
    return last_by_scanning(text) or 0


def as_words(text):
    found = last_by_scanning(text)
    return None if found is None else str(found)


def batches_by_pairs(lengths, batch):
    pairs = sorted((n, i) for i, n in enumerate(lengths))
    return [[i for _, i in pairs[at : at + batch]] for at in range(0, len(pairs), batch)]


def unstable(lengths, batch):
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], -i))
    return [order[at : at + batch] for at in range(0, len(order), batch)]


ATTACKS = {
    "exact.contains": dict(
        right=[judge_by_tokens],
        wrong={
            "思考也算": (ignores_thinking, "思考里"),
            "没写完的思考也算作答": (unfinished_counts, "思考没写完"),
            "只看有没有答案": (lambda t, a, w: judge_by_tokens(t, a, []), "提到了对手"),
            "不要求整词": (parts_of_words, "整词"),
            "分大小写": (case_matters, "大小写不论"),
            "没有转义": (no_escape, "加号"),
            "只看第一个对手": (first_rival_only, "第二个对手"),
            "总说错": (lambda t, a, w: False, "普通的对"),
        },
    ),
    "exact.wilson": dict(
        right=[interval_by_search],
        wrong={
            "教科书的区间": (textbook, "全对时的下限"),
            "Agresti–Coull": (agresti_coull, "全对时的下限"),
            "不看 z": (lambda k, n, z=1.96: interval_by_search(k, n), "传进来的 z"),
            "上下限反了": (lambda k, n, z=1.96: interval_by_search(k, n, z)[::-1], "下限"),
            "没有题也给 0": (lambda k, n, z=1.96: interval_by_search(k, n, z) if n else (0, 0), "没有题"),
            "只给下限": (lambda k, n, z=1.96: (interval_by_search(k, n, z)[0], 1) if n else (0, 1), "上限"),
        },
    ),
    "exact.last_integer": dict(
        right=[last_by_scanning],
        wrong={
            "拆开千分位": (lambda text: int(f[-1]) if (f := re.findall(r"\d+", text)) else None, "拆成了两个数"),
            "逗号都去掉": (commas_away, "不是三位"),
            "没有时是 0": (zero_for_none, "None"),
            "返回文字": (as_words, "类型应是 int"),
            "第一个": (lambda text: last_by_scanning(text[: len(text) // 2]), "最后的整数"),
        },
    ),
    "exact.batches": dict(
        right=[batches_by_pairs],
        wrong={
            "交的是长度": (lambda lengths, batch: [
                [lengths[i] for i in g] for g in batches_by_pairs(lengths, batch)
            ], "要的是题号"),
            "从长到短": (lambda lengths, batch: batches_by_pairs([-n for n in lengths], batch), "从短到长"),
            "不满的丢了": (lambda lengths, batch: [
                g for g in batches_by_pairs(lengths, batch) if len(g) == batch
            ], "不满的一批"),
            "没有排": (lambda lengths, batch: [
                list(range(len(lengths)))[at : at + batch] for at in range(0, len(lengths), batch)
            ], "没有按长度排"),
            "一样长的倒了": unstable,
        },
    ),
}
