"""打开课程：JupyterLab 的根是整个仓库，所以课文里通往知识库、指南、日志的链接点得开，左边也看得到笔记与资料。

打开的是你的课本 my-nbs/（先更新到这一版，你写的都留着）；维护课程的人加 --edit，直接改原本 nbs/；
--english 打开英文版的课本 my-nbs_en/（the English edition）。

python tools/lab.py [--edit | --english] [jupyter lab 的其他选项]
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ("--edit", "--english")


def command(root: Path = ROOT, page: str = "my-nbs/00_start.ipynb") -> list[str]:
    "以 `root` 为根、先打开 `page` 的命令；不写 `page` 是课本的第一页。"
    return [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}", str(root / page)]


def environment(edit: bool = False, english: bool = False) -> dict[str, str]:
    "加上课程的设置（tools/jupyter）：界面说中文（英文版说英文），Markdown 打开就排好版，不弹出新闻，不让人误改原本。"
    ours = ROOT / "tools" / "jupyter"
    paths = [str(ours / "english") if english else "", str(ours), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)), "MINIMIND_EDIT": "1" if edit else ""}


def renew(english: bool) -> str:
    "更新课本，说一句结果；英文版说英文。"
    from minimind.learning.workbook import bring_up_to_date, tell

    if not english:
        return tell(bring_up_to_date()) or "你的课本（my-nbs/）已是最新。"
    changed = bring_up_to_date(ROOT / "nbs_en", ROOT / "my-nbs_en")
    said = [f"{len(changed)} notebooks brought up to date in my-nbs_en/" if changed else "my-nbs_en/ is up to date"]
    if merged := [c.file for c in changed if c.what in "合坏"]:
        said.append(f"what you wrote is kept, the files as they were are in my-nbs_en/.before/: {', '.join(merged)}")
    return "; ".join(said) + "."


def main(argv: list[str]) -> int:
    edit, english = "--edit" in argv, "--english" in argv
    if not edit:
        print(renew(english), flush=True)
    os.environ.update(environment(edit, english))
    page = "nbs/00_start.ipynb" if edit else "my-nbs_en/00_start.ipynb" if english else "my-nbs/00_start.ipynb"
    return os.spawnv(os.P_WAIT, sys.executable, command(page=page) + [a for a in argv if a not in OURS])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
