"攻击“显微镜”的两个检查器。"

import threading
from contextlib import ExitStack

from minimind.exercises import microscope as it


def with_a_stack(prompt, moves):
    added = []
    for move in moves:
        if move == "restart":
            added.clear()
        elif move != "back":
            added.append(move)
        elif added:
            added.pop()
    return [*prompt, *added]


def ignores_back(prompt, moves):
    return with_a_stack(prompt, [m for m in moves if m != "back"])


def only_the_new(prompt, moves):
    return with_a_stack(prompt, moves)[len(prompt) :]


def writes_the_words(prompt, moves):
    return [*prompt, *moves]


def hung(modules, run, look):
    "挂着 `look`（只看自己线程的）跑一遍，出错也摘。"
    mine = threading.current_thread()
    own = lambda m, args, out: look(args, out) if threading.current_thread() is mine else None
    with ExitStack() as stack:
        for m in modules:
            stack.callback(m.register_forward_hook(own).remove)
        run()


def stacked(modules, run):
    seen = []
    hung(modules, run, lambda args, out: seen.append(out))
    return seen


def inputs_not_outputs(modules, run):
    seen = []
    hung(modules, run, lambda args, out: seen.append(args[0]))
    return seen


def changes_the_output(modules, run):
    seen = []

    def look(args, out):
        seen.append(out)
        return out * 0

    hung(modules, run, look)
    return seen


ATTACKS = {
    "microscope.walk": dict(
        right=[with_a_stack],
        wrong={
            "提示也退掉": (it._eats_the_prompt, "不再动"),
            "写成了 -0": (it._minus_zero, "-0"),
            "重来就清空": (it._restarts_empty, "清空"),
            "一退到底": (it._back_to_start, "只去一个"),
            "退过头的欠着": (it._owes_steps, "欠着"),
            "不会退": ignores_back,
            "只给新写的": only_the_new,
            "动作也写下了": writes_the_words,
        },
    ),
    "microscope.watch": dict(
        right=[stacked],
        wrong={
            "没有摘": (it._never_removed, "还挂着"),
            "出错就没有摘": (it._not_on_error, "还挂着"),
            "别的线程也抄": (it._any_thread, "别的线程"),
            "吞掉了错": (it._swallows, "吞掉"),
            "别人的也摘了": (it._clears_all, "别人"),
            "一个模块只记一次": (it._one_each, "经过"),
            "记的是输入": (inputs_not_outputs, "输出"),
            "换掉了输出": (changes_the_output, "输出"),
        },
    ),
}
