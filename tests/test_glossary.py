"""遇到的每个名字都已经讲过：术语表里的名字，主线与模型那一层不许在讲它的章之前用——除非当场给了去那一章的链接。"""

import json
import re
from pathlib import Path

import pytest

from minimind.learning.route import chapters, route

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| \[[^\]]+\]\(nbs/([^)]+)\) \|$", re.M)
BOOK = [c.path for c in chapters()]
MAIN = [c.path for part, c in route() if part == "主线"]
READ = MAIN[1:]  # 头一章是看一遍全程：它先用，后面的章再一样样拆开，章里的表写着去处
READ += [path for path in BOOK if path.startswith("3_model/") and path not in READ]


def glossary(text: str) -> dict[str, str]:
    "{名字: 讲它的章}；几种叫法各算一个。"
    return {name: page for names, page in ROW.findall(text) for name in names.split("、")}


TERMS = glossary((ROOT / "GLOSSARY.md").read_text(encoding="utf8"))


def prose(page: str) -> list[str]:
    "一章的课文，一格一段；代码、公式与行内代码不算。"
    cells = json.loads((ROOT / "nbs" / page).read_text(encoding="utf8"))["cells"]
    texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    return [re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", "", text, flags=re.S) for text in texts]


def says(text: str, name: str) -> bool:
    "文字里有这个名字；拉丁字母的要是整个词。"
    edge = r"[A-Za-z0-9_-]"
    plain = re.sub(r"\]\([^)]*\)", "]", text)
    return bool(re.search(rf"(?<!{edge}){re.escape(name)}(?!{edge})", plain) if name.isascii() else name in plain)


def linked(text: str, home: str) -> bool:
    return f"{Path(home).name})" in text


def early(page: str, texts: list[str], terms: dict[str, str], book: list[str] = BOOK) -> list[str]:
    "这一章里讲得太早的名字：讲它的章在后面，第一次用到的那一格为止，又没有去那里的链接。"
    bad = []
    for name, home in terms.items():
        first = next((i for i, text in enumerate(texts) if says(text, name)), None)
        if first is None or book.index(home) <= book.index(page):
            continue
        if not any(linked(text, home) for text in texts[: first + 1]):
            bad.append(f"{page} 用了「{name}」，{home} 才讲")
    return bad


def skipped(page: str, texts: list[str], terms: dict[str, str], before: list[str]) -> list[str]:
    "只读主线的人没读过的名字：讲它的章不在主线前面的章（before）里，这一章又一个去那里的链接也没有。"
    missed = [(name, home) for name, home in terms.items() if home not in (page, *before)]
    return [
        f"{page} 用了「{name}」，主线上没有讲它的 {home}" for name, home in missed
        if any(says(text, name) for text in texts) and not any(linked(text, home) for text in texts)
    ]


@pytest.mark.parametrize("page", READ)
def test_every_name_was_introduced(page):
    assert early(page, prose(page), TERMS) == []


@pytest.mark.parametrize("at", range(1, len(MAIN)), ids=lambda at: MAIN[at])
def test_the_main_line_stands_alone(at):
    assert skipped(MAIN[at], prose(MAIN[at]), TERMS, MAIN[:at]) == []


@pytest.mark.parametrize("name, home", TERMS.items())
def test_the_chapter_says_the_name(name, home):
    "表里写的那一章真的讲它。"
    assert home in BOOK and any(says(text, name) for text in prose(home)), f"{home} 里没有「{name}」"


def test_a_name_used_too_early_is_found():
    terms, page = {"RoPE": "3_model/30_rope.ipynb", "键值缓存": "3_model/40_attention.ipynb"}, "3_model/25_attend.ipynb"
    assert len(early(page, ["先转 RoPE，再存进键值缓存。"], terms)) == 2
    assert early(page, ["RoPE 见[下一章](30_rope.ipynb)。", "再说 RoPE。"], terms) == []
    assert early(page, ["先说 RoPE。", "RoPE 见[下一章](30_rope.ipynb)。"], terms) != []
    assert early("3_model/50_feedforward.ipynb", ["RoPE 与键值缓存都讲过了。"], terms) == []
    assert early(page, ["europe 里没有这个词，[链接](x/30_RoPE.html)也不算。"], terms) == []
    assert skipped("3_model/70_transformer.ipynb", ["RoPE 与键值缓存。"], terms, MAIN) != []
    assert skipped("3_model/70_transformer.ipynb", ["[位置](30_rope.ipynb)用 RoPE，键值缓存。"], terms, MAIN) == []
    assert glossary("| 甲、乙 | 说明 | [章](nbs/a/b.ipynb) |") == {"甲": "a/b.ipynb", "乙": "a/b.ipynb"}
