"""终端：什么编码都写得出，断了、没有都不抛错；读一行时半个字、长的粘贴、方向键都认得；控制字符看得见。"""

import io
import json
import subprocess
import sys

import pytest
import torch
from conftest import command_env, spawn
from hypothesis import given, strategies as st

from minimind.inference import save_weights
from minimind.learning.terminal import CONTROL, Screen, any_screen, printable, say
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.tokenizer.fast import load_tokenizer

# 换上一个严格的标准输出，再把全部命令的说明页与一批快的命令挨个跑一遍；(命令, 退出码) 写进文件
WALK = """
import io, json, sys, traceback
encoding, commands, report = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
if encoding == "none":
    sys.stdout = sys.stderr = None
else:
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding=encoding)
from minimind.cli import app, main

def pages(group, path=()):
    yield [*path, "--help"]
    for name in group.list_commands(None):
        sub = group.get_command(None, name)
        yield from pages(sub, (*path, name)) if hasattr(sub, "list_commands") else [[*path, name, "--help"]]

ends = []
for argv in [*pages(app), *commands]:
    try:
        main(argv)
    except SystemExit as e:
        ends.append((argv, e.code or 0))
    except BaseException:
        ends.append((argv, traceback.format_exc()))
with open(report, "w", encoding="utf8") as f:
    json.dump(ends, f)
sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
"""


@pytest.fixture(scope="module")
def book(small, tmp_path_factory):
    "一个家：分词器、没练过的小模型、一份试卷。"
    home = tmp_path_factory.mktemp("home")
    tok = load_tokenizer(small["tok"])
    torch.manual_seed(0)
    shape = dict(hidden_size=48, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2)
    model = MiniMindForCausalLM(MiniMindConfig(**shape, vocab_size=len(tok), initializer_range=0.25))
    save_weights(model, home / "out" / "full_sft_48.pth", stage="full_sft", tokenizer_dir=small["tok"])
    (home / "bad.jsonl").write_text('{"text": "🤖"}\n{"txet": "🤖"}\n', encoding="utf8")
    return home


def quick(small) -> list[tuple[list[str], int]]:
    "快的命令与它们的退出码：成功的、出错的都有，话里都有 GBK 写不出的字。"
    train = ["train", "pretrain", "--data_path", str(small["pretrain"]), "--tokenizer_path", str(small["tok"])]
    shape = ["--hidden_size", "48", "--num_hidden_layers", "1", "--max_steps", "1", "--batch_size", "2"]
    return [
        (["info"], 0), (["exercise"], 0), (["tokenizer", "show", "你好 🤖 é", "--path", str(small["tok"])], 0),
        (["chat", "--ask", "你好🤖", "--max_new_tokens", "8"], 0), (["data", "check", str(small["sft"])], 0),
        (["eval", "--data_path", str(small["pretrain"]), "--limit", "2"], 0), ([*train, *shape], 0),
        (["notes", "init", "--dir", "n"], 0), (["notes", "log", "🤖 é", "--dir", "n"], 0),
        (["notes", "check", "--dir", "n"], 0), (["notes", "progress", "--dir", "n"], 0),
        (["data", "check", "bad.jsonl"], 2), (["data", "check", "没有🤖.jsonl"], 2), (["🤖"], 2), (["train", "🤖"], 2),
        (["chat", "--temperature", "🤖"], 2), (["tokenizer", "show", "\udcc4\udce3"], 2),
    ]


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii", "none"])
def test_every_command_speaks_on_any_screen(small, book, tmp_path, encoding):
    commands, report = quick(small), tmp_path / "ends.json"
    argv = [encoding, json.dumps([c for c, _ in commands]), str(report)]
    child = spawn(WALK, *argv, env=command_env(book), cwd=book)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err[-2000:]
    ends = {json.dumps(argv): code for argv, code in json.loads(report.read_text(encoding="utf8"))}
    assert {c: code for c, code in ends.items() if '"--help"' in c and code} == {} and len(ends) > len(commands) + 30
    assert [(c, ends[json.dumps(c)]) for c, _ in commands] == commands
    assert ("U0001f916" in out) == (encoding != "none") and "Traceback" not in err


def test_a_stage_run_as_a_module_speaks_gbk(book):
    env = command_env(book, PYTHONUTF8="0", PYTHONIOENCODING="gbk")
    command = [sys.executable, "-m", "minimind.trainer.train_dpo", "--help"]
    done = subprocess.run(command, env=env, cwd=book, capture_output=True)
    assert done.returncode == 0 and not done.stderr and "用法：" in done.stdout.decode("gbk")


def test_head_ends_quietly(book):
    "管道的另一头只要一行就走了：没有调用栈，退出码照旧。"
    script = 'set -o pipefail; "$0" -m minimind.cli --help | head -n 1; "$0" -m minimind.cli --help >&- 2>&-'
    done = subprocess.run(["bash", "-c", script, sys.executable], env=command_env(book), cwd=book, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.decode().startswith("用法：")


def test_training_outlives_its_screen(small, tmp_path):
    "看的人走了（管道断了），训练照样练完、照样存。"
    code = "import sys; from minimind.cli import main; main(sys.argv[1:])"
    argv = ["train", "pretrain", "--data_path", small["pretrain"], "--tokenizer_path", small["tok"]]
    argv += ["--hidden_size", 48, "--num_hidden_layers", 1, "--max_steps", 3, "--save_dir", tmp_path]
    child = spawn(code, *map(str, argv), env=command_env(tmp_path), cwd=tmp_path, merge=True)
    child.stdout.close()
    assert child.wait(timeout=120) == 0 and list(tmp_path.glob("pretrain_48.pth"))


class Gone(io.StringIO):
    "写第几次就坏掉的屏幕。"

    def write(self, text):
        raise OSError(28, "盘满了")


def test_a_full_disk_is_told_once(monkeypatch):
    monkeypatch.setattr("sys.stdout", Gone())
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with any_screen():
        print("第 1 步")
        say("第 2 步")
        assert isinstance(sys.stdout, Screen)
    assert sys.stderr.getvalue().count("盘满了") == 1 and isinstance(sys.stdout, Gone)


def test_nested_screens_and_strange_streams(monkeypatch):
    monkeypatch.setattr("sys.stdout", io.StringIO())
    monkeypatch.setattr("sys.stdin", None)
    with any_screen():
        outer = sys.stdout
        with any_screen():
            assert sys.stdout is outer
        assert sys.stdin.read() == ""
        say("在")
    assert sys.stdout.getvalue() == "在\n" and sys.stdin is None


@given(st.text())
def test_printable_never_commands_the_terminal(text):
    shown = printable(text)
    assert not CONTROL.search(shown) and printable(shown) == shown
    if text.isprintable():
        assert shown == text
    for encoding in ("gbk", "cp1252", "ascii", "utf8"):
        say(text, io.TextIOWrapper(io.BytesIO(), encoding=encoding))
