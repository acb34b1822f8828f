"""英文版 nbs_en/：每一章由中文的一章与译文 nbs_en/catalog/ 拼成，代码就是同一份，只换注释、字符串与课文。

python tools/english.py new 2_tokenizer/10_bpe    # 列出要译的；已有译文的，补上新的、标出变了的
python tools/english.py build 2_tokenizer/10_bpe  # 拼好，代码变了就重跑一遍存下输出；不写哪一章就是全部
python tools/english.py check                     # 只查，不写（make check 里的那一条）

译文里 `<!-- md 编号 指纹 -->` 下面是一格课文；`<!-- code 编号 -->` 下面是那格代码里的注释与字符串，
`-` 是原文，`+` 是译文，`= keep` 是照原样（算法要用的数据）；`<!-- all -->` 下面的到处都用，省得一格一格重写。
"""

import argparse
import ast
import hashlib
import io
import json
import os
import re
import sys
import tokenize
from pathlib import Path

from course import EN, NBS, ROOT, clean_home, code_stamp, notebooks, python_of, source
from outputs import one

sys.path.insert(0, str(ROOT))

from minimind.learning.notes import blocks, fill_blocks  # noqa: E402
from minimind.learning.paths import atomic_write  # noqa: E402
from minimind.learning.route import route_page  # noqa: E402

CATALOG = EN / "catalog"
HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
MARKER = re.compile(r"^<!-- (?:(md) (\S+) (\w+)|(code) (\S+)|(all)) -->\n", re.M)
BLOCK = re.compile(r"(<!-- minimind:(\w+) -->\n).*?(<!-- /minimind:\2 -->)", re.S)
CODE = r"```.*?```|`[^`\n]*`|\$[^$\n]*\$"
LINK = re.compile(rf"({CODE})|\]\(([^)\s#]*)(#[^)\s]*)?\)", re.S)
ALLOWED = re.compile(rf"{CODE}|“[^”\n]*”|\]\([^)\n]*\)", re.S)  # 课文里可以有汉字的地方：代码、引号里的例子、链接的去处
KEEP = "keep"


def digest(text: str) -> str:
    "一格课文的指纹；由程序填的那几段（路线）不算。"
    return hashlib.sha256(BLOCK.sub(r"\1\3", text).encode()).hexdigest()[:8]


# ---- 代码里要译的 ----


def units(code: str) -> list[tuple[int, int, str]]:
    "一格代码里有汉字的注释与字符串（f 字符串整个算一个）：从哪到哪、原样的写法。"
    lines = code.splitlines(keepends=True)
    plain = "".join(re.sub(r"\S", " ", line) if line.lstrip()[:1] in ("%", "!") else line for line in lines)
    starts, found, depth, opened = [0], [], 0, 0
    for line in lines:
        starts.append(starts[-1] + len(line))
    kinds = {getattr(tokenize, name, None): step for name, step in (("FSTRING_START", 1), ("FSTRING_END", -1))}
    for token in tokenize.generate_tokens(io.StringIO(plain).readline):
        begin, end = (starts[row - 1] + column for row, column in (token.start, token.end))
        step = kinds.get(token.type, 0)  # 3.12 起 f 字符串拆成好几个记号
        opened = begin if step > 0 and not depth else opened
        depth += step
        if not depth and (step or token.type in (tokenize.STRING, tokenize.COMMENT)):
            found.append((opened if step else begin, end))
    texts = [(a, b, code[a:b]) for a, b in found]
    return [u for u in texts if HAN.search(u[2]) and not u[2].startswith("#|")]


def translated(code: str, entries: dict[str, str]) -> str:
    "照译文换掉注释与字符串；没有译文的留着。"
    for begin, end, text in reversed(units(code)):
        said = entries.get(text, KEEP)
        code = code[:begin] + (text if said == KEEP else said) + code[end:]
    return code


class Bare(ast.NodeTransformer):
    "字符串都当作空的；f 字符串里的式子换个次序也算一样（语序不同）。"

    def visit_Constant(self, node):
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node):
        parts = [self.visit(v) for v in node.values if not isinstance(v, ast.Constant)]
        return ast.Call(ast.Name("f"), sorted(parts, key=ast.dump), [])


