"""learning_materials/ 里的每个小脚本：单独跑得通、有中文结论、画得出图；README 列的正好是这些。

每个脚本都在一个全新的状态里运行：先把 numpy 与画图工具载入一次，再为每个脚本分出一个子进程（fork），
省下几十次导入。另有两个脚本从别的文件夹、不经任何准备地真正启动一遍。
"""

import os
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "learning_materials"
SCRIPTS = sorted(p.name for p in FOLDER.glob("*.py") if not p.name.startswith("_"))
LIMIT = 60  # 秒；平时几秒，机器忙时也该够了
WARM = (
    "import numpy, matplotlib; matplotlib.use('Agg'); import minimind.learning.plotting, argparse, tempfile, subprocess"
)


def run_forked(path: Path, argv: list[str], out: Path) -> int:
    "分出一个子进程，从头跑一遍脚本（`__main__`），输出写进 `out`；返回退出码，超时是 124。"
    exec(WARM, {})
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.chdir(out.parent)
            log = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1), os.dup2(log, 2)
            sys.stdout = sys.stderr = open(1, "w", encoding="utf8", buffering=1, closefd=False)
            sys.argv, sys.path[0:0] = [str(path), *argv], [str(path.parent)]
            runpy.run_path(str(path), run_name="__main__")
            code = 0
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else int(e.code is not None)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return 124


def run_plain(path: Path, argv: list[str], out: Path) -> int:
    with out.open("w", encoding="utf8") as f:
        return subprocess.run(
            [sys.executable, path, *argv], stdout=f, stderr=subprocess.STDOUT, cwd=out.parent, timeout=LIMIT
        ).returncode


run = run_forked if hasattr(os, "fork") else run_plain


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name, tmp_path):
    out, png = tmp_path / "输出.txt", tmp_path / "图.png"
    code = run(FOLDER / name, ["--plot", str(png)], out)
    text = out.read_text(encoding="utf8")
    assert code == 0, text
    assert "Warning" not in text and "Traceback" not in text, text
    assert len(re.findall(r"[\u4e00-\u9fff]", text)) > 40, text
    assert text.rstrip().splitlines()[-1].startswith("结论："), text
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and png.stat().st_size > 3000
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["输出.txt", "图.png"]), (
        "脚本在当前文件夹里留下了别的东西"
    )


@pytest.mark.parametrize("name", ["rope_basics.py", "how_many_sentences.py"])
def test_script_alone(name, tmp_path):
    "像学习者那样启动：换一个文件夹，不画图；再画一张不写文件名的。"
    env = {**os.environ, "MINIMIND_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, FOLDER / name], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0 and "结论：" in done.stdout and not list(tmp_path.iterdir()), done.stderr
    if name == "rope_basics.py":
        subprocess.run(
            [sys.executable, FOLDER / name, "--plot"], cwd=tmp_path, env=env, check=True, capture_output=True,
            timeout=LIMIT,
        )
        assert (tmp_path / "out/materials/rope_basics.png").exists()


def test_bad_option():
    done = subprocess.run(
        [sys.executable, FOLDER / "rope_basics.py", "--theta", "很多"], capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 2 and done.stderr.startswith("错误：") and "Traceback" not in done.stderr


def test_readme_lists_every_script():
    "README 的表里正好是现有的脚本，问题与脚本开头的那一句相同，章节也相同。"
    rows = re.findall(
        r"^\| \[`([^`]+)`\]\(([^)]+)\) \| (.+?) \| (\d+) \| (.+?) \|$",
        (FOLDER / "README.md").read_text(encoding="utf8"), re.M,
    )
    assert sorted(name for name, *_ in rows) == SCRIPTS
    for name, target, question, minutes, chapter in rows:
        doc = (FOLDER / name).read_text(encoding="utf8").split('"""')[1]
        assert (
            name == target and doc.startswith(question + "\n") and question.endswith("？") and 1 <= int(minutes) <= 15
        )
        where = re.search(r"对应章节：(nbs/\S+\.ipynb)", doc)[1]
        assert f"../{where}" in chapter, f"{name} 说的是 {where}，README 写着 {chapter}"


def test_every_chapter_has_a_script():
    "每一章至少有一个脚本。"
    about = "".join((FOLDER / name).read_text(encoding="utf8") for name in SCRIPTS)
    chapters = [
        p
        for p in sorted((ROOT / "nbs").rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in p.parts and (not p.stem.endswith("_exercises") or p.stem == "40_exercises")
    ]
    missing = [str(p.relative_to(ROOT)) for p in chapters if f"对应章节：{p.relative_to(ROOT)}" not in about]
    assert not missing, f"还没有小脚本的章：{missing}"


def test_scripts_are_short():
    "一口气读得完：不超过七十行。"
    long = {name: n for name in SCRIPTS if (n := len((FOLDER / name).read_text(encoding="utf8").splitlines())) > 70}
    assert not long, long
