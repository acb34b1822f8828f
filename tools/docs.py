"""静态的阅读版：每一章连同存着的输出变成网页，不执行代码，不连网。

python tools/docs.py               # make docs：做到 out/site
python tools/docs.py 别的文件夹
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from course import EN, NBS, ROOT, cells, everything, notebooks, source

from minimind.learning.notes import headings, slug

SITE = ROOT / "out" / "site"
LINK = re.compile(r"(```.*?```|`[^`\n]*`)|(?<=\]\()([^)\s#]*)(#[^)\s]*)?(?=\))", re.S)
PICTURES = {".png", ".svg", ".jpg"}
MARKS = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)|^`{3,}\w*|</?[a-z]+\b[^>\n]*>|\*\*|^> |`", re.M)  # 搜索不要的记号
OUTSIDE = re.compile(r"(?:url\(|@import|fetch\(|\.src\s*=)\s*[\"']?(https?:[^\"')]+)")
SLIDER = "*（这里是一个可以拖的滑块：在 JupyterLab 里打开这一章就能动手。）*"


def is_exercise(path: Path) -> bool:
    return path.stem.endswith("_exercises") and path.stem != "40_exercises"  # 那一章讲的是练习引擎


def title(path: Path) -> tuple[str, str]:
    "一章的标题与标题下面的那句话（没有就是空的）。"
    text = next(source(c) for c in cells(path) if c["cell_type"] == "markdown")
    said = re.search(r"^> (.+)$", text, re.M)
    return text.splitlines()[0].removeprefix("# "), said[1] if said else ""


def repository() -> str:
    "课程在 GitHub 上的 用户/仓库：环境变量 COURSE_REPO，再不然是 origin 的网址；都不是就是空的。"
    asked = subprocess.run(["git", "remote", "get-url", "origin"], cwd=ROOT, capture_output=True, text=True)
    url = os.environ.get("COURSE_REPO") or asked.stdout.strip()
    found = re.fullmatch(r"(?:https://github\.com/|git@github\.com:)?([\w.-]+/[\w.-]+?)(?:\.git)?/?", url)
    return found[1] if found else ""


def hosted(path: Path, repo: str) -> str:
    "一章在 Colab 里打开的链接，和在那里先要运行的一格。"
    page = quote(path.relative_to(ROOT).as_posix())
    link = f"https://colab.research.google.com/github/{repo}/blob/main/{page}"
    if path.is_relative_to(EN):
        return f"[Open this chapter in Colab]({link}); there, first run `{installing(repo)}` in a cell of its own."
    return f"[在 Colab 里打开这一章]({link})；在那里先单独运行一格 `{installing(repo)}`。"


def installing(repo: str) -> str:
    "别人的机器上的那一格：装好课程的包。"
    return f"%pip install -q git+https://github.com/{repo}"


class Book:
    "一份整理好的课文 `folder`：笔记本、Markdown，与它们链接到的图和源文件。"

    def __init__(self, folder: Path):
        self.folder, self.linked, self.index, self.repo = folder, set(), [], repository()

    def write(self, path: Path, text: str) -> None:
        to = self.folder / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text, encoding="utf8")

    def remember(self, path: Path, text: str) -> None:
        "一页的每一节进搜索的索引：网址、页的标题、节的标题、文字。"
        heads, lines = headings(text), text.splitlines()
        url = path.relative_to(ROOT).with_suffix(".html").as_posix()
        for i, head in enumerate(heads):
            stop = heads[i + 1].line if i + 1 < len(heads) else len(lines)
            at = f"{url}#{head.anchor}" if i else url
            parts = (heads[0].title, head.title, "\n".join(lines[head.line + 1 : stop]))
            self.index.append([at, *(" ".join(MARKS.sub(r"\1", part).split()) for part in parts)])

    def relink(self, text: str, path: Path) -> str:
        "`path` 里的一段 Markdown：本地的链接改从书的根写起；指到源文件的改指它的那一页，记在 `linked` 里。"

        def one(found: re.Match) -> str:
            code, target, anchor = found.groups()
            if code or re.match(r"[a-z]+:", target):
                return found[0]
            anchor = anchor and f"#{slug(unquote(anchor[1:]))}"  # JupyterLab 的锚点留着大写与标点，网页的不留
            if not target:
                return anchor or ""
            at = (path.parent / unquote(target)).resolve()
            if at.is_dir():
                at /= "README.md"
            self.linked.add(at)
            page = "" if at.suffix in {".md", ".ipynb", *PICTURES} else ".md"
            return f"/{at.relative_to(ROOT)}{page}{anchor or ''}"

        return LINK.sub(one, text)

    def notebook(self, path: Path) -> None:
        "给读者看的一份：没有 `#|` 的指令行与空格子，折叠的格子折叠，滑块换成一句话。"
        nb = json.loads(path.read_text(encoding="utf8"))
        first = next(c for c in nb["cells"] if c["cell_type"] == "markdown")
        for cell in nb["cells"]:
            cell["source"] = source(cell)
            if cell["cell_type"] == "markdown":
                cell["source"] = self.relink(cell["source"], path)
                if self.repo and cell is first:
                    cell["source"] += "\n\n" + hosted(path, self.repo)
                continue
            cell["source"] = re.sub(r"^#\|.*\n?", "", cell["source"], flags=re.M)
            if cell["metadata"].get("jupyter", {}).get("source_hidden"):
                cell["metadata"]["tags"] = ["hide-input"]
            for output in cell["outputs"]:
                if any("widget" in kind for kind in output.get("data", {})):
                    output["data"] = {"text/markdown": SLIDER}
        nb["cells"] = [c for c in nb["cells"] if c["source"].strip() or c.get("outputs")]
        nb["metadata"]["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        self.write(path, json.dumps(nb, ensure_ascii=False))
        text = [c["source"] if c["cell_type"] == "markdown" else f"```\n{c['source']}\n```" for c in nb["cells"]]
        self.remember(path, "\n\n".join(text))

    def other(self, path: Path) -> None:
        "笔记本以外的一样：Markdown 照排，没有 README 的文件夹列出里面的页，图照抄，源文件印成一页。"
        if path.name == "README.md" and not path.exists():
            pages = "".join(f"- [{p.name}]({p.name})\n" for p in sorted(path.parent.glob("*.md")))
            self.write(path, self.relink(f"# {path.parent.name}\n\n{pages}", path))
        elif path.suffix == ".md":
            text = self.relink(path.read_text(encoding="utf8"), path)
            self.write(path, text)
            self.remember(path, text)
        elif path.suffix in PICTURES:
            to = self.folder / path.relative_to(ROOT)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)
        else:
            self.code(path)

    def code(self, path: Path) -> None:
        "源文件的一页，文件开头写着的章节变成链接。"
        kind = path.suffix.removeprefix(".")
        text = path.read_text(encoding="utf8")
        chapter = "".join(f"[{title(ROOT / p)[0]}](/{p}) " for p in re.findall(r"nbs/\S+?\.ipynb", text[:600]))
        back = f"对应章节：{chapter}\n\n" if chapter else ""
        block = f"`````{kind if kind == 'py' else 'text'}\n{text}\n`````"
        page = f"---\norphan: true\n---\n# {path.name}\n\n{back}{block}\n"
        self.write(path.with_name(path.name + ".md"), page)
        self.remember(path.with_name(path.name + ".md"), page)

    def contents(self) -> None:
        "封面与每一层的目录页，都从 README 的地图读出来。"
        readme = ROOT / "README.md"
        text = readme.read_text(encoding="utf8")
        floors, placed = [], set()
        for name, chapters, learn in re.findall(r"^\| ([^|]+) \| ([^|]*\.ipynb[^|]*) \| ([^|]+) \|$", text, re.M):
            links = [(label, ROOT / target) for label, target in re.findall(r"\[([^]]+)\]\(([^)]+\.ipynb)\)", chapters)]
            folder = links[0][1].parent
            beside = defaultdict(list)
            for p in filter(is_exercise, folder.glob("*.ipynb")):
                beside[re.sub(r"^\d+_|_exercises$", "", p.stem)].append(("", p))
            pages = [e for label, p in links for e in [(label, p), *beside.pop(p.stem.partition("_")[2], ())]]
            placed |= {p for _, p in pages}
            floors.append((name, learn, folder, pages))
            self.floor(name, learn, folder, pages)
        left = [p for p in notebooks() if p not in placed]
        left += [ROOT / n for n in ("FAQ.md", "GLOSSARY.md")]
        about = [ROOT / n for n in ("README.md", "README_en.md", "CONTRIBUTING.md", "CHANGELOG.md")]
        notes = [p for p in sorted(ROOT.glob("*.md")) if p not in [*left, *about]]
        notes += [ROOT / "learning_materials/README.md"]
        lead = text.partition("\n![")[0]
        start = next(source(c) for c in cells(NBS / "00_start.ipynb") if source(c).startswith("## 接下来"))
        body = [self.relink(lead, readme), self.relink(start, NBS / "00_start.ipynb").replace("接下来", "从哪里读起")]
        for name, learn, folder, pages in floors:
            row = " · ".join(f"[{label}](/{p.relative_to(ROOT)})" for label, p in pages if label)
            body.append(f"### [{name}](/{(folder / 'index.md').relative_to(ROOT)})\n\n{learn}。\n\n{row}")
        body.insert(2, "## 全书")
        tree = [("开始", left), ("全书", [f / "index.md" for *_, f, _ in floors]), ("笔记", notes), ("这门课", about)]
        tree += [("In English", notebooks(EN))]
        body += [toctree([("", p) for p in pages], caption) for caption, pages in tree]
        self.linked |= {*about, *notes, ROOT / "FAQ.md", ROOT / "GLOSSARY.md"}
        self.write(ROOT / "index.md", "\n\n".join(body))

    def floor(self, name: str, learn: str, folder: Path, pages: list[tuple[str, Path]]) -> None:
        lines = [f"# {name}", f"{learn}。"]
        for _, p in pages:
            head, said = title(p)
            lines.append(f"- [{head}](/{p.relative_to(ROOT)})" + (f"：{self.relink(said, p)}" if said else ""))
        self.write(folder / "index.md", "\n\n".join([*lines, toctree(pages)]))


def toctree(pages: list[tuple[str, Path]], caption: str = "") -> str:
    rows = [f"{label} </{p.relative_to(ROOT)}>" if label else f"/{p.relative_to(ROOT)}" for label, p in pages]
    return "\n".join(["````{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), "", *rows, "````"])


def prepare(folder: Path, only: list[Path] | None = None) -> Book:
    "把课文整理进 `folder`；`only` 只要这几个笔记本（不做目录）。"
    book = Book(folder)
    for path in only or everything():
        book.notebook(path)
    if only is None:
        book.contents()
    done = {*NBS.rglob("*.ipynb"), *EN.rglob("*.ipynb")}
    while more := sorted(book.linked - done):  # 一页里又链接到别的页
        for path in more:
            book.other(path)
        done |= set(more)
    return book


class Page(HTMLParser):
    "一页里的锚点、链接，与浏览器会自己去取的东西。"

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.assets = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids |= {attrs.get("id"), attrs.get("name")}
        self.assets |= {attrs[k] for k in ("src", "srcset", "poster", "data") if attrs.get(k)}
        if href := attrs.get("href"):
            (self.assets if tag == "link" else self.links).add(href)


def broken(site: Path) -> list[str]:
    "站里指不到的链接与锚点，和要到外面去取的东西。"
    pages = {p: Page(p.read_text(encoding="utf8")) for p in site.rglob("*.html")}
    bad = []
    for path, page in pages.items():
        name = path.relative_to(site)
        for link in page.links | page.assets:
            part = urlsplit(link)
            if part.scheme or part.netloc:
                if link in page.assets and part.scheme != "data":
                    bad.append(f"{name} 要到外面去取 {link}")
                continue
            at = Path(os.path.normpath(path.parent / unquote(part.path))) if part.path else path
            if not at.exists():
                bad.append(f"{name} 里的 {link} 指不到文件")
            elif part.fragment and at in pages and unquote(part.fragment) not in pages[at].ids:
                bad.append(f"{name} 里的 {link} 没有这个锚点")
    for path in [*site.rglob("*.css"), *site.rglob("_static/**/*.js")]:
        for link in OUTSIDE.findall(path.read_text(encoding="utf8")):
            bad.append(f"{path.relative_to(site)} 要到外面去取 {link}")
    return sorted(bad)


def build(book: Book, out: Path) -> None:
    "课文 → 网页与搜索的索引。任何一条警告都算失败。"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "2", "-c", ROOT / "docs"]
    subprocess.run([*command, "-d", book.folder / ".doctrees", book.folder, out], check=True, env=env)
    rows = json.dumps(book.index, ensure_ascii=False, separators=(",", ":"))
    (out / "search_index.js").write_text(f"start({rows})", encoding="utf8")
    if bad := broken(out):
        raise SystemExit("\n".join(["阅读版里有走不通的链接：", *bad]))


def main(site: Path = SITE) -> None:
    "先在旁边做好，全对了才换上：失败了旧的还在。"
    site = site.resolve()
    site.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=site.parent) as work:
        src, new, old = (Path(work) / n for n in ("src", "new", "old"))
        build(prepare(src), new)
        if site.exists():
            site.rename(old)
        new.rename(site)
    print(f"做好了：用浏览器打开 {site / 'index.html'}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
