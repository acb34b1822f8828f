"""攻击练习的检查器：放过错答案的检查器，比没有检查器更糟。

每个练习模块一个文件，例如 `tests/attacks/norm.py`（攻击 `minimind.exercises.norm`）：

    ATTACKS = {
        "norm.rms": dict(
            right=[another_right_fn],                 # 另一种写法的对答案，必须通过
            wrong={
                "整个张量用了同一个均方根": whole,       # 必须不通过，那句话要说得具体
                "没有先变成 float32": (narrow, "fp16"),  # 那句话里还要有这个片段
            },
        ),
    }

值也可以是类、实例、partial。参考答案是普通函数时，`automatic` 会自动再加几种错答案。
"""

import functools
import importlib
import pkgutil
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from minimind.learning import exercises as engine


def registered() -> list[str]:
    "导入全部 `minimind.exercises.*`，返回登记过的练习编号。"
    import minimind.exercises as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"minimind.exercises.{module.name}")
    return [id for id, one in engine.CHECKERS.items() if one.run.__module__.startswith("minimind.exercises.")]


def module_of(id: str) -> str:
    "编号所在的练习模块的短名：`norm.rms` → `norm`。"
    return engine.CHECKERS[id].run.__module__.rsplit(".", 1)[-1]


def attacks_of(id: str) -> dict | None:
    "这个编号的攻击：{right: [...], wrong: {...}}；没有文件或没有这一条时是 None。"
    try:
        return importlib.import_module(f"attacks.{module_of(id)}").ATTACKS.get(id)
    except ModuleNotFoundError as error:
        if error.name != f"attacks.{module_of(id)}":
            raise
        return None


def reference(id: str) -> object:
    "参考答案：登记过的（`@solution`）；没有登记就找这个模块里能通过的 `solution_…`。"
    if id in engine.SOLUTIONS:
        return engine.SOLUTIONS[id]
    module = vars(importlib.import_module(f"minimind.exercises.{module_of(id)}"))
    named = [v for name, v in module.items() if name.startswith(("solution_", "Solution"))]
    return next((v for v in named if not engine.why(id, v)), None)


@dataclass
class Seen:
    "参考答案受检时发生了什么。"

    outputs: list = field(default_factory=list)
    mutable: bool = False    # 有没有收到改得动的参数
    mutates: bool = False    # 它自己改没改动参数
    gradients: bool = False  # 结果要不要梯度
    streams: bool = False    # 交回的是不是生成器


def _noting(pieces: Iterator, log: list) -> Iterator:
    "原样转交，交一个记一个（不提前读）。"
    for piece in pieces:
        log.append(engine._copied(piece))
        yield piece


def _spoil(value: object) -> bool:
    "改动遇到的第一个张量、数组、列表、字典、集合；没有改得动的返回 False。"
    if isinstance(value, torch.Tensor) and value.numel():
        value.data[(0,) * value.dim()] = not value.flatten()[0] if value.dtype == torch.bool else value.flatten()[0] + 1
        return True
    if isinstance(value, np.ndarray) and value.size:
        value[...] = ~value if value.dtype == bool else value + 1
        return True
    if isinstance(value, list):
        value.append(value[0] if value else 0)
        return True
    if isinstance(value, dict):
        value["改动"] = 0
        return True
    if isinstance(value, set):
        value.add("改动")
        return True
    return isinstance(value, tuple) and any(map(_spoil, value))


def _movable(value: object) -> bool:
    "里面有没有改得动的东西。"
    full = isinstance(value, torch.Tensor) and value.numel() or isinstance(value, np.ndarray) and value.size
    return bool(full) or isinstance(value, (list, dict, set)) or isinstance(value, tuple) and any(map(_movable, value))


def observe(id: str, fn: Callable) -> Seen:
    "让检查器查一遍 `fn`，记下每次的输入与输出。"
    seen = Seen()

    @functools.wraps(fn)
    def spy(*args, **kwargs):
        given = [*args, *kwargs.values()]
        kept = engine._copied(given)
        out = fn(*args, **kwargs)
        seen.mutable |= any(map(_movable, given))
        seen.mutates |= engine._changed(kept, given)
        seen.gradients |= isinstance(out, torch.Tensor) and out.requires_grad
        seen.streams |= isinstance(out, Iterator)
        seen.outputs.append([] if seen.streams else engine._copied(out))
        return _noting(out, seen.outputs[-1]) if seen.streams else out

    engine.CHECKERS[id].run(spy)
    return seen


