"""坏了自己爬起来：打死一个进程，torchrun 重新拉起，从断点接着练，与没断过的逐位相同；别人的断点不接。"""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch
from test_distributed_faults import started

from minimind.trainer.checkpoint import load_resume

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="要 Linux 的 /proc，才找得到进程")
STEPS = 40


def flags(small, home, **more):
    given = dict(
        hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=2, accumulation_steps=1, learning_rate=1e-2,
        epochs=20, max_steps=STEPS, dtype="float32", num_workers=0, log_interval=1, save_interval=2, device="cpu",
        data_path=small["pretrain"], tokenizer_path=small["tok"], save_dir=home / "out",
    )
    return [f"--{k}={v}" for k, v in (given | more).items()]


def launched(small, home, *torchrun, **more):
    home.mkdir(exist_ok=True)
    env = {**os.environ, "MINIMIND_HOME": str(home), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", *torchrun]
    return subprocess.Popen(
        [*command, "-m", "minimind.trainer.train_pretrain", *flags(small, home, **more)], cwd=home, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )


def hit(child, rank: int, home=None, sign: str = "pretrain [2-9]/") -> None:
    "等它走起来（给了 `home` 就等到存过一份断点），打死第 `rank` 号。"
    pids = started(child, sign)
    while home and not (home / "checkpoints/pretrain_32_resume.pth").exists():
        time.sleep(0.01)
    os.kill(pids[rank], signal.SIGKILL)


def end(child) -> str:
    out, _ = child.communicate(timeout=200)
    return out


def final(home) -> dict:
    return load_resume(home / "checkpoints/pretrain_32_resume.pth")


def steps(home) -> list[int]:
    return [json.loads(line)["step"] for line in (home / "out/metrics.jsonl").read_text(encoding="utf8").splitlines()]


def same(a, b) -> bool:
    return a["step"] == b["step"] and all(torch.equal(a["model"][k], v) for k, v in b["model"].items())


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    "没断过的那一次，两个进程。"
    home = tmp_path_factory.mktemp("whole")
    child = launched(small, home, "--standalone")
    out = end(child)
    assert child.returncode == 0 and final(home)["step"] == STEPS, out
    return home


@pytest.mark.parametrize("victim", [1, pytest.param(0, marks=pytest.mark.slow)])
def test_killed_rank_is_started_again_and_ends_at_the_same_weights(small, tmp_path, whole, victim):
    child = launched(small, tmp_path, "--standalone", "--max-restarts", "2")
    hit(child, victim, tmp_path)
    out = end(child)
    assert child.returncode == 0, out
    assert out.count("第 1 次重新拉起：从断点接着练") == 1 and "第 2 次重新拉起" not in out
    assert re.search(r"从断点继续：第 \d+ 遍，第 [1-9]\d* 步", out) and f"第 {victim} 号进程" in out
    assert same(final(tmp_path), final(whole)) and steps(tmp_path) == list(range(1, STEPS + 1))


def test_another_launch_left_a_checkpoint_and_it_is_not_taken(small, tmp_path):
    "昨天的断点躺在那里，今天的还没存过就被打死：从头来，不接昨天的。"
    end(launched(small, tmp_path, "--standalone", max_steps=6))
    yesterday = final(tmp_path)["launch"]
    child = launched(small, tmp_path, "--standalone", "--max-restarts", "1", max_steps=30, save_interval=1000)
    hit(child, 1)
    out = end(child)
    assert child.returncode == 0 and "没有这一次启动存的断点，从头开始" in out and "从断点继续" not in out, out
    assert final(tmp_path)["step"] == 30 and final(tmp_path)["launch"] != yesterday


@pytest.mark.slow
def test_our_own_launcher_restarts_too(small, tmp_path, whole):
    env = {**os.environ, "MINIMIND_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "minimind.cli", "train", "pretrain", "--nproc=2", "--max_restarts=1"]
    child = subprocess.Popen(
        [*command, *flags(small, tmp_path)], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )
    hit(child, 1, tmp_path)
    out = end(child)
    assert child.returncode == 0 and "第 1 次重新拉起：从断点接着练" in out, out
    assert same(final(tmp_path), final(whole))


@pytest.mark.slow
def test_the_restarts_run_out(small, tmp_path):
    "打死的次数比许的多：停下，退出码不是零，断点还在，手动接得上。"
    child = launched(small, tmp_path, "--standalone", "--max-restarts", "1", max_steps=100000, epochs=100000)
    hit(child, 1, tmp_path)
    hit(child, 1, sign=r"pretrain \d+/100000")
    since = time.monotonic()
    out = end(child)
    assert child.returncode != 0 and "--from_resume 1" in out and time.monotonic() - since < 60
    assert final(tmp_path)["step"] > 0
