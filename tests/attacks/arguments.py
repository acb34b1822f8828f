"攻击参数的检查器。"

from dataclasses import MISSING, fields
from functools import reduce

from minimind.exercises import arguments as it


def merge_by_loop(defaults, preset, given, error=ValueError, check_preset=True):
    out = dict(defaults)
    for level in (preset, given):
        for name, value in level.items():
            if value is None:
                continue
            if name not in defaults and (check_preset or level is given):
                raise error(name)
            out[name] = value
    return out


def keeps_unknown(defaults, preset, given):
    return defaults | preset | {k: v for k, v in given.items() if v is not None}


def drops_unknown(defaults, preset, given):
    return {k: v for k, v in keeps_unknown(defaults, preset, given).items() if k in defaults}


def forgets_preset(defaults, preset, given):
    return merge_by_loop(defaults, {k: v for k, v in preset.items() if k not in defaults}, given)


def updates_defaults(defaults, preset, given):
    defaults.update(merge_by_loop(defaults, preset, given))
    return defaults


def usage_by_match(cls):
    words = []
    for f in fields(cls):
        required = f.default is MISSING
        match (f.type.__name__, required):
            case ("bool", _):
                words += [f"[--{f.name}]"]
            case (kind, True):
                words += [f"--{f.name} {kind}"]
            case (kind, False):
                words += [f"[--{f.name} {kind}={f.default!s}]"]
    return " ".join(words)


def quoted(cls):
    out = usage_by_match(cls)
    for f in fields(cls):
        if type(f.default) is str:
            out = out.replace(f"{f.name} str={f.default}", f"{f.name} str={f.default!r}")
    return out


def required_bool(cls):
    out = usage_by_match(cls)
    for f in fields(cls):
        if f.type is bool and f.default is MISSING:
            out = out.replace(f"[--{f.name}]", f"--{f.name}")
    return out


def described_by_reduce(tables):
    one = lambda a, b: {name: {**a.get(name, {}), **b.get(name, {})} for name in {**a, **b}}
    return reduce(one, tables, {})


def fits_by_type(value, whole, low):
    return type(value) in {int, int if whole else float} and low <= value < float("inf")


ATTACKS = {
    "arguments.merge": dict(
        right=[merge_by_loop],
        wrong={
            "0 也算没说": (lambda d, p, g: merge_by_loop(d, p, {k: v or None for k, v in g.items()}), "没说"),
            "None 盖住了别人": (lambda d, p, g: d | p | g, "不该盖住"),
            "不认识的悄悄收下": (keeps_unknown, "抛出 ValueError"),
            "不认识的悄悄扔掉": (drops_unknown, "抛出 ValueError"),
            "预设里的名字不查": (lambda d, p, g: merge_by_loop(d, p, g, check_preset=False), "抛出 ValueError"),
            "抛的是 KeyError": (lambda d, p, g: merge_by_loop(d, p, g, error=KeyError), "ValueError"),
            "没用预设": (forgets_preset, "预设"),
            "盖在默认值的字典上": (updates_defaults, "改动了传进来的数据"),
        },
    ),
    "arguments.usage": dict(
        right=[usage_by_match],
        wrong={
            "背下了 Sample": (lambda cls: "--path str [--steps int=3] [--rate float=0.0] [--quiet]", "Tricky"),
            "字符串带引号": (quoted, "Tricky"),
            "必填的布尔没有方括号": (required_bool, "Tricky"),
            "没写类型": (lambda cls: " ".join(f"[--{f.name}]" for f in fields(cls)), "Sample"),
            "用换行隔开": (lambda cls: usage_by_match(cls).replace(" [", "\n[").replace(" --", "\n--"), "Sample"),
            "少写最后一个": (lambda cls: usage_by_match(cls).rpartition(" ")[0], "Sample"),
        },
    ),
    "arguments.described": dict(
        right=[it._entry_by_entry, described_by_reduce],
        wrong={
            "整条盖掉": (it._whole_entries, "留父类的"),
            "父类赢": (it._parent_wins, "父类盖住"),
            "只有子类": (it._child_only, "只有子类"),
            "改了输入": (it._in_place, "改动了"),
            "只看头两层": (lambda tables: it.solution_described(tables[:2]), "三层"),
        },
    ),
    "arguments.fits": dict(
        right=[it._step_by_step, fits_by_type],
        wrong={
            "真假也算": (it._bool_counts, "另外挡住"),
            "NaN 溜过去": (it._nan_slips, "挡不住"),
            "无穷也行": (it._infinite, "无穷"),
            "不许等于": (it._above, "可以"),
            "总要整数": (it._always_whole, "不要整数时行"),
            "替人转换": (it._converts, "不算数"),
            "下限写死了": (lambda v, whole, low: it._step_by_step(v, whole, 1), "不总是 1"),
            "总是行": (lambda v, whole, low: True, "应是 False"),
        },
    ),
}
