"""第 0 层里放不进课文的检查：真的杀掉进程、真的多进程同时写、字体盖得住全课的字。"""

import functools
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from minimind.learning import exercises, paths, plotting
from minimind.learning.errors import UserError

ROOT = paths.ROOT
NOTEBOOKS = [p for p in sorted((ROOT / "nbs").rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path))
    monkeypatch.delenv("IN_TEST", raising=False)
    return tmp_path


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.setattr(exercises, "CARDS", {})
    monkeypatch.setattr(exercises, "CHECKERS", {})
    exercises.card("t.double", "加倍", 1, 1, "", "")

    @exercises.checker("t.double", common_mistakes={"加了二，没有乘二": lambda x: x + 2})
    def _(fn):
        exercises.expect_close(fn(3.0), 6.0)


def start(code, folder, **env):
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(paths.PACKAGE.parent), "MINIMIND_HOME": str(folder), **env},
    )


# ---------- 路径与写文件 ----------


def test_root_does_not_depend_on_the_working_directory(tmp_path):
    done = start("from minimind.learning.paths import ROOT, OUT; print(ROOT); print(OUT)", tmp_path)
    out, err = done.communicate(timeout=60)
    assert out.split("\n")[:2] == [str(ROOT), str(tmp_path / "out")], err


def test_killed_writer_leaves_the_old_file_intact(tmp_path):
    target = tmp_path / "weights.bin"
    target.write_bytes(b"old" * 1000)
    writer = start(
        """
import sys, time
from minimind.learning.paths import atomic_open
with atomic_open("weights.bin") as file:
    file.write(b"new" * 100_000); file.flush()
    print("half", flush=True)
    time.sleep(60)
""",
        tmp_path,
    )
    assert writer.stdout.readline().strip() == "half"
    writer.send_signal(signal.SIGKILL)
    writer.wait(timeout=30)
    assert target.read_bytes() == b"old" * 1000


def test_interrupt_leaves_no_temporary_file(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        with paths.atomic_open(tmp_path / "a.txt", "w") as file:
            file.write("new")
            raise KeyboardInterrupt
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"] and (tmp_path / "a.txt").read_text() == "old"


def test_atomic_write_follows_a_link_and_never_shows_half_a_file(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "x.txt")
    paths.atomic_write(tmp_path / "link.txt", "一")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "real" / "x.txt").read_text(encoding="utf8") == "一"
    writer = start(
        """
from minimind.learning.paths import atomic_write
for i in range(60): atomic_write("busy.txt", str(i % 10) * 50_000)
""",
        tmp_path,
    )
    seen = set()
    while writer.poll() is None:
        if (tmp_path / "busy.txt").exists():
            text = (tmp_path / "busy.txt").read_text()
            assert len(text) == 50_000 and len(set(text)) == 1
            seen.add(text[0])
        time.sleep(0.002)
    assert writer.returncode == 0 and seen


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="这个系统没有管道文件")
def test_devices_and_pipes_are_written_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    ear = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    paths.check_place(tmp_path / "pipe")
    paths.atomic_write(tmp_path / "pipe", "一")
    with paths.growing_open(tmp_path / "pipe") as file:
        file.write("二\n")
    assert os.read(ear, 99).decode() == "一二\n" and [p.name for p in tmp_path.iterdir()] == ["pipe"]
    os.close(ear)
    code = """
from minimind.learning.paths import atomic_write, growing_open
atomic_write("/dev/stdout", "三\\n")
with growing_open("/dev/stdout") as file:
    file.write("四\\n")
"""
    done = start(code, tmp_path, PYTHONUTF8="1")
    assert done.communicate(timeout=60)[0] == "三\n四\n" and done.returncode == 0


@pytest.mark.parametrize("write", [lambda p: paths.atomic_write(p, "x"), paths.check_place])
def test_a_place_the_system_refuses_is_one_sentence(tmp_path, write):
    (tmp_path / "file").write_text("old")
    nowhere = ["/proc/nope/x"] if os.path.exists("/proc") else []
    for bad in (tmp_path, tmp_path / "file" / "x", tmp_path / ("名" * 300), *nowhere):
        with pytest.raises(UserError, match="写不进去"):
            write(bad)
    paths.check_place(tmp_path / "file")
    assert [p.name for p in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize("signal_", [None, signal.SIGKILL])
def test_a_growing_file_keeps_every_whole_line(tmp_path, signal_):
    (tmp_path / "a.txt").write_text("old")
    code = """
import time
from minimind.learning.paths import growing_open
with growing_open("a.txt") as file:
    file.write("one\\ntwo\\n")
    print("two", flush=True)
    time.sleep(60 * %d)
"""
    writer = start(code % bool(signal_), tmp_path)
    assert writer.stdout.readline().strip() == "two"
    if signal_:
        writer.send_signal(signal_)
    writer.wait(timeout=30)
    left = {p.name: p.read_text() for p in tmp_path.iterdir()}
    assert left == ({"a.txt": "old", "a.txt.part": "one\ntwo\n"} if signal_ else {"a.txt": "one\ntwo\n"})


# ---------- 进度 ----------


def test_concurrent_processes_lose_no_record(elsewhere):
    code = (
        "import sys\nfrom minimind.learning.exercises import record\nfor i in range(25): record(f'p{sys.argv[1]}.{i}')"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(n)], env={**os.environ, "PYTHONPATH": str(paths.PACKAGE.parent)}
        )
        for n in range(4)
    ]
    assert [w.wait(timeout=120) for w in workers] == [0] * 4
    lines = exercises.progress_file().read_text(encoding="utf8").splitlines()
    assert len(lines) == 100 and all(json.loads(line)["id"] for line in lines)
    assert len(exercises.progress()) == 100