def unwritten(answer: object) -> Callable:
    "空壳：一用就抛 NotImplementedError。"

    def stub(*args, **kwargs):
        raise NotImplementedError

    return type("Stub", (), {"__init__": stub}) if isinstance(answer, type) else stub


def automatic(id: str, answer: object) -> dict[str, object]:
    "参考答案是普通函数时自动得到的错答案：{名字: 函数，或 (函数, 那句话里要有的片段)}。"
    if not isinstance(answer, types.FunctionType):
        return {}
    seen = observe(id, answer)
    first = seen.outputs[0]

    def constant(*args, **kwargs):
        return iter(list(first)) if seen.streams else engine._copied(first)

    def spoils(*args, **kwargs):
        out = answer(*args, **kwargs)
        out = iter(list(out)) if isinstance(out, Iterator) else out
        out = out.clone() if isinstance(out, torch.Tensor) else engine._copied(out)
        any(map(_spoil, [*args, *kwargs.values()]))
        return out

    def detached(*args, **kwargs):
        return answer(*args, **kwargs).detach()

    wrong = {
        "什么也不返回": lambda *args, **kwargs: None,
        "原样交回第一个参数": lambda *args, **kwargs: [*args, *kwargs.values(), None][0],
        "背下第一题的答案": constant,
    }
    if seen.mutable and not seen.mutates:
        wrong["结果对，但改动了输入"] = (spoils, "改动了")
    if seen.gradients:
        wrong["结果对，但断了梯度"] = detached
    return wrong


BLAND = re.compile(r"[\s，。：！、“”‘’✗\-—]|不对|错误|错了|没过|有误|结果")


def specific(message: str) -> bool:
    "去掉空话之后还剩下东西吗。"
    return len(BLAND.sub("", message)) >= 6


def holes(id: str) -> list[str]:
    "攻击这个编号的检查器，返回守不住的地方（每处一句话）；空列表是都守住了。"
    attacks, answer, found = attacks_of(id), reference(id), []
    if attacks is None:
        return [f"{id} 没有攻击：在 tests/attacks/{module_of(id)}.py 的 ATTACKS 里加上它"]
    if answer is None:
        return [f"{id} 没有能通过的参考答案：在练习本里写 @solution({id!r})"]
    if said := engine.why(id, answer):
        return [f"{id} 的参考答案没有通过：{said}"]
    if not engine.why(id, unwritten(answer)).startswith("还没写"):
        found.append(f"{id} 的空壳得到的不是“还没写”：{engine.why(id, unwritten(answer))}")
    wrong = {**automatic(id, answer), **attacks.get("wrong", {})}
    if not attacks.get("right"):
        found.append(f"{id} 没有另一种写法的对答案（right 是空的）")
    if len(wrong) < 4:
        found.append(f"{id} 只有 {len(wrong)} 种错答案，至少要四种")
    for fn in attacks.get("right", []):
        if fn is answer or getattr(fn, "__code__", 0) is getattr(answer, "__code__", 1):
            found.append(f"{id} 的 right 就是参考答案自己，要换一种写法")
        if said := engine.why(id, fn):
            found.append(f"{id} 拦下了对的写法 {getattr(fn, '__name__', fn)}：{said}")
    for name, value in wrong.items():
        fn, fragment = value if isinstance(value, tuple) else (value, "")
        said = engine.why(id, fn)
        if not said:
            found.append(f"{id} 放过了错答案：{name}")
        elif fragment not in said:
            found.append(f"{id} 拦下了“{name}”，但那句话里没有“{fragment}”：{said}")
        elif not specific(said):
            found.append(f"{id} 拦下了“{name}”，但那句话太空：{said}")
        elif said.startswith("运行时出错") and not fragment:
            found.append(f"{id} 的攻击“{name}”自己就出错了，换一种能跑完的：{said}")
    if said := engine.why(id, answer):
        found.append(f"{id} 的检查器被攻击过之后不认参考答案了（题目的数据被改动了？）：{said}")
    return found
