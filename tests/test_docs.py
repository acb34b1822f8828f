"""静态的阅读版：课文整理得对，走不通的链接说得出，不到外面取东西。（读起来怎样在 test_browser.py）"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import docs  # noqa: E402


def page(book, name):
    return json.loads((book.folder / name).read_text(encoding="utf8"))["cells"]


def test_a_chapter_is_prepared_for_reading(tmp_path):
    names = ["nbs/3_model/20_norm.ipynb", "nbs/3_model/21_norm_exercises.ipynb"]
    book = docs.prepare(tmp_path, [ROOT / n for n in names])
    lesson, cards = (page(book, n) for n in names)
    code = [c for c in lesson if c["cell_type"] == "code"]
    assert not any(c["source"].startswith("#|") for c in code)
    assert any("image/png" in o.get("data", {}) for c in code for o in c["outputs"])  # 存着的图都在
    assert not any("widget" in kind for c in code for o in c["outputs"] for kind in o.get("data", {}))
    hidden = [c for c in cards if c["cell_type"] == "code" and "hide-input" in c["metadata"].get("tags", [])]
    assert any("def solution_" in c["source"] for c in hidden)
    tags = {c["id"]: c["metadata"].get("tags", []) for c in code}
    assert tags["c028"] == tags["c034c"] == ["hide-input"] and not tags["c013"] and not tags["c039"]  # 可跳过的折着
    shown = [c["source"] for c in cards if c["cell_type"] == "code" and c not in hidden]
    assert any("raise NotImplementedError" in s for s in shown)  # 空壳看得见，答案折着
    text = "\n".join(c["source"] for c in lesson if c["cell_type"] == "markdown")
    assert "](/nbs/3_model/21_norm_exercises.ipynb)" in text and "](/knowledge_base.md" in text
    assert (tmp_path / "knowledge_base.md").exists()  # 链接到的也整理进来
    assert any("RMS" in head or "归一化" in head for _, _, head, _ in book.index)


@pytest.mark.parametrize(
    "url, repo",
    [
        ("https://github.com/someone/minimind.git", "someone/minimind"), ("git@github.com:a-b/c.d.git", "a-b/c.d"),
        ("some/where", "some/where"), ("https://example.com/a/b", ""), ("/srv/git/minimind", ""), ("", ""),
    ],
)
def test_a_published_course_leads_to_a_hosted_notebook(monkeypatch, tmp_path, url, repo):
    monkeypatch.setenv("COURSE_REPO", url)
    monkeypatch.setattr(docs.subprocess, "run", lambda *a, **k: SimpleNamespace(stdout=""))
    assert docs.repository() == repo
    names = ["nbs/3_model/20_norm.ipynb", "nbs_en/00_start.ipynb"]
    book = docs.Book(tmp_path)
    for name in names:
        book.notebook(ROOT / name)
        first = next(c["source"] for c in page(book, name) if c["cell_type"] == "markdown")
        link = f"https://colab.research.google.com/github/{repo}/blob/main/{name}"
        assert (link in first and f"%pip install -q git+https://github.com/{repo}`" in first) == bool(repo)


def test_anchors_are_the_ones_of_the_page(tmp_path):
    "JupyterLab 的锚点留着大写与标点，网页的不留。"
    text = "[a](#Doing-the-sums) [b](3_model/20_norm.ipynb#1.1-报错)"
    said = docs.Book(tmp_path).relink(text, ROOT / "nbs/00_start.ipynb")
    assert said == "[a](#doing-the-sums) [b](/nbs/3_model/20_norm.ipynb#11-报错)"


def test_every_page_has_one_place_in_the_contents(tmp_path):
    "目录页由地图读出来，路线的表不算；英文版在自己的一栏里。"
    docs.prepare(tmp_path)
    trees = (tmp_path / "index.md").read_text(encoding="utf8").split("````{toctree}")[1:]
    pages = [line for tree in trees for line in tree.splitlines() if line.startswith("/")]
    assert len(pages) == len(set(pages)) and "/nbs/3_model/index.md" in pages
    assert "/nbs_en/00_start.ipynb" in trees[-1] and "In English" in trees[-1]


def test_what_leads_nowhere_is_found(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static/a.css").write_text("body { background: url('https://fonts.example/x.woff') }")
    (tmp_path / "b.html").write_text('<h1 id="好">b</h1>', encoding="utf8")
    (tmp_path / "a.html").write_text(
        '<a href="b.html#好">好</a><a href="b.html#坏">坏</a><a href="c.html">没有</a><a href="https://x.example">出去</a>'
        '<img src="data:image/png;base64,x"><script src="https://cdn.example/x.js"></script>',
        encoding="utf8",
    )
    assert docs.broken(tmp_path) == [
        "_static/a.css 要到外面去取 https://fonts.example/x.woff", "a.html 要到外面去取 https://cdn.example/x.js",
        "a.html 里的 b.html#坏 没有这个锚点", "a.html 里的 c.html 指不到文件",
    ]


def test_a_failed_build_leaves_the_old_site(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("旧的", encoding="utf8")
    monkeypatch.setattr(docs, "prepare", lambda folder: docs.Book(folder))

    def fails(book, out):
        out.mkdir()
        raise SystemExit("坏了")

    monkeypatch.setattr(docs, "build", fails)
    with pytest.raises(SystemExit):
        docs.main(site)
    assert [p.name for p in tmp_path.iterdir()] == ["site"]
    assert (site / "index.html").read_text(encoding="utf8") == "旧的"
    monkeypatch.setattr(docs, "build", lambda book, out: out.mkdir())
    docs.main(site)
    assert list(site.iterdir()) == []
