"攻击协议一章的两个检查器。"

import os

from minimind.exercises import protocol as it


def by_cases(prompt, context, asked):
    if prompt <= 0:
        raise ValueError("空")
    if context - prompt < 1:
        raise ValueError("放不下")
    left = context - prompt
    return left if asked is None and left < 8192 else 8192 if asked is None else left if left < asked else asked


def zero_when_full(prompt, context, asked):
    return max(0, min(8192 if asked is None else asked, context - prompt)) if prompt else 0


def default_is_small(prompt, context, asked):
    if not 0 < prompt < context:
        raise ValueError
    return min(asked or 256, context - prompt)


def empty_is_fine(prompt, context, asked):
    if prompt >= context:
        raise ValueError
    return min(8192 if asked is None else asked, context - prompt)


def char_by_char(text, stops):
    "一个字一个字地攒，攒成了就停。"
    for end in range(len(text) + 1):
        for start in range(end):
            if text[start:end] in stops:
                earlier = [a for a in range(start) if any(text.startswith(s, a) for s in stops)]
                return text[: min([start, *earlier])], "", True
    held = ""
    for start in reversed(range(len(text))):
        if any(os.path.commonprefix([s, text[start:]]) == text[start:] for s in stops):
            held = text[start:]
    return text[: len(text) - len(held)], held, False


def holds_only_one(text, stops):
    sent, held, hit = it._brute(text, stops)
    if hit or not held:
        return sent, held, hit
    one = text[-1:] if any(s.startswith(text[-1:]) for s in stops) else ""
    return text[: len(text) - len(one)], one, False


def ignores_second(text, stops):
    return it._brute(text, stops[:1])


def two_only(text, stops):
    return it._brute(text, stops)[:2]


ATTACKS = {
    "protocol.room": dict(
        right=[by_cases],
        wrong={
            "提示不占地方": (it._forgets_prompt, "也占地方"),
            "不理上限": (it._forgets_asked, "要的上限"),
            "要多少给多少": (it._trusts_user, "要多少就给"),
            "悄悄截": (it._cuts, "悄悄"),
            "占满也行": (it._full_is_fine, "占满"),
            "放不下给 0": (zero_when_full, "悄悄"),
            "默认写小了": (default_is_small, "要写 None 个"),
            "空的也行": (empty_is_fine, "提示是空的"),
        },
    ),
    "protocol.stop": dict(
        right=[it._brute, char_by_char],
        wrong={
            "不扣": (it._never_holds, "什么也没扣"),
            "总是扣": (it._always_holds, "扣得太多"),
            "从短到长": (it._shortest, "从长到短"),
            "列表里第一个": (it._first_listed, "最靠前"),
            "停止词也送": (it._sends_stop, "不许送"),
            "后面的扣着": (it._holds_rest, "后面的都不要"),
            "只扣一个字": (holds_only_one, "可以送的"),
            "只看第一个停止词": (ignores_second, "停止词"),
            "只交两样": (two_only, "三样"),
        },
    ),
}
