"""像学习者那样“全部运行”每个练习本：空壳没有填，不许有回溯，不许记下一次通过；每张卡的次序都对。"""

import json
import re
import subprocess
import sys
from pathlib import Path

import check_repository
import pytest
from run_as_learner import cells

ROOT = Path(__file__).resolve().parent.parent
NBS = [p for p in sorted((ROOT / "nbs").rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
CHECK = re.compile(r"^\s*(?:assert )?check\(\s*\"([\w.]+)\", (\w+)\)", re.M)


def learner_checks(path: Path) -> list[tuple[str, str]]:
    "学习者自己运行的检查：[(编号, 交上去的名字)]，只看 `#| eval: false` 的格子。"
    hidden = [source for _, source in cells(path) if re.search(r"^#\|\s*eval:\s*false", source, re.M)]
    return [found for source in hidden for found in CHECK.findall(source)]


WITH_STUBS = [p for p in NBS if learner_checks(p)]
NAMES = [str(p.relative_to(ROOT / "nbs")) for p in WITH_STUBS]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    "一个进程里把它们都跑一遍。"
    out = tmp_path_factory.mktemp("ran") / "results.json"
    script = Path(__file__).with_name("run_as_learner.py")
    subprocess.run([sys.executable, script, out, *WITH_STUBS], check=True, timeout=900, capture_output=True)
    return json.loads(out.read_text(encoding="utf8"))


def test_every_exercise_notebook_has_stubs():
    books = [p for p in NBS if p.stem.endswith("_exercises") and p.stem != "40_exercises"]
    without = [p.name for p in books if p not in WITH_STUBS]
    assert WITH_STUBS and not without, f"这些练习本里没有要学习者填的空：{without}"


@pytest.mark.parametrize("name", NAMES)
def test_run_all_with_untouched_stubs(name, ran):
    found = ran[str(ROOT / "nbs" / name)]
    assert not found["error"], f"{name} “全部运行”停在 {found['error']}"
    assert not found["recorded"], f"{name} 一个字没填，却记下了通过：{found['recorded']}"
    asked = len(learner_checks(ROOT / "nbs" / name))
    assert found["unwritten"] >= asked, f"{name} 有 {asked} 个空壳，只有 {found['unwritten']} 个说了“还没写”"


@pytest.mark.parametrize("name", [n for n in NAMES if n.endswith("_exercises.ipynb")])
def test_cards_are_in_order(name):
    "卡片 → 折叠的检查器 → 空壳 → 检查 → 折叠的参考答案。"
    path = ROOT / "nbs" / name
    code = [c for c in json.loads(path.read_text(encoding="utf8"))["cells"] if c["cell_type"] == "code"]
    sources = ["".join(c["source"]) for c in code]
    place = lambda pattern: next((i for i, s in enumerate(sources) if re.search(pattern, s, re.M)), None)
    folded = lambda i: code[i]["metadata"].get("jupyter", {}).get("source_hidden", False)
    for id, stub in learner_checks(path):
        quoted = re.escape(f'"{id}"')
        steps = {
            "卡片": place(rf"^card\(\s*{quoted}"),
            "检查器": place(rf"^@checker\(\s*{quoted}"),
            "空壳": place(rf"^(?:def|class) {stub}\b"),
            "检查": place(rf"^check\(\s*{quoted}, {stub}\)"),
            "参考答案": place(rf"^(?:@solution\({quoted}\)|solution\({quoted}\))"),
        }
        if steps["参考答案"] is None and steps["检查"] is not None:  # 没有登记的，认名字
            rest = enumerate(sources[steps["检查"] :], steps["检查"])
            steps["参考答案"] = next((i for i, s in rest if re.search(r"^(?:def|class) [Ss]olution", s, re.M)), None)
        missing = [what for what, at in steps.items() if at is None]
        assert not missing, f"{name} 的 {id} 缺少：{'、'.join(missing)}"
        assert list(steps.values()) == sorted(steps.values()), f"{name} 的 {id} 次序不对：{steps}"
        for what in ("检查器", "参考答案"):
            assert folded(steps[what]), f"{name} 的 {id}：{what}那一格要折叠（jupyter.source_hidden）"


def write(path: Path, *sources: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nb = [dict(cell_type="code", id=f"c{i}", source=s, outputs=[], metadata={}) for i, s in enumerate(sources)]
    path.write_text(json.dumps({"cells": nb}), encoding="utf8")
    return path


@pytest.mark.parametrize(
    "source, allowed",
    [
        ("from minimind.exercises.norm import solution_scale", True),
        ("import minimind.exercises.norm", True),
        ("#| export\nfrom minimind.exercises.norm import solution_scale", False),
        ("from minimind.exercises.rope import solution_rotate", False),
        ("from minimind.exercises import norm", False),
    ],
)
def test_a_lesson_may_import_only_its_own_exercises(tmp_path, monkeypatch, source, allowed):
    shared = "from minimind.exercises.shard import solution_shard"  # 练习本与章同号的，也认得
    books = [
        write(tmp_path / "3_model" / "20_norm.ipynb", "#| default_exp model.norm", source),
        write(tmp_path / "3_model" / "21_norm_exercises.ipynb", "#| default_exp exercises.norm"),
        write(tmp_path / "3_model" / "31_rope_exercises.ipynb", "#| default_exp exercises.rope"),
        write(tmp_path / "3_model" / "47_shard.ipynb", "#| default_exp model.shard", shared),
        write(tmp_path / "3_model" / "47_shard_exercises.ipynb", "#| default_exp exercises.shard"),
    ]
    monkeypatch.setattr(check_repository, "ROOT", tmp_path)
    monkeypatch.setattr(check_repository, "NBS", tmp_path)
    monkeypatch.setattr(check_repository, "notebooks", lambda: books)
    assert (check_repository.check_floors() == []) is allowed
