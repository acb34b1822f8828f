"工具自己也要测：结尾的一行与退出码、输出的印、版本只写一处、安装包里什么都有。"

import configparser
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from course import ROOT, clean_home, code_stamp

import minimind

MIXED = """
import os, pytest

def test_good(): assert os.environ["MINIMIND_HOME"] != {home!r}
def test_bad(): assert 1 == 2
def test_skipped(): pytest.skip("这里没有显卡")
@pytest.mark.slow
def test_slow(): pass
"""
DIES = "import os\n\ndef test_dies(): os._exit(3)\n"


def run_tests(*argv):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "run_tests.py", *map(str, argv)], capture_output=True, text=True, timeout=300
    )


def test_the_last_line_counts_everything_and_failure_is_not_zero(tmp_path, monkeypatch):
    "失败、跳过、进程半路没了、慢测试没跑：都数得出来，都说得出来。"
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path))
    (tmp_path / "test_mixed.py").write_text(MIXED.format(home=str(tmp_path)), encoding="utf8")
    (tmp_path / "test_dies.py").write_text(DIES, encoding="utf8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = run_tests(tmp_path)
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == "1 passed, 2 failed, 1 skipped", done.stdout
    assert "这里没有显卡" in done.stdout and "assert 1 == 2" in done.stdout and "退出码 3" in done.stdout
    assert "1 个慢测试" in done.stdout and "最慢的十样" in done.stdout


def test_ctrl_c_reports_what_is_done(tmp_path):
    "全部跑完要一个多钟头：半路停下，已经坏的几件也要说清楚。"
    (tmp_path / "test_bad.py").write_text("def test_bad(): assert 1 == 2\n", encoding="utf8")
    (tmp_path / "test_long.py").write_text("import time\n\ndef test_long(): time.sleep(200)\n", encoding="utf8")
    command = [sys.executable, "-u", str(ROOT / "tools" / "run_tests.py"), "--workers", "2", str(tmp_path)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    first = running.stdout.readline()
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=100)[0]
    assert "✗" in first and running.returncode == 1
    assert "2 件里做完了 1 件" in said and "assert 1 == 2" in said and said.splitlines()[-1] == "0 passed, 1 failed"


def test_nothing_to_run_is_a_failure(tmp_path):
    (tmp_path / "test_empty.py").write_text("", encoding="utf8")
    done = run_tests(tmp_path)
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == "0 passed, 0 failed"


def book(path: Path, *cells: tuple[str, str]) -> Path:
    made = [{"cell_type": kind, "source": text, "metadata": {}, "id": str(i)} for i, (kind, text) in enumerate(cells)]
    path.write_text(json.dumps({"cells": made, "metadata": {}}), encoding="utf8")
    return path


def test_the_stamp_follows_the_code_and_only_the_code(tmp_path):
    stamp = lambda *cells: code_stamp(book(tmp_path / "a.ipynb", *cells))
    code, text = ("code", "x = 1  # 一\n\ny = '#'\n"), ("markdown", "讲解")
    same = stamp(text, code)
    assert stamp(("markdown", "改了讲解"), code) == same
    assert stamp(text, ("code", "x = 1  # 换一句注释\ny = '#'")) == same
    assert stamp(code) == same
    for changed in ("x = 2\ny = '#'", "x = 1\ny = '# 一'", "y = '#'\nx = 1", "if x:\n    x = 1\ny = '#'"):
        assert stamp(text, ("code", changed)) != same, changed


def test_a_clean_home_shares_only_the_small_model():
    with clean_home() as home:
        assert [p.name for p in (home / "out" / ".cache").iterdir()] == ["nano"]
        assert (home / "out" / ".cache" / "nano").resolve() == ROOT / "out" / ".cache" / "nano"
        (home / "out" / "pretrain_1.pth").touch()
    assert not home.exists() and (ROOT / "out" / ".cache" / "nano").exists()


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    "从仓库里的文件造一份源码包与一份安装包。"
    copy = tmp_path_factory.mktemp("package") / "minimind"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "minimind", copy / "minimind", ignore=ignore)
    for name in ("settings.ini", "setup.py", "pyproject.toml", "MANIFEST.in", "constraints.txt", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for path in ROOT.glob("*.md"):
        shutil.copy(path, copy)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", copy / "dist", copy]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    wheel, sdist = (next((copy / "dist").glob(f"*.{end}")) for end in ("whl", "tar.gz"))
    return wheel, sdist


def files_of_the_package() -> set[str]:
    found = (p for p in (ROOT / "minimind").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(ROOT)) for p in found if p.suffix == ".py" or "data" in p.parts}


def test_wheel_and_sdist_carry_every_module_and_data_file(packages):
    wheel, sdist = packages
    with zipfile.ZipFile(wheel) as z:
        names = set(z.namelist())
    with tarfile.open(sdist) as t:
        unpacked = {name.partition("/")[2] for name in t.getnames()}
    assert files_of_the_package() <= names and files_of_the_package() <= unpacked
    assert {"settings.ini", "README.md", "CHANGELOG.md", "LICENSE"} <= unpacked
    assert not [name for name in names if not name.startswith("minimind")]


def test_the_version_is_written_once(packages):
    ini = configparser.ConfigParser(delimiters=["="])
    ini.read(ROOT / "settings.ini", encoding="utf8")
    version = ini["DEFAULT"]["version"]
    assert minimind.__version__ == version and f"-{version}-" in packages[0].name
    written = [p for p in ROOT.glob("*.*") if p.suffix in (".py", ".toml") and f'"{version}"' in p.read_text("utf8")]
    assert not written
    with zipfile.ZipFile(packages[0]) as z:
        about = z.read(next(n for n in z.namelist() if n.endswith("METADATA"))).decode()
    assert "Author: minimind 课程的作者们" in about and "Requires-Python: >=3.11" in about
    assert "Home-page" not in about and "Project-URL" not in about  # 还没有公开的网址，不写别人的


@pytest.mark.slow
def test_a_chapter_runs_where_only_the_package_is_installed(packages, tmp_path):
    "托管的笔记本里的那一格：新环境里只装这个包（与内核），在空文件夹里跑一章，它不知道仓库在哪。"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MINIMIND", "VIRTUAL"))}
    env["IN_TEST"] = "1"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python, here = tmp_path / "env" / "bin" / "python", tmp_path / "empty"
    here.mkdir()
    wanted = [packages[0], "nbclient", "ipykernel", "-c", ROOT / "constraints.txt"]
    subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True, env=env, timeout=1200)
    for name in ("3_model/20_norm", "2_tokenizer/10_bpe", "3_model/21_norm_exercises"):
        shutil.copy(ROOT / "nbs" / f"{name}.ipynb", here / "chapter.ipynb")
        command = [python, "-m", "nbclient.cli", "chapter.ipynb", "--kernel_name=python3"]
        done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]


def test_an_unknown_name_in_the_package_says_so():
    with pytest.raises(AttributeError, match="没有 nothing"):
        minimind.nothing
