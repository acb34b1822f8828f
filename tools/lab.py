"""打开课程：JupyterLab 的根是整个仓库，所以课文里通往知识库、指南、日志的链接点得开，左边也看得到笔记与资料。

打开的是你的课本 my-nbs/（先更新到这一版，你写的都留着）；维护课程的人加 --edit，直接改原本 nbs/。

python tools/lab.py [--edit] [jupyter lab 的其他选项]
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def command(root: Path = ROOT, page: str = "my-nbs/00_start.ipynb") -> list[str]:
    "以 `root` 为根、先打开 `page` 的命令；不写 `page` 是课本的第一页。"
    return [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}", str(root / page)]


def environment(edit: bool = False) -> dict[str, str]:
    "加上课程的设置（tools/jupyter）：Markdown 打开就是排好版的，不弹出新闻与更新的询问，不让人误改原本。"
    paths = [str(ROOT / "tools" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)), "MINIMIND_EDIT": "1" if edit else ""}


def main(argv: list[str]) -> int:
    edit = "--edit" in argv
    if not edit:
        from minimind.learning.workbook import bring_up_to_date, tell

        print(tell(bring_up_to_date()) or "你的课本（my-nbs/）已是最新。", flush=True)
    os.environ.update(environment(edit))
    opened = command(page="nbs/00_start.ipynb") if edit else command()
    return os.spawnv(os.P_WAIT, sys.executable, opened + [a for a in argv if a != "--edit"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
