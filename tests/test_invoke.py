"""测试用的捷径（从测试进程分身出来跑命令）与真的新开一个 Python 看不出差别；编码、信号、退出码用真的再验一遍。"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def same(text: str) -> str:
    "去掉每次都不同的东西：秒数、速度、内存、临时文件夹的编号。"
    return re.sub(r"\d[\d,.]*", "#", text)


def train(small, home, **more) -> list:
    given = dict(
        data_path=small["pretrain"], tokenizer_path=small["tok"], save_dir=home / "out", hidden_size=32,
        num_hidden_layers=1, max_seq_len=32, batch_size=4, max_steps=2, num_workers=0, device="cpu", **more,
    )
    return ["train", "pretrain", *[f"--{k}={v}" for k, v in given.items()]]


CASES = {
    "帮助": lambda small, home: ["--help"],
    "没有这个命令": lambda small, home: ["trian"],
    "没有这个选项": lambda small, home: train(small, home, batch_sise=3),
    "没有这份权重": lambda small, home: train(small, home, from_weight="nowhere"),
    "训练两步": train,
}


@pytest.mark.parametrize("name", CASES)
def test_the_short_cut_answers_like_a_new_process(name, cli, small, tmp_path):
    done = []
    for way in (dict(), dict(real=True)):
        home = tmp_path / str(len(done))
        home.mkdir()
        done.append(cli(*CASES[name](small, home), home=home, **way))
    short, real = done
    assert short.returncode == real.returncode
    assert same(short.stderr) == same(real.stderr) and same(short.stdout) == same(real.stdout)
    made = [sorted(str(p.relative_to(d)) for p in d.rglob("*.pth")) for d in (tmp_path / "0", tmp_path / "1")]
    assert made[0] == made[1]


def test_the_short_cut_leaves_this_process_alone(cli, tmp_path):
    import minimind.learning.paths as before

    here, env = os.getcwd(), dict(os.environ)
    assert cli("info", home=tmp_path).returncode == 0
    import minimind.learning.paths as after

    assert after is before and os.getcwd() == here and dict(os.environ) == env


def test_the_short_cut_gives_up_on_time(cli, small, tmp_path):
    with pytest.raises(subprocess.TimeoutExpired):
        cli(*train(small, tmp_path), "--max_steps=100000", "--epochs=100000", home=tmp_path, timeout=2)


def test_a_terminal_that_knows_no_chinese_still_gets_an_answer(cli, tmp_path):
    done = cli("--help", home=tmp_path, real=True, PYTHONIOENCODING="ascii:backslashreplace", LC_ALL="C")
    assert done.returncode == 0 and "demo" in done.stdout and "Traceback" not in done.stderr


def test_ctrl_c_ends_a_training_without_a_traceback(small, tmp_path):
    command = [Path(sys.executable).with_name("minimind"), *train(small, tmp_path, log_interval=1)]
    child = subprocess.Popen(
        [*map(str, command), "--max_steps=100000", "--epochs=100000"], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env={**os.environ, "MINIMIND_HOME": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # 后台的任务可能一出生就不理 Ctrl-C
    )
    for line in child.stdout:
        if re.search(r"pretrain [2-9]/", line):
            break
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=60)[0]
    assert "Traceback" not in said, said
