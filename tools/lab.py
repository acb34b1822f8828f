"""打开课程：JupyterLab 的根是整个仓库，所以课文里通往知识库、指南、日志的链接点得开，左边也看得到笔记与资料。

python tools/lab.py [jupyter lab 的其他选项]
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def command(root: Path = ROOT, page: str = "nbs/00_start.ipynb") -> list[str]:
    "以 `root` 为根、先打开 `page` 的命令；不写 `page` 是课程的入口。"
    return [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}", str(root / page)]


def environment() -> dict[str, str]:
    "加上课程的设置（tools/jupyter/labconfig）：Markdown 打开就是排好版的，不弹出新闻与更新的询问。"
    paths = [str(ROOT / "tools" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}


if __name__ == "__main__":
    os.environ.update(environment())
    sys.exit(os.spawnv(os.P_WAIT, sys.executable, command() + sys.argv[1:]))
