"攻击“一个现成的小模型”的检查器。"

import hashlib
from importlib.util import resolve_name

from minimind.exercises import nano as it


def by_importlib(file, level, module):
    "让 Python 自己的 importlib 去解。"
    package = file.rsplit("/", 1)[0].replace("/", ".")
    return resolve_name("." * level + (module or ""), package).rstrip(".")


def reach_by_repeating(imports, start, skip):
    found = {start}
    for _ in range(len(imports) + 1):
        found |= {f for file in found for f in imports.get(file, []) if f not in skip}
    return found


def print_by_parts(files):
    own = lambda data: hashlib.sha256(data).digest()
    parts = sorted(own(name.encode()) + own(data) for name, data in files.items())
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


ATTACKS = {
    "nano.module": dict(
        right=[it._climb, by_importlib],
        wrong={
            "多走一层": (it._one_too_far, "多往上走"),
            "从文件数起": (it._file_as_package, "不是从文件自己"),
            "不数点": (it._dots_ignored, "每多一个点"),
            "没有点也接": (it._always_relative, "全名"),
            "忘了去掉文件名": (lambda file, level, module: file.replace("/", ".") + f".{module}", "起不同"),
            "None 写进去了": (lambda file, level, module: it._climb(file, level, str(module)), "from . import"),
        },
    ),
    "nano.reach": dict(
        right=[it._depth_first, reach_by_repeating],
        wrong={
            "只走一步": (it._one_step, "只走了一步"),
            "没有跳过": (it._no_skip, "也算进来"),
            "从不算的接着走": (it._through_skip, "接着走"),
            "全都算": (it._everything, "走得到"),
            "方向反了": (it._who_imports_me, "方向反了"),
            "没算自己": (lambda imports, start, skip: it._depth_first(imports, start, skip) - {start}, "自己也算"),
            "只给个数": (lambda imports, start, skip: len(it._depth_first(imports, start, skip)), "集合"),
        },
    ),
    "nano.print": dict(
        right=[print_by_parts],
        wrong={
            "只有内容": (it._contents_joined, "名字"),
            "接在一起": (it._names_joined, "分开"),
            "看次序": (it._dict_order, "排好"),
            "只看大小": (it._sizes_only, "没有变"),
            "只看名字": (it._names_only, "没有变"),
            "Python 的 hash": (it._by_python_hash, "每次启动"),
            "没有截短": (lambda files: hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest(), "16 个"),
        },
    ),
}