def test_nothing_is_recorded_under_test_or_for_the_solution(elsewhere, demo, monkeypatch, capsys):
    def solution_double(x):
        return 2 * x

    assert exercises.check("t.double", solution_double) and exercises.progress() == {}
    monkeypatch.setenv("IN_TEST", "1")
    assert exercises.check("t.double", lambda x: 2 * x) and exercises.progress() == {}
    monkeypatch.setenv("IN_TEST", "0")
    assert not exercises.check("t.double", lambda x: x + 2)
    assert "加了二，没有乘二" in capsys.readouterr().out
    assert exercises.check("t.double", lambda x: 2 * x)
    assert exercises.progress()["t.double"]["tries"] == 2


def test_progress_survives_rubbish_bytes(elsewhere):
    exercises.record("a")
    with open(exercises.progress_file(), "ab") as file:
        file.write(b'\xff\xfe{"id":\n"text"\nnull\n{"id": 3}\n')
    exercises.record("b")
    assert list(exercises.progress()) == ["a", "b"]


def test_unknown_exercise_suggests_the_right_name(demo):
    with pytest.raises(UserError, match="t.double"):
        exercises.check("t.doubel", print)


def test_torch_results_are_understood():
    torch = pytest.importorskip(
        "torch", reason="这一条要 torch：pip install torch 后再运行 pytest tests/test_learning.py"
    )
    grad = torch.ones(2, 3, requires_grad=True)
    exercises.expect_close(grad, [[1.0] * 3] * 2)
    exercises.expect_close(torch.ones(3, dtype=torch.bfloat16), torch.ones(3))
    exercises.expect_equal(torch.arange(3), [0, 1, 2])
    exercises.expect_shape(torch.zeros(2, 0), (2, 0))
    exercises.expect_close(torch.tensor([True, False]), torch.tensor([True, False]))
    with pytest.raises(exercises.CheckFailed, match="转置"):
        exercises.expect_close(torch.ones(2, 3), torch.ones(3, 2))
    assert plotting.to_numpy(grad.bfloat16()).shape == (2, 3)


def test_modules_and_classes_can_be_checked(demo):
    torch = pytest.importorskip(
        "torch", reason="这一条要 torch：pip install torch 后再运行 pytest tests/test_learning.py"
    )

    @exercises.checker("t.module")
    def _(layer):
        exercises.expect_equal(sum(p.numel() for p in layer.parameters()), 6)
        exercises.expect_shape(layer(torch.zeros(4, 2)), (4, 2))

    @exercises.checker("t.class")
    def _(cls):
        exercises.expect_shape(cls(2, 3)(torch.zeros(1, 2)), (1, 3))

    assert exercises.why("t.module", torch.nn.Linear(2, 2)) == ""
    assert exercises.why("t.class", torch.nn.Linear) == ""


# ---------- 字体与图 ----------


def characters():
    "全课笔记本、模块源码、数据文件里出现的每一个字符。"
    used = set()
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
            used |= set("".join(cell["source"]))
    for path in [*paths.PACKAGE.rglob("*.py"), *paths.PACKAGE.rglob("*.json")]:
        used |= set(path.read_text(encoding="utf8"))
    return used


