"""学习者做到一半就运行检查：那时下面的格子还没有运行，检查器用到的名字必须都已经在上面。

否则写对了的人会看到 NameError；错误写法里少了名字更隐蔽：重放时悄悄失败，那句解释再也不会出现。
"""

import builtins
import json
import re
import symtable
from pathlib import Path

import pytest

NBS = Path(__file__).resolve().parent.parent / "nbs"
BOOKS = [p for p in sorted(NBS.rglob("*_exercises.ipynb")) if ".ipynb_checkpoints" not in p.parts]
BOOKS = [p for p in BOOKS if p.stem != "40_exercises"]


def code(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]


def defined(source: str) -> set[str]:
    "一格在模块一级给出的名字。"
    table = symtable.symtable(source, "cell", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}


def used(source: str) -> set[str]:
    "一格里（函数里面也算）向全局要的名字。"
    found, tables = set(), [symtable.symtable(source, "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        found |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return found - set(dir(builtins)) - {"__class__"}


def late(sources: list[str]) -> list[str]:
    "每个检查上面用到、却要到下面才有的名字。"
    bad, above, needs = [], set(), set()
    for at, source in enumerate(sources):
        hidden = source.lstrip().startswith("#| eval: false")
        for id in re.findall(r"^check\(\s*\"([\w.]+)\"", source, re.M) if hidden else []:
            below = set().union(*map(defined, sources[at:]))
            bad += [f"{id} 的检查用到 {name}，它在下面才有" for name in sorted((needs - above) & below)]
        if not hidden:
            above |= defined(source)
            needs |= used(source)
    return bad


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_a_check_needs_nothing_from_below(path):
    assert late(code(path)) == []


def test_a_checker_that_asks_the_solution_is_caught():
    sources = [
        "def check_it(fn):\n    return fn(1) == solution_it(1)", '#| eval: false\ncheck("a.b", it)',
        "def solution_it(x):\n    return x",
    ]
    assert late(sources) == ["a.b 的检查用到 solution_it，它在下面才有"]
    assert late([sources[2], *sources[:2]]) == []
