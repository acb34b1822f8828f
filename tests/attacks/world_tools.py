"攻击“工具”（小世界那一章）的两个检查器。"

from minimind.exercises import world_tools as it


def name_by_name(offered, arguments):
    call = {"name": offered["name"], "arguments": {}}
    for old, new in offered["params"].items():
        if old in arguments:
            call["arguments"][new] = arguments[old]
    return call


def every_param(offered, arguments):
    return {"name": offered["name"], "arguments": {new: arguments.get(old) for old, new in offered["params"].items()}}


def names_for_values(offered, arguments):
    return {"name": offered["name"], "arguments": {k: offered["params"][k] for k in arguments}}


def by_walking(talks):
    asked = used = 0
    for talk in talks:
        for at, turn in enumerate(talk):
            if turn["role"] == "user":
                asked += 1
                used += bool(talk[at + 1].get("tool_calls"))
    return used / max(1, asked)


def first_ask_only(talks):
    return it.solution_share([talk[:3] for talk in talks])


def not_used(talks):
    return 1 - it.solution_share(talks)


ATTACKS = {
    "world_tools.call": dict(
        right=[name_by_name],
        wrong={
            "工具写原名": (it._old_tool, "原名"),
            "参数写原名": (it._old_params, "现名"),
            "按位置配": (it._by_place, "按名字配"),
            "依次改名": (it._one_by_one, "撞上"),
            "没给的也填": (every_param, "多出的键"),
            "值写成了名字": names_for_values,
            "只有参数": (lambda o, a: {o["params"][k]: v for k, v in a.items()}, "两样"),
        },
    ),
    "world_tools.share": dict(
        right=[by_walking],
        wrong={
            "按调用数": (it._by_calls, "两次"),
            "按段数": (it._by_talks, "不是问"),
            "各段再平均": (it._mean_of_talks, "再平均"),
            "有键就算": (it._key_is_enough, "空的"),
            "除以说的句数": (it._of_answers, "分母"),
            "只看头一问": first_ask_only,
            "反了": not_used,
        },
    ),
}
