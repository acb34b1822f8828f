"""英文版：代码就是同一份，译文齐全，没有过时；哪里不对说得出哪一章、哪一格、怎么办。"""

import copy
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import english  # noqa: E402
from course import source  # noqa: E402
from english import Catalog, assembled, bare, problems, relinked, skeleton, translated, units  # noqa: E402

NAME = "2_tokenizer/10_bpe"
PROSE = "# 题目\n\n看[知识库](../../knowledge_base.md#某节)与[下一章](20_fast.ipynb)，例如“公园”与 `公园`。"
CODE = '# 先数一数\nname = "公园"\nprint(f"{name} 有 {len(name)} 个字")'
DONE = """<!-- md m {stamp} -->

# Title

See the [knowledge base](../../knowledge_base.md#某节) and the [next chapter](20_fast.ipynb), like “公园” and `公园`.

<!-- code c -->

```diff
- # 先数一数
+ # count first
- "公园"
= keep
- f"{{name}} 有 {{len(name)}} 个字"
+ f"{{len(name)}} characters in {{name}}"
```
"""


def cell(kind, id, text):
    more = {} if kind == "markdown" else {"execution_count": None, "outputs": []}
    return {"cell_type": kind, "id": id, "metadata": {}, "source": text.splitlines(keepends=True), **more}


@pytest.fixture
def book():
    "一章中文：一格课文，一格代码。"
    cells = [cell("markdown", "m", PROSE), cell("code", "c", CODE)]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def catalog():
    return Catalog(DONE.format(stamp=english.digest(PROSE)))


def found(book, catalog, stored=None):
    "这一章的毛病；没有给存着的，就拿刚拼好的。"
    return problems(NAME, book, catalog, {NAME}, stored or assembled(NAME, book, catalog, {NAME}))


def change(book, id, text):
    new = copy.deepcopy(book)
    next(c for c in new["cells"] if c["id"] == id)["source"] = text.splitlines(keepends=True)
    return new


# ---- 拼得对 ----


def test_the_twin_is_the_same_code_with_other_words(book, catalog):
    made = assembled(NAME, book, catalog, {NAME})
    prose, code = (source(c) for c in made["cells"])
    assert code == '# count first\nname = "公园"\nprint(f"{len(name)} characters in {name}")'
    assert "[knowledge base (in Chinese)](../../knowledge_base.md#某节)" in prose
    assert "[next chapter (in Chinese)](../../nbs/2_tokenizer/20_fast.ipynb)" in prose
    assert [c["id"] for c in made["cells"]] == ["m", "c"] and bare(made["cells"][1]) == bare(book["cells"][1])
    assert found(book, catalog) == []


def test_links_lead_to_a_twin_where_there_is_one():
    stay = "[w](https://a.cn) [s](#x) `[c](d.ipynb)`"
    text = f"| [a](20_fast.ipynb) | [b](../00_start.ipynb) |\n![p](images/x.png) {stay}"
    said = relinked(text, NAME, {"00_start"})
    assert "[a (zh)](../../nbs/2_tokenizer/20_fast.ipynb) | [b](../00_start.ipynb)" in said
    assert "![p](../../nbs/2_tokenizer/images/x.png)" in said and said.endswith(stay)
    fenced = "```\n[a](20_fast.ipynb)\n```"
    assert relinked(fenced, NAME, set()) == fenced


def test_every_string_and_comment_with_chinese_is_listed():
    code = '%time 甲\nx = """一\n二""" + \'三\'  # 四\ny = f"{x!r} 五 {\', \'.join(x)}"\n#| export 六\nz = "plain"\n'
    assert [u for _, _, u in units(code)] == ['"""一\n二"""', "'三'", "# 四", "f\"{x!r} 五 {', '.join(x)}\""]
    assert translated(code, {"'三'": "'3'", "# 四": "# 4"}) == code.replace("'三'", "'3'").replace("# 四", "# 4")


def test_a_catalogue_survives_writing_and_reading(book, catalog):
    again = Catalog(catalog.text(NAME, ["m", "c"]))
    assert vars(again) == vars(catalog)
    long = Catalog("<!-- all -->\n\n```diff\n- '''一\n- \n- 二'''\n+ '''1\n+ 2'''\n- \"步\"\n= keep\n```\n")
    assert long.all == {"'''一\n\n二'''": "'''1\n2'''", '"步"': "keep"}
    assert Catalog(long.text(NAME, [])).all == long.all


# ---- 错了找得到 ----


def test_a_changed_chinese_cell_is_found(book, catalog):
    bad = found(change(book, "m", PROSE + "又说了一句。"), catalog)
    assert len(bad) == 2 and bad[0].startswith(f"nbs_en/{NAME}：格子 m 的中文改过了") and f"new {NAME}" in bad[1]


