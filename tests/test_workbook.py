"""课程更新，学习者的课本：全部章跑过存过，做了两道题，新的一版拉下来，什么也没丢，不用手工合并。"""

import copy
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tornado.web import HTTPError

from minimind.learning.errors import UserError
from minimind.learning.workbook import EDITION, bring_up_to_date, fingerprints, merge_cells, text_of

ROOT = Path(__file__).parents[1]
STUB = "raise NotImplementedError"


def git(folder, *args):
    who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.autocrlf=false"]
    return subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True, text=True).stdout


def read(path):
    return json.loads(path.read_text(encoding="utf8"))


def write(path, book):
    path.write_text(json.dumps(book, ensure_ascii=False, indent=1) + "\n", encoding="utf8")


def as_jupyter_saves(path):
    "跑过、存过：内核的名字写进去，每一格都有新的输出与序号，字一个没动。"
    book = read(path)
    book["metadata"] |= {"language_info": {"name": "python", "version": "3.11.7"}, "kernelspec": {"name": "mine"}}
    for i, cell in enumerate(book["cells"]):
        if cell["cell_type"] == "code":
            cell |= {"execution_count": i, "outputs": [{"output_type": "stream", "name": "stdout", "text": ["我跑的"]}]}
            cell["source"] = text_of(cell)
            cell["metadata"] = {"trusted": True}
    write(path, book)


