"启动昇腾训练的脚本：命令拼得对，阶段的别名认得，写错了以 2 退出。真的 NPU 这里没有。"

import os
import shlex
import subprocess

import pytest
from course import ROOT

from minimind.learning.stages import STAGES


def script(*argv, **env):
    env = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        ["bash", "scripts/run_train_npu.sh", *map(str, argv)], cwd=ROOT, capture_output=True, text=True, env=env
    )


def test_the_documented_line_prints_a_torchrun_of_eight_cards():
    done = script("pretrain", "--epochs", 1, "--batch_size", 32, "--dry_run")
    words = done.stdout.split()
    assert done.returncode == 0, done.stderr
    assert "torch.distributed.run --standalone --nproc_per_node 8 -m minimind.trainer.train_pretrain" in done.stdout
    assert words[words.index("--device") + 1] == "npu" and words[words.index("--dtype") + 1] == "float16"
    assert words[-4:] == ["--epochs", "1", "--batch_size", "32"]


@pytest.mark.parametrize("stage", STAGES, ids=[s.name for s in STAGES])
def test_every_stage_has_its_module(stage):
    assert f"-m minimind.trainer.{stage.module} " in script(stage.name, "--dry_run").stdout


def test_aliases_cards_devices_and_precision():
    done = script("sft", "--nproc", 2, "--devices", "3,5", "--dtype", "bfloat16", "--dry-run")
    assert done.stdout.startswith("ASCEND_RT_VISIBLE_DEVICES=3,5 ") and "--nproc_per_node 2" in done.stdout
    assert "train_full_sft" in done.stdout and "float16 " not in done.stdout.replace("bfloat16", "")
    path = script("pretrain", "--data_path", "a b.jsonl", "--dry_run")
    assert shlex.split(path.stdout)[-1] == "a b.jsonl"  # 打印的那一行可以原样贴回去
    cards = script("pretrain", "--devices=0,1", "--max_restarts=3", "--dry_run").stdout
    assert "--nproc_per_node 2 --max-restarts 3 -m " in cards  # 没说几张，就是看得见的那几张；重新拉起归 torchrun
    assert "--nproc_per_node 4 " in script("pretrain", "--nproc=4", "--dry_run").stdout


MISTAKES = [(["nowhere"], "没有训练阶段 nowhere"), (["pretrain", "--nproc", "x"], "--nproc 要是正整数")]
MISTAKES += [(["pretrain", "--dry_run", "--devices"], "--devices 后面要跟卡的编号")]


@pytest.mark.parametrize("argv,word", MISTAKES)
def test_mistakes_end_with_two(argv, word):
    done = script(*argv) if "--dry_run" in argv else script(*argv, "--dry_run")
    assert done.returncode == 2 and word in done.stderr and "Traceback" not in done.stderr


def test_without_a_stage_it_explains_itself():
    done = script()
    assert done.returncode == 0 and "run_train_npu.sh pretrain" in done.stdout


def test_without_an_npu_it_says_so(tmp_path):
    done = script("pretrain", "--nproc", 1, "--data_path", tmp_path / "x.jsonl", PYTHONUNBUFFERED="1")
    assert done.returncode != 0 and ("npu" in done.stderr + done.stdout or "x.jsonl" in done.stderr + done.stdout)
