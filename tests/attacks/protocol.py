"攻击协议一章的四个检查器。"

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


def thinking_in_three(direct, inside):
    if direct is not None:
        return direct
    first = inside.get("open_thinking")
    return first if first is not None else inside.get("enable_thinking")


def folded_with_lists(deltas):
    kept = {"content": [], "reasoning_content": []}
    for delta in deltas:
        for key in kept.keys() & delta.keys():
            kept[key].append(delta[key])
    out = {"role": "assistant"} | {key: "".join(pieces) for key, pieces in kept.items()}
    if not out["reasoning_content"]:
        out.pop("reasoning_content")
    return out


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
    "protocol.thinking": dict(
        right=[thinking_in_three],
        wrong={
            "用了 or": (lambda d, i: d or i.get("open_thinking") or i.get("enable_thinking"), "or 分不出"),
            "里面的优先": (
                lambda d, i: d if thinking_in_three(None, i) is None else thinking_in_three(None, i), "直接写的优先"
            ),
            "次序反了": (
                lambda d, i: thinking_in_three(d, dict(zip(("enable_thinking", "open_thinking"), map(
                    i.get, ("open_thinking", "enable_thinking"))))), "在前"
            ),
            "里面的 None 也算写了": (
                lambda d, i: d if d is not None else i.get("open_thinking", i.get("enable_thinking")), "接着问"
            ),
            "没写当作不想": (lambda d, i: bool(thinking_in_three(d, i)), "不是 False"),
            "只认直接写的": lambda d, i: d,
        },
    ),
    "protocol.folded": dict(
        right=[folded_with_lists],
        wrong={
            "盖掉了": (it._last_piece, "接起来"),
            "总写思考": (lambda deltas: {"reasoning_content": ""} | folded_with_lists(deltas), "就不写"),
            "混在一起": (
                lambda deltas: dict(role="assistant", content="".join(v for d in deltas for v in d.values())), "混进"
            ),
            "空的不写": (lambda deltas: {k: v for k, v in folded_with_lists(deltas).items() if v}, "总要写"),
            "没有角色": (lambda deltas: {k: v for k, v in folded_with_lists(deltas).items() if k != "role"}, "role"),
            "倒着接": lambda deltas: folded_with_lists(deltas[::-1]),
        },
    ),
}
