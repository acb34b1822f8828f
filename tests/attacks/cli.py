"攻击命令行的两个检查器。"

import re
import sys

from minimind.exercises import cli as it
from minimind.learning.errors import UserError


def flags_by_regex(argv):
    stop = argv.index("--") if "--" in argv else len(argv)
    fix = lambda found: found[0].replace("-", "_").replace("__", "--", 1)
    return [re.sub("^--[^=]*", fix, word) for word in argv[:stop]] + argv[stop:]


def short_options_too(argv):
    return [re.sub("^(--?)([^=]*)", lambda m: m[1] + m[2].replace("-", "_"), w) if w != "--" else w for w in argv]


def drops_the_mark(argv):
    return [word for word in flags_by_regex(argv) if word != "--"]


def only_first_dash(argv):
    return [re.sub("^(--[^=-]*)-", r"\1_", word) for word in argv]


def to_dashes(argv):
    return [word.replace("_", "-") for word in argv]


def codes_by_context(work, say):
    class Ending:
        code = 0

        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            if kind and issubclass(kind, UserError):
                say("错误：" + str(error))
                self.code = 2
            elif kind is KeyboardInterrupt:
                say("已停下。")
                self.code = 130
            return self.code > 0

    with Ending() as ending:
        work()
    return ending.code


def returns_what_work_returns(work, say):
    try:
        return work() or 0
    except UserError as error:
        say(f"错误：{error}")
        return 2
    except KeyboardInterrupt:
        say("已停下。")
        return 130


def exits(work, say):
    sys.exit(codes_by_context(work, say))


def catches_value_errors(work, say):
    try:
        return codes_by_context(work, say)
    except ValueError as error:
        say(f"错误：{error}")
        return 2


def silent(work, say):
    return codes_by_context(work, lambda text: None)


def forgets_interrupt(work, say):
    try:
        work()
    except UserError as error:
        say(f"错误：{error}")
        return 2
    return 0


def says_done(work, say):
    code = codes_by_context(work, say)
    if code == 0:
        say("完成。")
    return code


def bare(work, say):
    try:
        return codes_by_context(work, say)
    except BaseException:
        return 1


ATTACKS = {
    "cli.flags": dict(
        right=[flags_by_regex],
        wrong={
            "值也改": (it._touches_values, "等号右边"),
            "什么都改": (it._touches_everything, "开头的横线"),
            "-- 之后还改": (it._never_stops, "单独的 -- 之后"),
            "一个横线开头的也改": (short_options_too, "值里的横线"),
            "扔掉了单独的 --": (drops_the_mark, "单独的 -- 之后"),
            "只改第一个横线": (only_first_dash, "单独的 -- 之后"),
            "反过来，下划线改成横线": (to_dashes, "一个选项"),
        },
    ),
    "cli.codes": dict(
        right=[codes_by_context],
        wrong={
            "总返回 0": (it._always_zero, "以为成功了"),
            "吞掉 bug": (it._swallows_bugs, "别捉它"),
            "返回 work 的返回值": (returns_what_work_returns, "正常结束"),
            "自己退出": (exits, "自己退出"),
            "连 ValueError 也捉": (catches_value_errors, "ValueError"),
            "不说话": (silent, "说的话"),
            "没有捉 Ctrl-C": (forgets_interrupt, "Ctrl-C"),
            "正常结束也说话": (says_done, "正常结束时说的话"),
            "光秃秃的 except": (bare, "别捉它"),
        },
    ),
}
