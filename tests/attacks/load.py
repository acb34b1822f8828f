"攻击装载的两个检查器。"


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
}
