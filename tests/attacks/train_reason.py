"攻击推理训练的检查器。"

import re

import torch

from minimind.exercises import train_reason as it


def by_flat(log_probs, weights):
    w = weights.flatten()
    return -(log_probs.flatten() @ w) / torch.where(w.sum() > 0, w.sum(), torch.ones(()))


def no_guard(log_probs, weights):
    return -(log_probs * weights).sum() / weights.sum()


def by_split(thought, steps):
    parts = set(re.split(r"[^\d+\-=]", re.sub(r"\s", "", thought)))
    return sum(s in parts for s in steps) / max(1, len(steps))


def share_by_fractions(tags, others, weight):
    return 1 - others / (others + tags * weight)


def formed_by_find(text):
    start = text.find("<think>")
    end = text.find("</think>", start)
    return start >= 0 and end >= 0 and bool(text[start + 7 : end].split()) and bool(text[end + 8 :].split())


ATTACKS = {
    "reason.weighted": dict(
        right=[by_flat],
        wrong={
            "除以个数": (it._by_count, "权重之和"),
            "全部平均": (it._mean_all, "分母"),
            "按行平均": (it._per_row, "按行"),
            "没有兜底，nan": (no_guard, "一个要学的都没有"),
            "符号反了": (lambda p, w: -it._reference(p, w), "标签"),
            "断了梯度": (lambda p, w: it.solution_weighted(p.detach(), w), "梯度"),
        },
    ),
    "reason.depth": dict(
        right=[by_split],
        wrong={
            "数字数": (it._by_length, "字数"),
            "数等式": (it._count_all, "该有的"),
            "只看得数": (it._only_answer, "最后的得数"),
            "子串就算": (it._substring, "整个对上"),
            "重复累加": (
                lambda t, s: (
                    len([e for e in re.findall(r"\d+[+-]\d+=\d+", re.sub(r"\s", "", t)) if e in s]) / max(1, len(s))
                ),
                "九遍",
            ),
            "不管空格": (
                lambda t, s: len(set(re.findall(r"(?<!\d)\d+[+-]\d+=\d+", t)) & set(s)) / max(1, len(s)),
                "空格",
            ),
        },
    ),
    "reason.share": dict(
        right=[share_by_fractions],
        wrong={
            "没有乘权重": (lambda t, o, w: t / (t + o), "没有乘权重"),
            "分母没加权": (lambda t, o, w: t * w / (t + o), "权重之和"),
            "标签比普通": (lambda t, o, w: t * w / o, "占全部"),
            "没有乘个数": (lambda t, o, w: w / (w + 1), "没有乘个数"),
            "普通的占几成": (lambda t, o, w: o / (t * w + o), "应是"),
        },
    ),
    "reason.formed": dict(
        right=[it._by_regex, formed_by_find],
        wrong={
            "只看标签在不在": (it._just_tags, "等于没有想"),
            "正则不跨行": (it._one_line, "不跨行"),
            "不看后面": (lambda t: bool(re.search(r"<think>.*\S.*</think>", t, re.S)), "等于没有答"),
            "不看中间": (lambda t: bool(re.search(r"<think>.*</think>\s*\S", t, re.S)), "等于没有想"),
            "总是 True": (lambda t: True, "没有想完"),
            "没有去掉空白": (
                lambda t: bool((m := re.search(r"<think>\n(.+)\n</think>(.*)", t, re.S)) and m[2]), "不是必须的"
            ),
            "返回一段文字": (lambda t: t.split("</think>")[-1], "True 或 False"),
        },
    ),
}