def test_font_covers_every_chinese_character_of_the_course():
    from fontTools.ttLib import TTFont

    font = set(TTFont(plotting.FONT).getBestCmap())
    hanzi = {c for c in characters() if re.match(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", c)}
    assert NOTEBOOKS and hanzi
    assert not (missing := "".join(sorted(c for c in hanzi if ord(c) not in font))), f"字体里没有这些字：{missing}"


def test_font_covers_gb2312_and_is_small():
    from fontTools.ttLib import TTFont

    font = set(TTFont(plotting.FONT).getBestCmap())
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                char = bytes([high, low]).decode("gb2312")
            except UnicodeDecodeError:
                continue
            assert ord(char) in font, char
    assert plotting.FONT.stat().st_size < 2.5e6
    assert "SIL OPEN FONT LICENSE" in (plotting.FONT.parent / "OFL.txt").read_text(encoding="utf8")


def test_figures_draw_without_missing_glyphs(recwarn):
    plotting.plt.switch_backend("Agg")
    with plotting.mpl.rc_context():
        plotting.setup()
        ax = plotting.heatmap(
            None, [[-1.0, float("nan")], [float("inf"), 2.0]], ["我", " a\n"], ["第 1 层", "αβ"],
            "损失 −0.5 → 10⁻³ √ ∑ ≤ ✓✗", fmt=".1f", colorbar=True,
        )
        plotting.curves({"训练": [1, 2], "x": ([0, 1], [2, 3])}, "步", "损失")
        plotting.bars({"训练前": {"a": 1}, "训练后": {"a": 2}})
        for number in plotting.plt.get_fignums():
            plotting.plt.figure(number).canvas.draw()
        assert len(ax.texts) == 2
        plotting.plt.close("all")
    assert not [w for w in recwarn if "missing from" in str(w.message)]


def test_slider_in_test_runs_once_shows_nothing_and_raises(monkeypatch, capsys):
    monkeypatch.setenv("IN_TEST", "1")
    plotting.plt.switch_backend("Agg")
    ran, open_before = [], plotting.plt.get_fignums()

    def draw(n):
        ran.append(n)
        print("看不见")
        plotting.plt.figure()

    plotting.slider(draw, n=(1, 9))
    assert ran == [5] and capsys.readouterr().out == "" and plotting.plt.get_fignums() == open_before
    with pytest.raises(ZeroDivisionError):
        plotting.slider(lambda n: 1 / 0, n=(1, 9))


@pytest.mark.parametrize(
    ("fn", "choices", "start"),
    [
        (lambda base=10_000.0: base, (10.0, 1e6), 10_000.0),
        (lambda base=10_000.0: base, (10.0, 1e6, "log"), 10_000.0),
        (lambda n=3: n, (1, 1000, "log"), 3),
        (lambda n=1: n, (1, 7, "log"), 1),
        (lambda n=7: n, (1, 7, "log"), 7),
        (lambda kind="乙": kind, ["甲", "乙", "丙"], "乙"),
        (lambda on=False: on, [True, False], False),
        (lambda x=0: x, (-5, 5), 0),
        (lambda n: n, (1, 9), 5),
        (lambda n=None: n, (1, 9), 5),
        (lambda n: n, (1, 10_000, "log"), 100),
        (lambda **k: k["n"], (1, 9), 5),
    ],
)
def test_slider_starts_at_the_default_of_the_signature(monkeypatch, fn, choices, start):
    monkeypatch.setenv("IN_TEST", "1")
    name = next((n for n in inspect.signature(fn).parameters if n != "k"), "n")
    ran = []
    watched = functools.wraps(fn)(lambda **values: ran.append(fn(**values)))
    plotting.slider(watched, **{name: choices})
    assert ran == [start] and type(ran[0]) is type(start)


@pytest.mark.parametrize(
    ("fn", "choices"),
    [
        (lambda n=10: n, (1, 9)),
        (lambda n=2.5: n, (1, 9)),
        (lambda n=10.0: n, (1.0, 9.0, "log")),
        (lambda n="丁": n, ["甲", "乙"]),
        (lambda n=1: n, (0, 9, "log")),
        (lambda n=1: n, (9, 1, "log")),
    ],
)
def test_slider_refuses_a_default_outside_its_range(monkeypatch, fn, choices):
    monkeypatch.setenv("IN_TEST", "1")
    with pytest.raises(ValueError, match="slider"):
        plotting.slider(fn, n=choices)


def test_slider_text_is_readable_without_a_kernel(monkeypatch):
    monkeypatch.delenv("IN_TEST", raising=False)
    shown = []
    monkeypatch.setattr(plotting, "display", lambda bundle, raw: shown.append(bundle))
    plotting.slider(lambda n: None, n=(1, 9))
    assert "滑块" in shown[0]["text/plain"]


def loaded_by(code, *modules):
    "在新的进程里运行一句，之后这些模块载入了没有。"
    code += "\nimport sys\nprint(*(m in sys.modules for m in sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *modules], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(paths.PACKAGE.parent)},
    )
    assert not done.returncode, done.stderr
    return dict(zip(modules, (word == "True" for word in done.stdout.split()), strict=True))


def test_importing_the_package_face_is_light():
    light = {"matplotlib": False, "torch": False}
    assert loaded_by("import minimind.learning", *light) == light
    assert loaded_by("import minimind.learning as m; m.COLORS", "matplotlib", "torch") == light | {"matplotlib": True}


@pytest.mark.parametrize("package", ["learning", "world"])
def test_only_plotting_loads_matplotlib(package):
    apart = ("__init__", "plotting", "drawing", "device")     # 画图的两章、问硬件的那一章
    names = sorted(p.stem for p in (paths.PACKAGE / package).glob("*.py") if p.stem not in apart)
    assert names
    code = "\n".join(f"import minimind.{package}.{name}" for name in names)
    assert loaded_by(code, "matplotlib", "torch") == {"matplotlib": False, "torch": False}