def bare(cell: dict) -> str:
    return ast.dump(Bare().visit(python_of(cell)))


# ---- 译文 ----


class Catalog:
    "一章的译文：`prose` 是 {格子: (指纹, 译文)}，`code` 是 {格子: {原文: 译文}}，`all` 到处都用。"

    def __init__(self, text: str = ""):
        self.prose, self.code, self.all = {}, {}, {}
        parts = MARKER.split(text)[1:]
        for md, id, stamp, code, code_id, everywhere, body in zip(*(iter(parts),) * 7):
            if md:
                self.prose[id] = stamp, body.strip("\n")
            elif code:
                self.code[code_id] = pairs(body)
            else:
                self.all |= pairs(body)

    def entries(self, id: str) -> dict[str, str]:
        return self.all | self.code.get(id, {})

    def text(self, name: str, order: list[str]) -> str:
        lines = [f"# {name}\n\nTranslation of `nbs/{name}.ipynb`; how to edit it: `tools/english.py`.\n"]
        lines += [f"<!-- all -->\n\n{written(self.all)}\n"] if self.all else []
        for id in order:
            if id in self.prose:
                stamp, said = self.prose[id]
                lines.append(f"<!-- md {id} {stamp} -->\n\n{said}\n")
            elif id in self.code:
                lines.append(f"<!-- code {id} -->\n\n{written(self.code[id])}\n")
        return "\n".join(lines)


def pairs(body: str) -> dict[str, str]:
    "`-` 原文、`+` 译文（几行就几行）或 `= keep`。"
    found, zh, en = {}, [], []
    for line in [*body.splitlines(), "```"]:
        mark, rest = line[:1], line[2:]
        if zh and mark != "+" and (en or mark not in "-="):
            found["\n".join(zh)] = "\n".join(en)
            zh, en = [], []
        if mark == "-":
            zh.append(rest)
        elif mark == "+":
            en.append(rest)
        elif mark == "=":
            found["\n".join(zh)] = rest
            zh = []
    return found


def written(entries: dict[str, str]) -> str:
    lines = ["```diff"]
    for zh, en in entries.items():
        lines += [f"- {line}" for line in zh.split("\n")]
        lines += ["= keep"] if en == KEEP else [f"+ {line}" for line in en.split("\n")]
    return "\n".join([*lines, "```"])


def skeleton(book: dict, old: Catalog) -> Catalog:
    "照现在的一章排好的译文：译过的留着，没译的放中文，课文变了的在旧译文下面附上新的中文。"
    new = Catalog()
    for cell in book["cells"]:
        id, text = cell["id"], source(cell)
        if cell["cell_type"] == "markdown":
            stamp, said = old.prose.get(id, (None, ""))
            fresh = [] if stamp == digest(text) else [BLOCK.sub(r"\1\3", text)]
            new.prose[id] = digest(text), "\n\n".join([said, *fresh] if said else fresh)
            continue
        mine = old.code.get(id, {})
        wanted = {u: mine.get(u, u) for _, _, u in units(text) if u in mine or u not in old.all}
        used = {u for _, _, u in units(text)}
        new.all |= {u: old.all[u] for u in old.all if u in used and u not in mine}
        if wanted:
            new.code[id] = wanted
    return new


# ---- 拼 ----


def catalogs() -> list[str]:
    "有译文的章：`2_tokenizer/10_bpe`。"
    return sorted(p.relative_to(CATALOG).with_suffix("").as_posix() for p in CATALOG.rglob("*.md"))


def original(name: str) -> Path:
    return NBS / f"{name}.ipynb"


def twin(name: str) -> Path:
    return EN / f"{name}.ipynb"


def read(name: str) -> tuple[dict, Catalog]:
    "中文的一章与它的译文；没有译文是空的。"
    page = CATALOG / f"{name}.md"
    catalog = Catalog(page.read_text(encoding="utf8") if page.exists() else "")
    return json.loads(original(name).read_text(encoding="utf8")), catalog


