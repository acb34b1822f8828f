"攻击装载的检查器。"

from minimind.exercises import load as it


def clean_by_parts(name):
    parts = [part for part in name.split(".") if part != "_orig_mod"]
    while len(parts) > 1 and parts[0] == "module":
        parts.pop(0)
    return ".".join(parts)


def diff_by_loop(want, got):
    missing, extra, bad = [], [], []
    for key in sorted({**want, **got}):
        if key not in got:
            missing.append(key)
        elif key not in want:
            extra.append(key)
        elif list(want[key].shape) != list(got[key].shape):
            bad.append(key)
    return missing, extra, bad


def diff_by(want, got, measure):
    missing, extra, _ = diff_by_loop(want, got)
    return missing, extra, sorted(k for k in want if k in got and measure(want[k]) != measure(got[k]))


def unsorted(want, got):
    bad = [k for k in want if k in got and want[k].shape != got[k].shape]
    return [k for k in want if k not in got], [k for k in got if k not in want], bad


def counts_missing_as_bad(want, got):
    missing, extra, bad = diff_by_loop(want, got)
    return missing, extra, sorted(bad + missing)


def silent_by_pairs(card, config, silent):
    wrong = {k for k, v in card.items() if k in config and config[k] != v}
    return [k for k in silent if k in wrong]


def unsorted_names(card, config, silent):
    return sorted(silent_by_pairs(card, config, silent), reverse=True)


def as_a_set(card, config, silent):
    return set(silent_by_pairs(card, config, silent))


def widths_by_trying(files, weight, moe):
    mark = "_moe" if moe else ""
    return [w for w in range(2000) if f"{weight}_{w}{mark}.pth" in files]


def both_kinds(files, weight, moe):
    return sorted(widths_by_trying(files, weight, True) + widths_by_trying(files, weight, False))


ATTACKS = {
    "load.prefix": dict(
        right=[clean_by_parts],
        wrong={
            "module. 到处都去掉": (lambda n: n.replace("_orig_mod.", "").replace("module.", ""), "别人名字里"),
            "只剥一层": (lambda n: n.replace("_orig_mod.", "").removeprefix("module."), "一层"),
            "lstrip 剥的是字母": (lambda n: n.replace("_orig_mod.", "").lstrip("module."), "应是 'model.nor'"),
            "次序反了": (lambda n: n.removeprefix("module.").replace("_orig_mod.", ""), "之后的键"),
            "只去开头的 _orig_mod.": (lambda n: n.removeprefix("_orig_mod.").removeprefix("module."), "_orig_mod."),
        },
    ),
    "load.diff": dict(
        right=[diff_by_loop],
        wrong={
            "没有排序": (unsorted, "排好序"),
            "只比元素个数": (lambda want, got: diff_by(want, got, lambda t: t.numel()), "个数"),
            "只比维数": (lambda want, got: diff_by(want, got, lambda t: t.dim()), "三类都有时"),
            "缺少的也算形状不符": counts_missing_as_bad,
            "缺少与多出反了": (lambda w, g: diff_by_loop(g, w), "弄反了"),
        },
    ),
    "load.silent": dict(
        right=[silent_by_pairs],
        wrong={
            "身份证没写的也算": (lambda card, config, silent: [
                k for k in silent if card.get(k) != config.get(k)
            ], "没有写的字段"),
            "名单之外的也算": (lambda card, config, silent: [
                k for k in card if k in config and card[k] != config[k]
            ], "silent 之外"),
            "把 0 当没写": (lambda card, config, silent: [
                k for k in silent if card.get(k) and k in config and card[k] != config[k]
            ], "也是写了的值"),
            "只报第一处": (lambda card, config, silent: silent_by_pairs(card, config, silent)[:1], "一次列全"),
            "返回集合": (as_a_set, "类型应是 list"),
            "次序反了": unsorted_names,
        },
    ),
    "load.widths": dict(
        right=[widths_by_trying],
        wrong={
            "只看结尾": (it._by_ending, "正好是它"),
            "按字排": (it._as_text, "按数排"),
            "不分混合专家": (both_kinds, "分开"),
            "没有排序": (lambda files, weight, moe: [
                w for name in files for w in widths_by_trying([name], weight, moe)
            ], "没有排序"),
            "返回文件名": lambda files, weight, moe: [f for f in files if f.startswith(weight)],
        },
    ),
}
