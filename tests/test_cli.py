"""命令行：中文帮助、下划线与横线、坏输入退出码 2，而且在导入 torch 之前就说。"""

import json
import os
import re
import subprocess
import sys

import pytest

from minimind.cli import from_minigpt
from minimind.dataset.formats import KINDS
from minimind.learning.errors import UserError
from minimind.learning.stages import STAGES, stage_of_weight
from minimind.trainer.arguments import args_of, described, expand_aliases, make_args, nano_values, preset_values

HEAVY = ("torch", "transformers", "datasets", "tokenizers", "numpy", "matplotlib", "streamlit")
PROBE = f"""
import json, sys
from minimind.cli import main
try:
    main(sys.argv[1:])
except SystemExit as e:
    code = e.code
print("\\n" + json.dumps([code, [m for m in {HEAVY} if m in sys.modules]]))
"""


def probe(*argv, home):
    "在新进程里跑一条命令，返回（退出码，标准输出，标准错误，导入了哪些大库）。"
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, argv)], capture_output=True, text=True, cwd=home,
        env={**os.environ, "MINIMIND_HOME": str(home)},
    )
    out, _, last = done.stdout.rstrip("\n").rpartition("\n")
    code, heavy = json.loads(last)
    return code, out, done.stderr, heavy


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


def test_a_refused_flag_or_file_is_answered_before_torch(tmp_path):
    "帮助、写错的选项、超出范围的数、不对的文件：每一种都在导入任何大库之前就有一句话。"
    turns = [{"role": "user", "content": "好"}, {"role": "assistant", "content": "好"}]
    files = {
        "chat.jsonl": json.dumps({"conversations": turns}, ensure_ascii=False) + "\n",
        "plain.jsonl": '{"text": "好"}\n', "typo.jsonl": '{"text": "好"}\n{"txet": "坏"}\n', "not.jsonl": "你好\n",
        "empty.jsonl": "", "good.csv": "text\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf8")
    cases = [
        (["--help"], 0, []), (["train", "--help"], 0, []), (["train", "pretrain", "--help"], 0, []),
        (["train", "full-sft", "--help"], 0, []), (["train", "sft", "--help"], 0, []),
        (["train", "pretrain", "--batch_sise", 3], 2, ["batch_size"]),
        (["train", "pretrain", "--epochs", 0], 2, ["--epochs", "至少 1"]),
        (["train", "full_sft", "--add_system", 1.5], 2, ["--add_system", "在 0 到 1 之间"]),
        (["train", "pretrain", "--max_seq_len", 1], 2, ["--max_seq_len", "前一个 token"]),
        (["train", "pretrain", "--nproc", 0], 2, ["--nproc", "至少 1"]),
        (["train", "pretrain", "--preset", "huge"], 2, ["huge", "nano"]),
        (["train", "pretrain", "--data_path", "nowhere.jsonl"], 2, ["nowhere.jsonl"]),
        (["train", "pretrain", "--data_path", "good.csv"], 2, ["good.csv", ".jsonl"]),
        (["train", "pretrain", "--data_path", "empty.jsonl"], 2, ["empty.jsonl", "空文件"]),
        (["train", "pretrain", "--data_path", "not.jsonl"], 2, ["not.jsonl:1：", "JSON"]),
        (["train", "pretrain", "--data_path", "typo.jsonl"], 2, ["typo.jsonl:2：", "txet"]),
        (["train", "pretrain", "--data_path", "chat.jsonl"], 2, ["chat.jsonl:1：", "sft 数据", "pretrain 数据"]),
        (["train", "full_sft", "--data_path", "plain.jsonl"], 2, ["plain.jsonl:1：", "pretrain 数据", "sft 数据"]),
        (["train", "full_sft", "--data_path", "chat.jsonl,plain.jsonl"], 2, ["plain.jsonl:1："]),
        (["notes", "--help"], 0, []), (["bench", "--help"], 0, []), (["data", "check", "typo.jsonl"], 2, ["typo"]),
    ]
    for argv, want, words in cases:
        code, out, err, heavy = probe(*argv, home=tmp_path)
        assert (code, heavy) == (want, []), (argv, code, heavy, err)
        assert all(w in err for w in words), (argv, err)
        assert want == 0 or (err.startswith("错误：") and err.count("\n") == 1), (argv, err)


def test_a_bad_row_far_down_is_found_later_not_missed(cli, tmp_path, small):
    "开头一百行没毛病的文件，坏在后面：训练照样拒绝。"
    late = tmp_path / "late.jsonl"
    late.write_text('{"text": "好"}\n' * 500 + '{"txet": "坏"}\n', encoding="utf8")
    done = cli("train", "pretrain", "--data_path", late, "--tokenizer_path", small["tok"], home=tmp_path)
    assert done.returncode == 2 and "late.jsonl:501：" in done.stderr


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
def test_every_stage_has_its_help(stage, tmp_path):
    code, out, err, heavy = probe("train", stage.name, "--help", home=tmp_path)
    assert heavy == [] and code == 0 and stage.help in out


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
def test_a_stage_owns_its_defaults_its_nano_values_and_its_ranges(stage):
    cls = args_of(stage)
    default = make_args(cls)
    assert stage_of_weight(default.save_weight) == stage and cls.kind in KINDS
    assert all(meta["help"] for meta in described(cls).values())
    nano = make_args(cls, preset="nano")
    assert all(getattr(nano, k) == v for k, v in nano_values(cls).items())
    assert preset_values("", cls) == {}
    for name, meta in described(cls).items():
        for key, step in (("low", -1), ("above", 0), ("high", 1)):
            if key in meta:
                with pytest.raises(UserError, match=f"--{name}"):
                    make_args(cls, **{name: type(getattr(default, name))(meta[key] + step)})


def test_minigpt_spelling_maps_onto_ours():
    assert from_minigpt(["train", "--mode", "sft", "--config", "tiny", "--resume", "w.pth"]) == [
        "train", "full_sft", "--preset", "tiny", "--from_weight", "w.pth"
    ]
    assert from_minigpt(["train", "--mode", "rlhf"])[1] == "ppo"
    assert expand_aliases(["--resume", "--use-fp16"]) == ["--from_resume", "1", "--dtype", "float16"]


def test_tokenizer_train_show_and_data_check(cli, tmp_path, small):
    done = cli("tokenizer", "train", "--data_path", small["sft"], "--vocab_size", 300, "--name", "mine", home=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = cli("tokenizer", "show", "小猫", "--path", tmp_path / "out" / "tokenizer" / "mine", home=tmp_path)
    assert shown.returncode == 0 and "token" in shown.stdout
    checked = cli("data", "check", small["sft"], home=tmp_path)
    assert checked.returncode == 0 and "60" in checked.stdout
