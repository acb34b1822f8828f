"""体检：没有 torch 也能跑，坏了哪里说哪里，退出码说得出好坏。"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minimind
from minimind.learning.doctor import BAD, GOOD, NOTICE, check_files, examine, satisfies, split_requirement

PACKAGE = Path(minimind.__file__).parent
WITHOUT = """
import sys
from importlib import metadata

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

real = metadata.version

def version(name):
    if name in BLOCKED:
        raise metadata.PackageNotFoundError(name)
    return real(name)

sys.meta_path.insert(0, Blocked())
metadata.version = version
from minimind.cli import main
main(sys.argv[1:])
"""


def without(*argv, blocked=("torch",), home):
    "在装不出 `blocked` 这些库的 Python 里跑一条命令。"
    code = f"BLOCKED = {blocked!r}\n{WITHOUT}"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, argv)], capture_output=True, text=True, cwd=home,
        env={**os.environ, "MINIMIND_HOME": str(home)},
    )


def test_this_machine_is_examined_to_the_end():
    rows = examine()
    assert len(rows) >= 9 and {r.level for r in rows} <= {GOOD, NOTICE, BAD}
    assert all(r.todo for r in rows if r.level == BAD), "每个毛病都要说怎么办"
    assert not any("查不成" in r.found for r in rows), [str(r) for r in rows]


BARE = ("torch", "transformers", "datasets", "tokenizers", "numpy", "matplotlib")


@pytest.mark.parametrize("blocked", [BARE[:1], BARE], ids=["torch", "bare"])
def test_doctor_runs_without_torch_and_says_what_to_do(blocked, tmp_path):
    done = without("doctor", blocked=blocked, home=tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "✗ torch：没有装" in done.stdout and "✗ torch：导入不了" in done.stdout and "make env" in done.stdout
    assert "✓ Python" in done.stdout and "✓ 包里的文件" in done.stdout and "处要改" in done.stdout
    for name in blocked[1:]:
        if name != "numpy":  # 它是别人的依赖，不在我们的清单里
            assert f"✗ {name}：没有装" in done.stdout


def test_without_torch_help_works_and_training_says_one_sentence(tmp_path):
    (tmp_path / "good.jsonl").write_text('{"text": "好"}\n' * 3, encoding="utf8")
    for argv in (["--help"], ["train", "--help"], ["train", "pretrain", "--help"], ["notes", "--help"]):
        done = without(*argv, home=tmp_path)
        assert done.returncode == 0 and "用法：" in done.stdout, done.stderr
    for argv in (["train", "pretrain", "--data_path", "good.jsonl"], ["demo", "--quick"], ["info"], ["chat"]):
        done = without(*argv, home=tmp_path)
        assert done.returncode == 2, (argv, done.stderr)
        assert done.stderr.count("\n") == 1 and "要用 torch" in done.stderr and "doctor" in done.stderr, done.stderr


def copy_of_the_package(folder: Path) -> Path:
    "包的一份副本，git 记着它的每个文件。"
    shutil.copytree(PACKAGE, folder / "minimind", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PACKAGE.parent / "settings.ini", folder)
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


def test_a_damaged_package_is_named_file_by_file(tmp_path):
    copy = copy_of_the_package(tmp_path)
    (copy / "minimind/world/data/test_written.jsonl").unlink()
    (copy / "minimind/model/rope.py").write_text("def f(\n", encoding="utf8")
    (copy / "minimind/serving/data/report.html").write_text("", encoding="utf8")
    done = subprocess.run(
        [sys.executable, "-m", "minimind.cli", "doctor"], capture_output=True, text=True, cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "MINIMIND_HOME": str(tmp_path / "home")},
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    for words in ("少了 minimind/world/data/test_written.jsonl", "rope.py 读不懂（第 1 行）", "report.html 是空的"):
        assert words in done.stdout, done.stdout


def test_a_whole_package_has_nothing_missing():
    assert [r.level for r in check_files()] == [GOOD]


@pytest.mark.parametrize(
    "line,good,bad",
    [
        ("torch>=2.6", ["2.6", "2.6.0", "2.13.0+cpu", "3"], ["2.5.9", "1.13", "2"]),
        ("fastcore<2", ["1.14.5"], ["2.0", "2", "10.1"]),
        ("nbdev==2.4.14", ["2.4.14"], ["2.4.15", "2.4.1"]),
        ("x>=1,<2", ["1.0.5"], ["0.9", "2.0"]),
    ],
)
def test_versions_compare_as_numbers(line, good, bad):
    name, rules = split_requirement(line)
    assert all(satisfies(v, rules) for v in good) and not any(satisfies(v, rules) for v in bad)
