"""终端：什么编码都写得出，断了、没有都不抛错；读一行时半个字、长的粘贴、方向键都认得；控制字符看得见。"""

import io
import json
import os
import select
import subprocess
import sys
import time

import pytest
import torch
from conftest import CAN_FORK, command_env, spawn
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


# ---- 在真的终端里聊：伪终端（pty）的一头是 minimind chat，另一头由测试来敲键盘 ----

# 占住终端，把回答换成“收到了几个字、是什么”，再跑命令行
TYPED = """
import fcntl, os, sys, termios
for fd in (0, 1, 2):
    os.dup2(int(sys.argv[1]), fd)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)
if sys.argv[2] == "plain":
    sys.modules["prompt_toolkit"] = None
from minimind.inference.chat import ChatSession

def pieces(self, text):
    if text == "危险":
        yield "answer", "\\x1b]0;偷\\x07\\x9b2J"
    yield "answer", f"<{len(text)}:{ascii(text[:30])}>"
    self.last = dict(truncated=False, tokens=1, avg_tokens_per_second=1.0)

ChatSession.pieces = pieces
from minimind.cli import main
main(["chat"])
"""
LEFT, UP, BACK, CTRL_C, CTRL_D = b"\x1b[D", b"\x1b[A", b"\x7f", b"\x03", b"\x04"


class Typist:
    "坐在终端前的人：`types` 敲键，`sees` 等屏幕上出现什么（从上一次看到的地方往后找）。"

    def __init__(self, home, editor: str):
        self.keyboard, other = os.openpty()
        os.set_inheritable(other, True)
        env = command_env(home, TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1")
        self.child = spawn(TYPED, str(other), editor, env=env, cwd=home)
        os.close(other)
        self.screen = b""

    def types(self, keys: bytes | str) -> None:
        keys = keys.encode() if isinstance(keys, str) else keys
        for at in range(0, len(keys), 1024):  # 终端的缓冲装不下太多
            os.write(self.keyboard, keys[at : at + 1024])
            self.look(0.01)

    def look(self, seconds: float) -> bool:
        if select.select([self.keyboard], [], [], seconds)[0]:
            try:
                self.screen += os.read(self.keyboard, 65536)
            except OSError:  # 那一头关了
                return False
        return True

    def sees(self, words: str) -> bytes:
        "等到屏幕上出现 `words`；返回这之前的字节。"
        deadline = time.monotonic() + 20
        while words.encode() not in self.screen:
            assert time.monotonic() < deadline and self.look(0.1), (words, self.screen[-2000:].decode(errors="replace"))
        before, _, self.screen = self.screen.partition(words.encode())
        return before


@pytest.fixture
def typist(book):
    sat = []
    yield lambda editor="editor": sat.append(Typist(book, editor)) or sat[-1]
    for who in sat:
        who.child.kill()
        who.child.wait()
        os.close(who.keyboard)


needs_pty = pytest.mark.skipif(not CAN_FORK, reason="伪终端要 Linux")


@needs_pty
def test_chat_on_a_terminal(typist):
    me = typist()
    me.sees("👤")
    answers = [
        ("你好".encode() + BACK + b"\r", "<1:'\\u4f60'>"),                       # 退格删的是一个字
        ("好".encode()[:2] + BACK + b"ab\r", "<3:'\\ufffdab'>"),                # 剩下的半个字不成字
        ("北京".encode() + LEFT + "南".encode() + b"\r", "<3:'\\u5317\\u5357\\u4eac'>"),
        (b"\x1b[200~1\n2\r\n3\x1b[201~\r", "<5:'1\\n2\\n3'>"),                  # 粘贴三行是一个问题
        (b"x" * 10_000 + b"\r", "<10000:"), (b"\x1b[200~" + b"y" * 10_000 + b"\x1b[201~\r", "<10000:'yyy"),
        ("/etc/passwd 是什么\r".encode(), "<15:'/etc/passwd"), (b"/fly\r", "没有 /fly 这条命令"),
        ("写错了".encode() + CTRL_C, "👤"), (b"right\r", "<5:'right'>"), (UP + b"\r", "<5:'right'>"),
    ]
    for keys, words in answers:
        me.types(keys)
        me.sees(words)
        me.sees("👤") if words != "👤" else None
    me.types("危险\r")
    shown = me.sees("<2:")
    assert b"\x1b]0;" not in shown and b"\x07" not in shown and "\x9b".encode() not in shown
    assert "\\x1b]0;偷\\x07\\x9b2J".encode() in shown
    me.sees("👤")
    me.types(CTRL_D)
    me.sees("再见。")
    assert me.child.wait(timeout=20) == 0


@needs_pty
def test_chat_without_the_editor_survives_half_a_character(typist):
    me = typist("plain")
    me.sees("👤")
    me.types("你".encode()[:2] + b"\r")
    me.sees("👤")
    me.types(b"\xff ok\r")
    me.sees("ok'>")
    me.types("/exit\r")
    me.sees("再见。")
    assert me.child.wait(timeout=20) == 0


def test_chat_from_a_pipe_reads_lines_and_replaces_bad_bytes(book, tmp_path):
    (tmp_path / "asked").write_bytes("你好\n".encode() + "你好".encode("gbk") + b"\n/exit\n")
    code = "import os, sys\nos.dup2(os.open(sys.argv[1], os.O_RDONLY), 0)\nsys.stdin = open(0, encoding='utf8')\n"
    code += TYPED[TYPED.index("from minimind") :]
    child = spawn(code, str(tmp_path / "asked"), env=command_env(book), cwd=book)
    said, err = child.communicate(timeout=60)
    assert child.returncode == 0, err[-2000:]
    assert "<2:'\\u4f60\\u597d'>" in said and "\\ufffd" in said and "再见。" in said


def test_the_editor_is_imported_only_on_a_terminal(book):
    code = "import sys, minimind.inference.chat, minimind.cli; sys.exit('prompt_toolkit' in sys.modules)"
    assert spawn(code, env=command_env(book), cwd=book).wait(timeout=60) == 0