def relinked(text: str, name: str, there: set[str]) -> str:
    "链接：有英文版的去英文版，没有的去中文版并标明；表格里标得短一点。"

    def one_line(line: str) -> str:
        mark = " (zh)" if line.startswith("|") else " (in Chinese)"

        def at(found: re.Match) -> str:
            code, target, anchor = found.groups()
            if code or not target or re.match(r"[a-z]+:", target):
                return found[0]
            to = Path(os.path.normpath(original(name).parent / target))
            chapter = to.relative_to(NBS).with_suffix("").as_posix() if to.is_relative_to(NBS) else None
            if chapter in there and to.suffix == ".ipynb":
                return found[0]
            said = mark if to.suffix in (".ipynb", ".md") and to.name != "README_en.md" else ""
            path = os.path.relpath(to, twin(name).parent).replace(os.sep, "/")
            return f"{said}]({path}{anchor or ''})"

        return LINK.sub(at, line)

    fences = re.split(r"(^```.*?^```)", text, flags=re.S | re.M)
    return "".join(p if p.startswith("```") else "\n".join(map(one_line, p.split("\n"))) for p in fences)


def assembled(name: str, book: dict, catalog: Catalog, there: set[str]) -> dict:
    "英文的一章，还没有输出；nbdev 只看 nbs/，所以 `#|` 的指令行留着也不会导出。"
    made = []
    for cell in book["cells"]:
        id = cell["id"]
        if cell["cell_type"] == "markdown":
            text = catalog.prose.get(id, ("", source(cell)))[1]
            if "route" in blocks(text)[0]:
                text = fill_blocks(text, {"route": route_page("", english=True)})
            text, rest = relinked(text, name, there), {}
        else:
            text, rest = translated(source(cell), catalog.entries(id)), {"execution_count": None, "outputs": []}
        head = {"cell_type": cell["cell_type"], "id": id, "metadata": cell["metadata"], **rest}
        made.append({**head, "source": text.splitlines(keepends=True)})
    metadata = {k: v for k, v in book["metadata"].items() if k != "minimind"}
    return {**book, "cells": made, "metadata": metadata}


