"攻击下载的检查器。"

import hashlib
import re

from minimind.exercises import download as it


def header(have, total):
    if have > total or not have and total:
        return ""
    return None if have == total else "bytes=%d-" % have


def pieces(file, piece):
    made, data = hashlib.new("sha256"), file.read(piece)
    while data != b"":
        made.update(data)
        data = file.read(piece)
    return made.hexdigest()


def upper(file, piece):
    return pieces(file, piece).upper()


def md5(file, piece):
    made = hashlib.md5()
    while data := file.read(piece):
        made.update(data)
    return made.hexdigest()


def twice_the_piece(file, piece):
    return pieces(file, 2 * piece)


def skips_first(file, piece):
    file.read(piece)
    return pieces(file, piece)


def write_by_split(status, asked, where):
    if status == 206:
        start = where.removeprefix("bytes ").split("-")[0]
        return int(start) if start == str(asked) else None
    return 0


def starts_alike(status, asked, where):
    return 0 if status == 200 else asked if where.startswith(f"bytes {asked}") else None


def starts_over(status, asked, where):
    return write_by_split(status, asked, where) or 0


def safe_by_parts(name):
    parts = re.split(r"[/\\\\:]", name)
    return ".." not in parts and parts[0] != "" and len(parts) == name.count("/") + 1


def no_two_dots(name):
    return safe_by_parts(name) and ".." not in name


def only_the_start(name):
    return not name.startswith(("/", "../")) and "\\" not in name and ":" not in name


def absolute_is_fine(name):
    return safe_by_parts(name.lstrip("/"))


def windows_forgotten(name):
    return safe_by_parts(name.replace("\\", "").replace(":", ""))


ATTACKS = {
    "download.range": dict(
        right=[header],
        wrong={
            "多一个": (lambda h, t: f"bytes={h + 1}-" if 0 < h < t else header(h, t), "从 0 数起"),
            "少一个": (lambda h, t: f"bytes={h - 1}-" if 0 < h < t else header(h, t), "又要了一遍"),
            "齐了还要": (lambda h, t: f"bytes={h}-" if h == t else header(h, t), "416"),
            "太长也接着要": (lambda h, t: f"bytes={h}-" if h > t else header(h, t), "还长"),
            "没有也写 Range": (lambda h, t: "bytes=0-" if not h and t else header(h, t), "已有 0 个字节"),
            "写上了终点": (lambda h, t: f"bytes={h}-{t}" if 0 < h < t else header(h, t), "已有 3 个字节"),
            "齐了给空串": (lambda h, t: header(h, t) or "", "已有 10 个字节"),
        },
    ),
    "download.digest": dict(
        right=[pieces],
        wrong={
            "一口气": (lambda file, piece: hashlib.sha256(file.read()).hexdigest(), "一口气"),
            "读得太多": (twice_the_piece, "读得太多"),
            "大写": (upper, "个字节"),
            "MD5": (md5, "个字节"),
            "丢了第一截": (skips_first, "个字节"),
            "只读一截": (lambda file, piece: hashlib.sha256(file.read(piece)).hexdigest(), "个字节"),
        },
    ),
    "download.write_at": dict(
        right=[write_by_split],
        wrong={
            "200 也接上": (it._appends_anyway, "重复了一截"),
            "206 就信": (it._trusts_206, "要的那一段"),
            "只比开头": (starts_alike, "要比的是数"),
            "不对的从头写": (starts_over, "不能要"),
            "总从头": lambda status, asked, where: 0,
        },
    ),
    "download.safe": dict(
        right=[safe_by_parts],
        wrong={
            "两个点就不行": (no_two_dots, "没有关系"),
            "只看开头": (only_the_start, "中间的"),
            "绝对路径放行": (absolute_is_fine, "绝对路径"),
            "忘了 Windows": (windows_forgotten, "Windows"),
            "都放行": lambda name: True,
        },
    ),
}
