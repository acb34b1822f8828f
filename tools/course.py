"""工具共用的：课程有哪些笔记本、哪些楼层，格子怎么读，跑它们用的干净的家。"""

import ast
import hashlib
import io
import json
import os
import re
import tempfile
import tokenize
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NBS, EN, LIB = ROOT / "nbs", ROOT / "nbs_en", ROOT / "minimind"
PRIVATE = (str(ROOT), str(Path.home()), tempfile.gettempdir())  # 这台电脑上的地方：存下的输出里不该有
CACHE = ROOT / "out" / ".cache"  # 不进仓库；删了只是下一次慢一点
# 楼层的名字与次序写在文件夹名里；顶层的笔记本与练习站在所有楼层之上
FLOORS = {p.name.partition("_")[2]: int(p.name.partition("_")[0]) for p in NBS.glob("[0-9]*_*") if p.is_dir()}
FLOORS |= {name: len(FLOORS) + i for i, name in enumerate(("exercises", "notes_cli", "cli"))}


def notebooks(only: str | Path = NBS) -> list[Path]:
    "`only` 这个文件夹（或这一个笔记本）里的笔记本，按课程次序。"
    only = Path(only).resolve()
    found = [only] if only.suffix == ".ipynb" else only.rglob("*.ipynb")
    return sorted(p for p in found if ".ipynb_checkpoints" not in p.parts)


def everything() -> list[Path]:
    "两种文字的全部笔记本：中文的原本，与由它拼成的英文版（tools/english.py）。"
    return notebooks() + notebooks(EN)


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf8"))["cells"]


def source(cell: dict) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def module_of(path: Path) -> str | None:
    "笔记本导出的模块：`model.norm`；不导出的是 None。"
    for cell in cells(path):
        if found := re.search(r"^#\|\s*default_exp\s+(\S+)", source(cell), re.M):
            return found[1]
    return None


def python_of(cell: dict) -> ast.AST:
    "一格代码的语法树；`%`、`!` 开头的行不算，读不懂的格子是空的。"
    text = "\n".join(line for line in source(cell).splitlines() if not line.lstrip().startswith(("%", "!", "#|")))
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.parse("")


def without_comments(code: str) -> str:
    "去掉注释、空行与行尾的空白：改它们不会改变输出。"
    lines = code.splitlines()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
    except (tokenize.TokenError, SyntaxError):  # `%matplotlib` 之类：整格原样算
        pass
    return "\n".join(line.rstrip() for line in lines if line.strip())


def code_stamp(path: Path) -> str:
    "一个笔记本的代码的指纹：文字、注释、输出怎么改它都不变。"
    code = [without_comments(source(c)) for c in cells(path) if c["cell_type"] == "code"]
    return hashlib.sha256("\n\n".join(filter(None, code)).encode()).hexdigest()[:16]


def seconds() -> dict[str, float]:
    "上一次每件活花了几秒；还没跑过是空的。"
    try:
        return json.loads((CACHE / "seconds.json").read_text(encoding="utf8"))
    except (OSError, ValueError):
        return {}


def remember(spent: dict[str, float]) -> None:
    "记下这一次的秒数，下一次先做长的。"
    CACHE.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**seconds(), **spent}, ensure_ascii=False, indent=1, sort_keys=True)
    draft = CACHE / f"seconds.{os.getpid()}.tmp"
    draft.write_text(text, encoding="utf8")
    draft.replace(CACHE / "seconds.json")


@contextmanager
def clean_home():
    "一个空的家（MINIMIND_HOME）：不碰你自己的权重与进度；只有练好的小模型（nano）与平时的家合用。"
    with tempfile.TemporaryDirectory(prefix="minimind-") as folder:
        mine, shared = Path(folder) / "out" / ".cache", CACHE / "nano"
        mine.mkdir(parents=True)
        shared.mkdir(parents=True, exist_ok=True)
        (mine / "nano").symlink_to(shared, target_is_directory=True)
        yield Path(folder)