def test_a_changed_code_cell_is_found(book, catalog):
    stored = assembled(NAME, book, catalog, {NAME})
    plain = found(change(book, "c", CODE + "\nprint(1)"), catalog, stored)  # 没有新的中文：重拼就好
    assert len(plain) == 1 and f"build {NAME}" in plain[0]
    worded = found(change(book, "c", CODE.replace("先数一数", "再数一数")), catalog, stored)
    assert any("格子 c 里没有译：# 再数一数" in line for line in worded)
    assert any("格子 c 的译文多出来了，中文里没有：# 先数一数" in line for line in worded)


def test_a_missing_translation_is_found(book, catalog):
    del catalog.code["c"]["# 先数一数"]
    assert any("格子 c 里没有译：# 先数一数" in line for line in found(book, catalog))
    catalog.prose.clear()
    assert any("格子 m 没有译文" in line for line in found(book, catalog))


def test_chinese_left_in_the_prose_is_found(book, catalog):
    stamp, said = catalog.prose["m"]
    catalog.prose["m"] = stamp, said + "\n\n还没译。"
    assert any("格子 m 还有中文没有译" in line for line in found(book, catalog))


def test_a_lost_link_is_found(book, catalog):
    stamp, said = catalog.prose["m"]
    catalog.prose["m"] = stamp, said.replace("[next chapter](20_fast.ipynb)", "next chapter")
    assert any("格子 m 的链接与中文的不同：20_fast.ipynb" in line for line in found(book, catalog))


@pytest.mark.parametrize("said", ['f"{name} has {len(name) + 1}"', 'f"{name}"', '"a" + f"{name} {len(name)}"', 'f"{x'])
def test_a_translation_that_changes_the_code_is_found(book, catalog, said):
    catalog.code["c"]['f"{name} 有 {len(name)} 个字"'] = said
    assert any("格子 c 的译文改了代码" in line for line in found(book, catalog))


def test_an_edited_or_unbuilt_twin_is_found(book, catalog):
    stored = assembled(NAME, book, catalog, {NAME})
    assert found(book, catalog, change(stored, "c", "print(2)"))
    assert found(book, catalog, stored | {"cells": stored["cells"][:1]})
    assert "build" in problems(NAME, book, catalog, {NAME}, None)[0]


# ---- 一章改了，译文怎样跟上 ----


def test_new_lists_everything_and_keeps_what_was_translated(book, catalog):
    fresh = skeleton(book, Catalog())
    assert fresh.prose["m"][1] == PROSE and set(fresh.code["c"]) == set(catalog.code["c"])
    assert len(found(book, fresh)) == 4 + 1  # 一格课文，三处字符串与注释，怎么办
    assert vars(skeleton(book, catalog)) == vars(catalog)
    moved = skeleton(change(book, "m", PROSE + "又说了一句。"), catalog)
    assert catalog.prose["m"][1] in moved.prose["m"][1] and "又说了一句。" in moved.prose["m"][1]
    assert any("还有中文没有译" in line for line in found(change(book, "m", PROSE + "又说了一句。"), moved))


# ---- 存着的都对 ----


def test_the_stored_edition_has_no_problem():
    assert english.catalogs() and english.check() == []


def test_the_main_path_is_translated_as_far_as_readme_says():
    text = (ROOT / "README_en.md").read_text(encoding="utf8")
    assert [name for name in english.catalogs() if f"](nbs_en/{name}.ipynb)" not in text] == []


def test_jupyterlab_speaks_english_beside_the_english_edition(monkeypatch):
    "英文版的设置放在前面，只改语言；其余的还是课程的。"
    import lab
    from jupyter_server.services.config.manager import ConfigManager

    spoken = {}
    for english_edition in (True, False):
        monkeypatch.setenv("JUPYTER_CONFIG_PATH", lab.environment(english=english_edition)["JUPYTER_CONFIG_PATH"])
        settings = ConfigManager(config_dir_name="labconfig").get("default_setting_overrides")
        spoken[english_edition] = settings["@jupyterlab/translation-extension:plugin"]["locale"]
        assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
        monkeypatch.undo()
    assert spoken == {True: "default", False: "zh_CN"}


def test_an_english_workbook_is_kept_like_the_chinese_one(tmp_path, monkeypatch):
    import lab

    monkeypatch.setattr(lab, "ROOT", tmp_path)
    (tmp_path / "nbs_en").mkdir()
    page = tmp_path / "nbs_en/00_start.ipynb"
    page.write_text(json.dumps({"cells": [cell("code", "a", "1")], "metadata": {}}), encoding="utf8")
    assert lab.renew(english=True) == "1 notebooks brought up to date in my-nbs_en/."
    assert lab.renew(english=True) == "my-nbs_en/ is up to date."
    mine = tmp_path / "my-nbs_en/00_start.ipynb"
    mine.write_text(mine.read_text(encoding="utf8").replace('"1"', '"2"'), encoding="utf8")
    page.write_text(page.read_text(encoding="utf8").replace('"1"', '"3"'), encoding="utf8")
    assert "my-nbs_en/.before/: 00_start.ipynb" in lab.renew(english=True)
    assert '"2"' in (tmp_path / "my-nbs_en/.before/00_start.ipynb").read_text(encoding="utf8")