def build(name: str) -> str:
    "写好一章；代码没变就用旧的输出，变了就重跑。返回报错（成了是空的）。"
    book, path = assembled(name, *read(name), set(catalogs())), twin(name)
    before = path.read_bytes() if path.exists() else None
    old = json.loads(before) if before else {"cells": [], "metadata": {}}
    stamp, outputs = old["metadata"].get("minimind"), {c["id"]: c.get("outputs") for c in old["cells"]}
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs.get(cell["id"]) or []
    book["metadata"] |= {"minimind": stamp} if stamp else {}
    atomic_write(path, json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    if stamp and stamp["code"] == code_stamp(path):
        return ""
    with clean_home() as home:
        os.environ["MINIMIND_HOME"] = str(home)
        error, _ = one(path, len(os.sched_getaffinity(0)))
    if error and before:
        path.write_bytes(before)
    elif error:
        path.unlink()
    return error


# ---- 查 ----


def targets(text: str) -> set[str]:
    return {to for code, to, _ in LINK.findall(BLOCK.sub("", text)) if to}


def prose_problems(id: str, zh: str, stamp: str, en: str, there: set[str], folder: Path) -> list[str]:
    if stamp != digest(zh):
        return [f"格子 {id} 的中文改过了：照新的改译文"]
    bad = []
    left = ALLOWED.sub("", en)
    if found := HAN.search(left):
        bad.append(f"格子 {id} 还有中文没有译：…{left[max(0, found.start() - 10) : found.start() + 20]!r}…")
    if lost := targets(zh) ^ targets(en):
        bad.append(f"格子 {id} 的链接与中文的不同：{'、'.join(sorted(lost))}")
    for code, to, anchor in LINK.findall(en):
        chapter = os.path.relpath(os.path.normpath(folder / to), NBS).removesuffix(".ipynb")
        if not code and HAN.search(anchor or "") and (not to or chapter in there):
            bad.append(f"格子 {id} 里的 {to}{anchor} 要换成英文版里的标题")
    return bad


def code_problems(cell: dict, catalog: Catalog) -> list[str]:
    id, text = cell["id"], source(cell)
    entries, there = catalog.entries(id), {u for _, _, u in units(text)}
    bad = [f"格子 {id} 里没有译：{u}" for u in sorted(there) if entries.get(u, u) == u]
    bad += [f"格子 {id} 的译文多出来了，中文里没有：{u}" for u in catalog.code.get(id, {}) if u not in there]
    made = {**cell, "source": translated(text, entries)}
    if bare(made) != bare(cell):
        bad.append(f"格子 {id} 的译文改了代码：只能换字符串里的字与注释，式子一个不能少")
    return bad


def problems(name: str, book: dict, catalog: Catalog, there: set[str], stored: dict | None) -> list[str]:
    "一章的毛病，一条一句；`stored` 是存着的英文版。"
    bad, known, folder = [], {c["id"] for c in book["cells"]}, original(name).parent
    for cell in book["cells"]:
        id = cell["id"]
        if cell["cell_type"] == "code":
            bad += code_problems(cell, catalog)
        elif id not in catalog.prose:
            bad.append(f"格子 {id} 没有译文")
        else:
            bad += prose_problems(id, source(cell), *catalog.prose[id], there, folder)
    bad += [f"译文里的格子 {id}，中文里已经没有了" for id in {**catalog.prose, **catalog.code} if id not in known]
    if bad:
        how = f"先 python tools/english.py new {name}，改好 nbs_en/catalog/{name}.md，再 build {name}"
        return [f"nbs_en/{name}：{line}" for line in [*bad, how]]
    shape = lambda cells: [(c["id"], c["cell_type"], source(c), c["metadata"]) for c in cells]
    if stored is None or shape(stored["cells"]) != shape(assembled(name, book, catalog, there)["cells"]):
        return [f"nbs_en/{name}：与译文拼出来的不同；运行 python tools/english.py build {name}"]
    return []


def check(names: list[str] | None = None) -> list[str]:
    "英文版与中文版是同一份代码，译文齐全，没有过时。"
    there, bad = set(catalogs()), []
    for name in names or sorted(there):
        if not original(name).exists():
            bad.append(f"nbs_en/catalog/{name}.md 的那一章不在了；改名或删掉它")
            continue
        stored = json.loads(twin(name).read_text(encoding="utf8")) if twin(name).exists() else None
        bad += problems(name, *read(name), there, stored)
    known = {p.relative_to(EN).with_suffix("").as_posix() for p in notebooks(EN)}
    return bad + [f"nbs_en/{name}.ipynb 没有译文 nbs_en/catalog/{name}.md；删掉它" for name in sorted(known - there)]


def chapter(name: str) -> str:
    "`nbs/2_tokenizer/10_bpe.ipynb`、`nbs_en/…`、`2_tokenizer/10_bpe` 都认。"
    name = re.sub(r"^(\./)?(nbs_en/catalog|nbs_en|nbs)/|\.(ipynb|md)$", "", name)
    if not original(name).exists():
        sys.exit(f"没有这一章：nbs/{name}.ipynb")
    return name


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("what", choices=("new", "build", "check"), help="列出要译的、拼好并跑、只查")
    ask.add_argument("chapters", nargs="*", help="章，如 2_tokenizer/10_bpe；默认有译文的全部")
    given = ask.parse_args()
    names = [chapter(name) for name in given.chapters] or catalogs()
    if given.what == "check":
        bad = check(names)
        print("\n".join(bad) or f"{len(names)} 章英文版都对。")
        return int(bool(bad))
    failed = 0
    for name in names:
        if given.what == "new":
            book, catalog = read(name)
            order = [cell["id"] for cell in book["cells"]]
            atomic_write(CATALOG / f"{name}.md", skeleton(book, catalog).text(name, order))
            print(f"nbs_en/catalog/{name}.md 排好了：还有汉字的地方就是要译的")
        else:
            error = build(name)
            failed += bool(error)
            print(f"✗ {name}\n{error}" if error else f"✓ nbs_en/{name}.ipynb", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
