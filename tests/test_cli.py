"""命令行：中文帮助、下划线与横线、坏输入退出码 2。"""

import re

import pytest

from minimind.cli import from_minigpt
from minimind.trainer.arguments import expand_aliases


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"], ["train", "--help"], ["train", "pretrain", "--help"], ["train", "full_sft", "--help"],
        ["chat", "--help"], ["data", "check", "--help"], ["tokenizer", "train", "--help"], ["web", "--help"],
        ["eval", "--help"], ["demo", "--help"],
    ],
)
def test_help_is_chinese(argv, cli, tmp_path):
    done = cli(*argv, home=tmp_path)
    assert done.returncode == 0 and "用法：" in done.stdout and "显示这页说明" in done.stdout
    assert not re.search(r"Usage:|Options:|Commands:|Show this message|default:", done.stdout)


def test_no_arguments_shows_the_help(cli, tmp_path):
    assert "demo" in cli(home=tmp_path).stdout + cli(home=tmp_path).stderr


@pytest.mark.parametrize(
    "argv,words",
    [
        (["trian"], ["trian"]),
        (["train", "pretrain", "--batch_size", "many"], ["batch_size", "整数"]),
        (["train", "pretrain", "--batch_sise", "3"], ["batch_sise", "batch_size"]),
        (["train", "pretrain", "--use_moe", "7"], ["use_moe", "0、1"]),
        (["train", "pretrain", "--preset", "huge"], ["huge", "nano"]),
        (["chat"], ["minimind demo"]),
        (["data", "check", "nowhere.jsonl"], ["nowhere.jsonl"]),
        (["tokenizer", "train", "--name", "x"], ["data_path"]),
    ],
)
def test_bad_input_exits_two_with_one_sentence(argv, words, cli, tmp_path):
    done = cli(*argv, home=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("错误：") and "Traceback" not in done.stderr
    assert all(w in done.stderr for w in words), done.stderr


def test_broken_line_names_file_and_line(cli, tmp_path, small):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "好"}\n{"txet": "坏"}\n', encoding="utf8")
    done = cli(
        "train", "pretrain", "--data_path", bad, "--tokenizer_path", small["tok"], "--hidden_size", 32,
        "--num_hidden_layers", 1, home=tmp_path,
    )
    assert done.returncode == 2 and "bad.jsonl" in done.stderr and ":2：" in done.stderr and "text" in done.stderr


def test_dashes_and_underscores_are_the_same(cli, tmp_path, small):
    for flag in ("--max_steps", "--max-steps"):
        done = cli(
            "train", "pretrain", "--data-path", small["pretrain"], "--tokenizer_path", small["tok"], "--hidden-size",
            32, "--num_hidden_layers", 1, flag, 1, "--batch_size", 2, "--device", "cpu", home=tmp_path,
        )
        assert done.returncode == 0, done.stderr


def test_minigpt_spelling_maps_onto_ours():
    assert from_minigpt(["train", "--mode", "sft", "--config", "tiny", "--resume", "w.pth"]) == [
        "train", "full_sft", "--preset", "tiny", "--from_weight", "w.pth"
    ]
    assert expand_aliases(["--resume", "--use-fp16"]) == ["--from_resume", "1", "--dtype", "float16"]


def test_tokenizer_train_show_and_data_check(cli, tmp_path, small):
    done = cli("tokenizer", "train", "--data_path", small["sft"], "--vocab_size", 300, "--name", "mine", home=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = cli("tokenizer", "show", "小猫", "--path", tmp_path / "out" / "tokenizer" / "mine", home=tmp_path)
    assert shown.returncode == 0 and "token" in shown.stdout
    checked = cli("data", "check", small["sft"], home=tmp_path)
    assert checked.returncode == 0 and "60" in checked.stdout