@pytest.fixture
def clone(tmp_path):
    "一个课程的仓库，与学习者克隆的一份。"
    course = tmp_path / "course"
    shutil.copytree(ROOT / "nbs", course / "nbs", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (course / ".gitignore").write_text("/my-nbs/\n")
    git(course, "init", "-q", "-b", "main")
    git(course, "add", "-A")
    git(course, "commit", "-qm", "第一版")
    git(tmp_path, "clone", "-q", str(course), "mine")
    return course, tmp_path / "mine"


def solve(path, answer):
    "改写这一本练习里的第一个空壳，返回那一格的编号。"
    book = read(path)
    cell = next(c for c in book["cells"] if STUB in text_of(c))
    cell["source"] = text_of(cell).replace(STUB, answer)
    write(path, book)
    return cell["id"]


def test_a_new_edition_loses_nothing_and_asks_for_no_merge(clone):
    course, mine = clone
    work = mine / "my-nbs"
    update = lambda: {c.file: c.what for c in bring_up_to_date(mine / "nbs", work)}
    assert set(update().values()) == {"新"} and update() == {}
    for path in work.rglob("*.ipynb"):
        as_jupyter_saves(path)
    norm, rope = "3_model/21_norm_exercises.ipynb", "3_model/31_rope_exercises.ipynb"
    done = {norm: solve(work / norm, "return 42  # 我做的"), rope: solve(work / rope, "return 43  # 我做的")}
    before = {p: p.read_bytes() for p in work.rglob("*.ipynb")}
    assert update() == {} and all(p.read_bytes() == b for p, b in before.items())

    book = read(course / "nbs" / norm)  # 新版：这一本改了引言，加了一格；另一章整章重写；删掉一章；多一章
    book["cells"][1]["source"] = ["# 新的引言\n"]
    book["cells"].append({"cell_type": "markdown", "id": "brandnew", "metadata": {}, "source": ["新的一格"]})
    write(course / "nbs" / norm, book)
    book = read(course / "nbs" / rope)  # 这一本：学习者做的那一格，新版也改了
    next(c for c in book["cells"] if c["id"] == done[rope])["source"] = ["#| eval: false\n", "新的空壳"]
    write(course / "nbs" / rope, book)
    attention = course / "nbs/3_model/40_attention.ipynb"
    book = read(attention)
    for cell in book["cells"]:
        cell["source"] = ["新版 " + cell["id"]]
    write(attention, book)
    (course / "nbs/9_lab/10_bench.ipynb").rename(course / "nbs/9_lab/12_timing.ipynb")
    git(course, "add", "-A")
    git(course, "commit", "-qm", "第二版")

    assert git(mine, "status", "--porcelain") == ""
    git(mine, "pull", "-q", "--ff-only")
    found = update()
    whole = {"3_model/40_attention.ipynb": "换", "9_lab/12_timing.ipynb": "新", "9_lab/10_bench.ipynb": "删"}
    assert found == {norm: "合", rope: "合"} | whole
    assert git(mine, "status", "--porcelain") == "" and update() == {}
    texts = {name: {c["id"]: text_of(c) for c in read(work / name)["cells"]} for name in (norm, rope)}
    assert "return 42  # 我做的" in texts[norm][done[norm]] and texts[norm]["brandnew"] == "新的一格"
    assert list(texts[norm].values())[1] == "# 新的引言\n"
    assert "新的空壳" in texts[rope][done[rope]] and "return 43  # 我做的" in texts[rope][done[rope] + "-mine"]
    assert "return 43" in (work / ".before" / rope).read_text(encoding="utf8")
    assert fingerprints(read(work / "3_model/40_attention.ipynb")["cells"]) == fingerprints(book["cells"])


def test_a_chapter_of_ones_own_and_a_broken_one(clone):
    course, mine = clone
    work = mine / "my-nbs"
    bring_up_to_date(mine / "nbs", work)
    write(work / "my_own.ipynb", {"cells": []})
    (work / "3_model/20_norm.ipynb").write_text("{坏了", encoding="utf8")
    (work / "3_model/30_rope.ipynb").unlink()
    (work / EDITION).unlink()  # 记录丢了：不知道上一版，什么也不敢丢
    found = {c.file: c.what for c in bring_up_to_date(mine / "nbs", work)}
    assert found == {"3_model/20_norm.ipynb": "坏", "3_model/30_rope.ipynb": "新"}
    assert (work / "my_own.ipynb").exists()
    assert "{坏了" in (work / ".before/3_model/20_norm.ipynb").read_text(encoding="utf8")
    with pytest.raises(UserError, match="git clone"):
        bring_up_to_date(mine / "none", work)


word = st.sampled_from(["一", "二", "三", "四"])
book = st.lists(st.tuples(st.sampled_from("abcdef"), word), unique_by=lambda x: x[0], max_size=6)


def page(pairs):
    return [{"cell_type": "code", "id": k, "metadata": {}, "source": f"{k} = {v}"} for k, v in pairs]


@given(book, book, book, st.lists(word, max_size=2))
@settings(deadline=None, max_examples=200)
def test_every_word_of_the_learner_is_in_the_result(base, new, mine, own):
    mine = page(mine) + [{"cell_type": "markdown", "id": f"own{i}", "source": w} for i, w in enumerate(own)]
    known, fresh = fingerprints(page(base)), page(new)
    before = copy.deepcopy((known, fresh, mine))
    out = merge_cells(known, fresh, mine)
    assert (known, fresh, mine) == before  # 不改参数
    ids = [c["id"] for c in out]
    assert len(set(ids)) == len(ids)
    everything = "\n".join(text_of(c) for c in out)
    touched = fingerprints(mine).items() - known.items()
    assert all(text_of(c) in everything for c in mine if (c["id"], fingerprints([c])[c["id"]]) in touched)
    assert all(text_of(c) in everything for c in fresh if known.get(c["id"]) != fingerprints([c])[c["id"]])
    assert merge_cells(fingerprints(fresh), fresh, out) == out  # 再合一次不变


def test_jupyter_refuses_to_save_the_edition(monkeypatch):
    class Config:
        FileContentsManager = type("M", (), {})

    where = ROOT / "tools/jupyter/jupyter_server_config.py"
    spec = importlib.util.spec_from_file_location("jupyter_server_config", where)
    module = importlib.util.module_from_spec(spec)
    module.get_config = lambda: Config
    spec.loader.exec_module(module)
    hook = Config.FileContentsManager.pre_save_hook
    monkeypatch.delenv("MINIMIND_EDIT", raising=False)
    hook(path="my-nbs/3_model/20_norm.ipynb")
    with pytest.raises(HTTPError):
        hook(path="nbs/3_model/20_norm.ipynb", model={}, contents_manager=None)
    monkeypatch.setenv("MINIMIND_EDIT", "1")
    hook(path="nbs/3_model/20_norm.ipynb")


def test_make_lab_opens_the_workbook(monkeypatch, tmp_path):
    sys.path.insert(0, str(ROOT / "tools"))
    import lab

    opened = []
    monkeypatch.setattr(lab.os, "spawnv", lambda how, program, argv: opened.append(argv) or 0)
    monkeypatch.setattr("minimind.learning.workbook.bring_up_to_date", lambda: [])
    monkeypatch.setattr(lab.os, "environ", dict(lab.os.environ))
    assert lab.main(["--no-browser"]) == lab.main(["--edit"]) == 0
    assert opened[0][-2].endswith("my-nbs/00_start.ipynb") and opened[0][-1] == "--no-browser"
    assert opened[1][-1].endswith("/nbs/00_start.ipynb") and lab.os.environ["MINIMIND_EDIT"] == "1"
