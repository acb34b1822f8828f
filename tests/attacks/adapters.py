"攻击“LoRA 的两种文件”的两个检查器。"

import re

from minimind.exercises import adapters as it


def by_pattern(state):
    bare = lambda name: re.sub(r"^base_model\.model\.", "", name)
    return {re.sub(r"\.lora_([AB])\.", r".lora.\1.", bare(k)): v for k, v in state.items()}


def strips_inside(state):
    return {k.replace("base_model.model.", "").replace(".lora_", ".lora."): v for k, v in state.items()}


def sorted_names(state):
    return dict(sorted(it.solution_names(state).items()))


def names_only(state):
    return list(it.solution_names(state))


def squares(told):
    it._refuse(told)
    scale = told["lora_alpha"] / told["r"] ** (0.5 if told.get("use_rslora") else 1)
    return scale * told["r"]


def refuses_rslora(told):
    if told.get("use_rslora"):
        raise ValueError("不认得")
    return it.solution_alpha(told)


def any_bias_key(told):
    if told.get("use_dora") or "bias" in told:
        raise ValueError("不认得")
    return told["lora_alpha"]


def only_dora(told):
    if told.get("use_dora"):
        raise ValueError("不认得")
    return it._takes_all(told)


ATTACKS = {
    "adapters.names": dict(
        right=[by_pattern],
        wrong={
            "用了 lstrip": (it._strips_letters, "lstrip"),
            "model. 全去了": (it._strips_everywhere, "自己的"),
            "前缀还在": (it._keeps_prefix, "前缀还在"),
            "B 没有换": (it._only_a, "B 没有换"),
            "没有前缀也砍": (it._cuts_blindly, "砍了"),
            "中间的也去了": (strips_inside, "up.base_model"),
            "排了序": sorted_names,
            "只给了名字": (names_only, "字典"),
        },
    ),
    "adapters.alpha": dict(
        right=[squares],
        wrong={
            "没有换算": (it._not_read, "没有换算"),
            "返回力度": (it._the_scale, "要的是 alpha"),
            "方向反了": (it._divides, "反了"),
            "乘了 r": (it._times_rank, "√r"),
            "写着 False 也算": (it._by_presence, "打开了"),
            "变种也收": (it._takes_all, "use_dora"),
            "偏置也收": (only_dora, "bias"),
            "rsLoRA 拒绝了": (refuses_rslora, "ValueError"),
            "写着 bias 就拒绝": (any_bias_key, "ValueError"),
        },
    ),
}
