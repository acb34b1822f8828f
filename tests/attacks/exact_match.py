"攻击“一道一道地问”的两个检查器。"

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
}
