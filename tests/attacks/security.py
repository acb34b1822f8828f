"攻击信什么、不信什么的三个检查器。"

import io
import pickle
import pickletools
from pathlib import PurePosixPath

from minimind.exercises import security as it


def with_common_path(root, name):
    import posixpath

    path = posixpath.normpath(posixpath.join(root, name))
    if posixpath.commonpath([root, path]) != root or path == root:
        raise ValueError(name)
    return path


def root_is_fine(root, name):
    try:
        return it._piece_by_piece(root, name)
    except ValueError:
        if name in (".", "a/.."):
            return root
        raise


def pure_path_joined(root, name):
    "只接不化简。"
    path = PurePosixPath(root) / name
    if not name or PurePosixPath(root) not in path.parents:
        raise ValueError(name)
    return str(path)


def refuses_all(root, name):
    raise ValueError(name)


def reads_first(data, allowed):
    "先读一遍指令，列出要找的名字，再读。"
    names, strings = [], []
    for code, value, _ in pickletools.genops(data):
        if code.name == "GLOBAL":
            names.append(tuple(value.split(" ")))
        elif code.name == "STACK_GLOBAL":
            names.append(tuple(strings[-2:]))
        elif isinstance(value, str):
            strings.append(value)
    if set(names) - set(allowed):
        raise pickle.UnpicklingError(str(names))
    return pickle.loads(data)


def another_error(data, allowed):
    try:
        return it._pure(data, allowed)
    except pickle.UnpicklingError:
        raise KeyError("不认识") from None


def none_instead(data, allowed):
    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            return super().find_class(module, name) if (module, name) in allowed else lambda *a: None

    return Reader(io.BytesIO(data)).load()


def visible_by_table(text):
    table = {n: f"\\x{n:02x}" for n in (*range(32), *range(127, 160)) if n not in (9, 10)}
    return text.translate(table)


ATTACKS = {
    "security.inside": dict(
        right=[it._piece_by_piece, with_common_path],
        wrong={
            "比前缀": (it._prefix, "box2"),
            "删掉": (it._strips, "化简"),
            "看开头": (it._looks_only, "'..a/b'"),
            "有点就不行": (it._no_dots_at_all, "却抛出了"),
            "没有化简": (it._not_simplified, "化简"),
            "自己也算": (root_is_fine, "不在"),
            "只接起来": (pure_path_joined, "化简"),
            "全都不许": (refuses_all, "'a.txt'"),
        },
    ),
    "security.load": dict(
        right=[it._pure, reads_first],
        wrong={
            "全信": (it._trusting, "安静"),
            "太晚": (it._too_late, "执行过"),
            "只看名字": (it._names_only, "模块不同"),
            "扫字节": (it._bytes_scan, "安静"),
            "什么也不认": (it._nothing, "OrderedDict"),
            "抛别的": (another_error, "KeyError"),
            "换成 None": (none_instead, "安静"),
        },
    ),
    "security.visible": dict(
        right=[visible_by_table],
        wrong={
            "只看小的": (it._only_low, "159"),
            "换行也换了": (it._all_escaped, "照旧"),
            "删掉": (lambda text: "".join(c for c in text if c in visible_by_table(c)), "不是删掉"),
            "只换 ESC": (lambda text: text.replace("\x1b", "\\x1b"), "别的也能"),
            "汉字也换了": (ascii, "汉字"),
            "换成问号": lambda text: "".join(c if visible_by_table(c) == c else "?" for c in text),
        },
    ),
}
