"攻击聊天页面的三个检查器。"

import re
import string

from minimind.exercises import web as it


def plain_by_join(text):
    return "".join(f"\\{c}" if c.isascii() and c.isprintable() and not c.isalnum() and c != " " else c for c in text)


def escapes_wide_marks(text):
    return "".join("\\" + c if c in string.punctuation + "，。" else c for c in text)


def escapes_spaces(text):
    return plain_by_join(text).replace(" ", "\\ ").replace("\n", "\\\n")


def gather_by_next_time(pieces, every):
    due, shown, out = float("-inf"), "", []
    for now, piece in pieces:
        shown = shown + piece
        if now >= due:
            out.append(shown)
            due = now + every
    out.append(shown)
    return out


def strictly_later(pieces, every):
    due, shown, out = None, "", []
    for now, piece in pieces:
        shown += piece
        if due is None or now > due:
            out, due = out + [shown], now + every
    return out + [shown]


def end_once(pieces, every):
    out = gather_by_next_time(pieces, every)
    return out[:-1] if out[-2:-1] == out[-1:] else out


def one_at_the_end(pieces, every):
    return ["".join(piece for _, piece in pieces)]


def order_by_pairs(files):
    kept = []
    for name, folder, when, known in files:
        if not known or folder == "lora" or name[:6] == "reward":
            continue
        kept.append(((0 if name[:8] != "pretrain" else 1, -when), name))
    return [name for _, name in sorted(kept)]


def only_newest(files):
    kept = order_by_pairs(files)
    return [f[0] for f in sorted(files, key=lambda f: -f[2]) if f[0] in kept]


ATTACKS = {
    "web.plain": dict(
        right=[plain_by_join],
        wrong={
            "只管星号": (it._stars_only, "只管了星号"),
            "反斜杠翻倍": (it._slash_last, "翻倍"),
            "反斜杠没转义": (it._no_slash, "反斜杠自己"),
            "HTML 转义": (it._for_html, "HTML"),
            "re.escape：空格也转义，有的标点不转": (re.escape, "转义之后"),
            "中文标点也转义": (escapes_wide_marks, "你好，世界。"),
            "空格和换行也转义": (escapes_spaces, "两行"),
            "标点去掉了": (lambda text: re.sub(r"[!-/:-@\[-`{-~]", "", text), "a*b"),
        },
    ),
    "web.gather": dict(
        right=[gather_by_next_time],
        wrong={
            "末尾没送": (it._forgets_the_end, "最后几个字丢了"),
            "丢了没到时间的": (it._drops_pieces, "没有接进全文"),
            "正好满也不送": (strictly_later, "间隔 2 秒"),
            "末尾一样就不送": (end_once, "慢的模型"),
            "只在末尾送": (one_at_the_end, "每秒一段"),
            "从上一段算起": (it._since_last_piece, "上一次送出"),
        },
    ),
    "web.order": dict(
        right=[order_by_pairs],
        wrong={
            "不看身份证": (lambda files: order_by_pairs([(*f[:3], True) for f in files]), "身份证"),
            "LoRA 也算": (lambda files: order_by_pairs([(f[0], "out", *f[2:]) for f in files]), "lora"),
            "奖励模型也算": lambda files: order_by_pairs([(f[0].replace("rew", "r"), *f[1:]) for f in files]),
            "只看新旧": (only_newest, "再新也排后面"),
            "旧的在前": (lambda files: order_by_pairs([(f[0], f[1], -f[2], f[3]) for f in files]), "新的在前"),
            "没有排": lambda files: [f[0] for f in files if f[0] in order_by_pairs(files)],
        },
    ),
}
