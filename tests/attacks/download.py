"攻击下载的两个检查器。"

import hashlib


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
}
