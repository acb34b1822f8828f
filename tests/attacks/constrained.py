"攻击“约束值不值”的三个检查器。"

from collections import Counter

import json

from minimind.exercises import constrained as it


def step_by_step(probs, allowed):
    chance, greedy = 1.0, True
    for p, ok in zip(probs, allowed):
        chance *= p[ok].sum().item()
        greedy &= bool(ok[p.argmax()])
    return chance, greedy


def greedy_always(probs, allowed):
    return it.solution_survive(probs, allowed)[0], True


def last_step_only(probs, allowed):
    return it.solution_survive(probs[-1:], allowed[-1:])


def chance_alone(probs, allowed):
    return it.solution_survive(probs, allowed)[0]


def with_counter(answers):
    name = {(True, True, False): "用错", (True, False, False): "写坏", (False, False, False): "没写完"}
    found = Counter(name.get(answer, "办成") for answer in answers)
    return {kind: found[kind] for kind in it.KINDS}, len(answers) - found["用错"] - found["没写完"]


def only_done(answers):
    found = it.solution_blame(answers)[0]
    return found, found["办成"]


def as_shares(answers):
    found, best = it.solution_blame(answers)
    return {k: n / max(1, len(answers)) for k, n in found.items()}, best


def legal_by_flags(said, tools):
    flags = []
    for text in said:
        try:
            call = json.loads(text)
        except json.JSONDecodeError:
            flags.append(0)
            continue
        given, wanted = call.get("arguments"), tools.get(call.get("name"))
        flags.append(int(given is not None and wanted is not None and sorted(given) == sorted(wanted)))
    return sum(flags), len(flags)


def legal_by_looking(said, tools):
    return sum(any(f'"{name}"' in text for name in tools) for text in said), len(said)


ATTACKS = {
    "constrained.survive": dict(
        right=[step_by_step],
        wrong={
            "求平均": (it._average, "相乘"),
            "从 1 里减": (it._expected, "不准"),
            "只算最可能的": (it._best_path, "都要加上"),
            "反了": (it._goes_bad, "反了"),
            "贪心看过半": (it._likely_enough, "过半"),
            "贪心总合法": (greedy_always, "贪心"),
            "只看最后一步": last_step_only,
            "只给了概率": (chance_alone, "两样"),
        },
    ),
    "constrained.blame": dict(
        right=[with_counter],
        wrong={
            "没写完算写坏": (it._cut_is_broken, "步数不够"),
            "全救回来": (it._saves_all, "用错的救不回来"),
            "没写完也救": (it._saves_cut_too, "也救不回来"),
            "没有写 0": (it._no_zeros, "写 0"),
            "数了两次": (it._counts_twice, "两次"),
            "一题也没救": (only_done, "最多办成"),
            "给的是比例": as_shares,
        },
    ),
    "constrained.legal": dict(
        right=[legal_by_flags],
        wrong={
            "读得出就算": (it._any_json, "摆着的"),
            "有这个名字就算": (it._name_only, "一个不差"),
            "多了也算": (it._more_is_fine, "多出来"),
            "读不出的不数": (it._counts_readable, "也要算"),
            "名字在文字里就算": legal_by_looking,
            "次序反了": lambda said, tools: legal_by_flags(said, tools)[::-1],
        },
    ),
}
