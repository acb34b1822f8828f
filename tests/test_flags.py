"每个命令的每个选项：数有范围，名字不是路径，路径里的 ~ 展开。走遍所有命令，新添的自动算进来。"

import math
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.cli import app
from minimind.learning.command import LARGEST, Option, range_text
from minimind.learning.errors import UserError
from minimind.learning.stages import STAGES
from minimind.tokenizer.fast import train_tokenizer
from minimind.trainer.arguments import args_of, described, make_args


def walk(command, path=()):
    "命令树的每片叶子：（写法，命令）。"
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from walk(command.get_command(None, name), (*path, name))
    else:
        yield " ".join(path), command


LEAVES = dict(walk(app))
OPTIONS = [
    (f"{name} {p.opts[0]}", p) for name, leaf in LEAVES.items() for p in leaf.params if isinstance(p, click.Option)
]
NUMBERS = [(name, p) for name, p in OPTIONS if p.type in (click.INT, click.FLOAT)]


def verdict(param, text):
    "选项对这个写法怎么说：None 是收下，否则是那句话。"
    try:
        param.process_value(click.Context(click.Command("x")), text)
    except (UserError, click.BadParameter) as error:
        return str(error)


def test_the_walk_sees_every_command():
    assert {"demo", "chat", "web", "eval", "train all", "bench memory", "data world", "notes review"} <= set(LEAVES)
    assert {f"train {s.name}" for s in STAGES} <= set(LEAVES) and len(NUMBERS) > 200


@pytest.mark.parametrize("name", ["tokenizer train", "train pretrain"])
def test_a_vocabulary_has_a_largest_size(name):
    "分词器的引擎按词表预留内存，装不下是整个进程倒下，没有异常可接：太大的数在选项上就拦住，直接调用也拦得住。"
    (param,) = [p for n, p in NUMBERS if n == f"{name} --vocab_size"]
    assert verdict(param, "151936") is None and "vocab_size" in verdict(param, "1000000000000")
    with pytest.raises(UserError, match="太大"):
        train_tokenizer(["好"], vocab_size=10**12)


@pytest.mark.parametrize("name,param", NUMBERS, ids=[name for name, _ in NUMBERS])
def test_every_number_declares_its_range_and_keeps_it(name, param):
    assert isinstance(param, Option), f"{name} 要用 option() 造，范围才会写进说明"
    limits = param.limits
    assert range_text(**limits) in param.help, f"{name} 的说明里没有范围"
    bad = ["nan", "inf", "-inf", "x"] + ([str(2**70), str(-(2**70))] if param.type is click.INT else [])
    if limits["low"] is not None:
        bad.append(str(limits["low"] - 1))
    if limits["above"] is not None:
        bad += [str(limits["above"]), str(limits["above"] - 1)]
    if limits["high"] is not None:
        bad.append(str(limits["high"] + 1))
    for text in bad:
        assert verdict(param, text), f"{name} 收下了 {text}"
    edge = limits["low"] if limits["low"] is not None else limits["above"] + 1
    assert verdict(param, str(int(edge) if param.type is click.INT else edge)) is None


@given(value=st.integers() | st.floats())
def test_a_number_of_a_stage_is_in_range_or_refused(value):
    "从笔记本里给也一样：收下的都有限，都在范围里。"
    for stage in STAGES:
        notes = described(args_of(stage))
        for name in ("learning_rate", "max_steps", "grad_clip", "seed", "weight_decay", "warmup"):
            try:
                kept = getattr(make_args(args_of(stage), **{name: value}), name)
            except UserError as error:
                assert name in str(error) and "\n" not in str(error)
            else:
                assert math.isfinite(kept) and kept >= notes[name].get("low", 0)
                assert isinstance(kept, float) or abs(kept) <= LARGEST


@pytest.mark.parametrize("stage", STAGES, ids=[s.name for s in STAGES])
@pytest.mark.parametrize("bad", ["../../x", "/etc/x", "a/b", "", ".."])
def test_a_file_name_is_never_a_path(stage, bad):
    names = [name for name, meta in described(args_of(stage)).items() if meta.get("plain")]
    assert "save_weight" in names
    for name in names:
        with pytest.raises(UserError, match=f"--{name} 会成为文件名"):
            make_args(args_of(stage), **{name: bad})


FILES = ("_path", "_dir", "_weight")


def test_every_path_expands_the_home_folder(monkeypatch, tmp_path):
    "名字像路径的选项都展开 ~；漏了一个，就会多出一个名叫 ~ 的文件夹。"
    monkeypatch.setenv("HOME", str(tmp_path))
    named = ("out", "folder", "weight", "path")
    texts = [(name, p) for name, p in OPTIONS if p.type is click.STRING and p.name != "save_weight"]
    paths = [(name, p) for name, p in texts if p.name.endswith(FILES) or p.name in named]
    assert len(paths) > 50
    for name, param in paths:
        got = param.process_value(click.Context(click.Command("x")), "~/a")
        assert got == f"{tmp_path}/a", name
    args = make_args(args_of(STAGES[0]), save_dir="~/out", data_path="~/a.jsonl,~/b.jsonl")
    assert args.save_dir == f"{tmp_path}/out" and args.data_path == f"{tmp_path}/a.jsonl,{tmp_path}/b.jsonl"


def test_tokenizer_name_cannot_leave_its_folder(cli, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "你好"}\n', encoding="utf8")
    done = cli("tokenizer", "train", "--data_path", "a.jsonl", "--name", "../../x", home=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("错误：--name 会成为文件名")
    assert not [p for p in tmp_path.rglob("tokenizer.json")]


def test_a_row_longer_than_the_model_is_refused_before_reading_the_data(cli, tmp_path, small):
    done = cli(
        "train", "pretrain", "--data_path", small["pretrain"], "--tokenizer_path", small["tok"], "--hidden_size", 32,
        "--num_hidden_layers", 1, "--max_seq_len", 40000, "--device", "cpu", home=tmp_path,
    )
    assert done.returncode == 2 and "--max_seq_len 40000 太长：模型只有 32768 个位置" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not list(Path(tmp_path).rglob("*.pth"))
