"""一个进程出事，大家都停：一分钟之内、非零退出、屏幕上一句中文说清几号与为什么。"""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

FLAGS = dict(
    hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=2, accumulation_steps=1, learning_rate=1e-2,
    epochs=100000, dtype="float32", num_workers=0, log_interval=1, device="cpu", packing=0,
)
ALONE = """
import os, sys
rank = os.environ["RANK"]
argv = [a.replace("RANK", rank) for a in sys.argv[1:]]
from minimind.trainer import train_pretrain as t
sys.exit(t.run_stage("pretrain", t.PretrainArgs, t.train, t.HELP, argv))
"""


def flags(small, home, **more):
    given = {**FLAGS, "data_path": small["pretrain"], "tokenizer_path": small["tok"], "save_dir": home / "out", **more}
    return [f"--{k}={v}" for k, v in given.items()]


def torchrun(*argv, home):
    "两个 gloo 进程；输出合在一起（看到的就是使用者看到的）。"
    env = {**os.environ, "MINIMIND_HOME": str(home), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", *argv], cwd=home,
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )


def ending(child, since=None) -> tuple[str, float]:
    "读到结束，返回 (输出, 从出事到全部结束的秒数)；不给 `since` 就从那句话出现时算起，导入库的时间不算。"
    lines = []
    for line in child.stdout:
        lines.append(line)
        if line.startswith("错误：") and since is None:
            since = time.monotonic()
    child.wait(timeout=60)
    return "".join(lines), time.monotonic() - (since or time.monotonic())


def one_sentence(out: str) -> str:
    "我们的话恰好一句；没有哪个进程印出调用栈（torchrun 自己的总结里会引用这句话，不算）。"
    ours = [line for line in out.splitlines() if line.startswith("错误：")]
    assert len(ours) == 1, out
    before = out[: out.index("torch/distributed/run.py")] if "torch/distributed/run.py" in out else out
    assert "minimind/trainer" not in before.replace(ours[0], ""), out  # 没有我们自己文件的调用栈
    return ours[0]


def test_rank_with_bad_data_stops_the_other(small, tmp_path):
    for r in "01":
        (tmp_path / f"data{r}.jsonl").write_text('{"text": "小猫喵喵叫。"}\n' * 40, encoding="utf8")
    (tmp_path / "data1.jsonl").write_text('{"text": "小猫喵喵叫。"}\n{"txet": "坏"}\n', encoding="utf8")
    (tmp_path / "alone.py").write_text(ALONE, encoding="utf8")
    child = torchrun("alone.py", *flags(small, tmp_path, data_path=tmp_path / "dataRANK.jsonl"), home=tmp_path)
    out, spent = ending(child)
    said = one_sentence(out)
    assert child.returncode != 0 and "第 1 号进程（共 2 个）" in said and "data1.jsonl:2：" in said and "text" in said
    assert re.search(r"exitcode\s*: 2", out)  # 出事的那个自己的退出码
    assert spent < 60


def started(child, sign: str = "pretrain [2-9]/") -> list[int]:
    "等到训练走起来（印出 `sign` 这样的一行），返回两个训练进程的进程号。"
    for line in child.stdout:
        if re.search(sign, line):
            break
    kids = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True).stdout.split()
    assert len(kids) == 2, kids
    rank = {
        int(next(e for e in open(f"/proc/{k}/environ").read().split("\0") if e.startswith("RANK=")).split("=")[1]): int(
            k
        )
        for k in kids
    }
    return [rank[0], rank[1]]


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="要 Linux 的 /proc")
@pytest.mark.parametrize("victim", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_rank_stops_the_other(small, tmp_path, victim):
    child = torchrun("-m", "minimind.trainer.train_pretrain", *flags(small, tmp_path), home=tmp_path)
    pids, since = started(child), time.monotonic()
    os.kill(pids[victim], signal.SIGKILL)
    out, spent = ending(child, since)
    assert child.returncode != 0 and spent < 60
    said = one_sentence(out)
    assert f"第 {victim} 号进程" in said and "没了" in said and "--from_resume 1" in said
    assert not any(os.path.exists(f"/proc/{p}") for p in pids)


def test_stuck_rank_is_given_up_after_the_time_limit(small, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMIND_DIST_TIMEOUT", "8")
    child = torchrun("-m", "minimind.trainer.train_pretrain", *flags(small, tmp_path), home=tmp_path)
    pids, since = started(child), time.monotonic()
    os.kill(pids[1], signal.SIGSTOP)  # 停住不动，但没死
    time.sleep(15)
    os.kill(pids[1], signal.SIGCONT)
    out, spent = ending(child, since)
    assert child.returncode != 0 and spent < 60
    assert "等得太久" in one_sentence(out) and "MINIMIND_DIST_TIMEOUT" in out


def test_nan_on_one_rank_is_one_sentence(small, tmp_path):
    child = torchrun(
        "-m", "minimind.trainer.train_pretrain", *flags(small, tmp_path, learning_rate=1e30, grad_clip=1e30),
        home=tmp_path,
    )
    out, spent = ending(child)
    said = one_sentence(out)
    assert child.returncode != 0 and "号进程" in said and "--learning_rate" in said and spent < 60


def test_bug_says_where_and_keeps_the_traceback(small, tmp_path):
    (tmp_path / "bug.py").write_text(
        "from minimind.trainer.peers import distributed\n"
        "from minimind.trainer.runtime import rank, sum_across_ranks\n"
        "with distributed('cpu'):\n    for i in range(9):\n"
        "        if rank() == 1 and i == 4: {}['少了这个键']\n        sum_across_ranks(1)\n",
        encoding="utf8",
    )
    child = torchrun("bug.py", home=tmp_path)
    out, _ = ending(child)
    said = one_sentence(out)
    assert child.returncode != 0 and "第 1 号进程" in said and "KeyError" in said and "bug.py:5" in said
    assert "Traceback" in (tmp_path / "out" / "error_rank1.txt").read_text(encoding="utf8")


def test_sigterm_to_all_still_saves_and_exits_zero(small, tmp_path):
    child = torchrun("-m", "minimind.trainer.train_pretrain", *flags(small, tmp_path), home=tmp_path)
    for p in started(child):
        os.kill(p, signal.SIGTERM)
    out, _ = ending(child)
    assert child.returncode == 0 and "SIGTERM" in out and "错误" not in out, out
    assert (tmp_path / "checkpoints/pretrain_32_resume.pth").exists()
    assert [json.loads(line)["step"] for line in open(tmp_path / "out/metrics.jsonl", encoding="utf8")][0] == 1


def test_stopping_our_launcher_saves_and_says_no_traceback(small, tmp_path):
    "只停开进程的那一个（Ctrl-C 之外，系统关机、任务队列都这么停）：大家存好，退出码 0，没有调用栈。"
    child = subprocess.Popen(
        [sys.executable, "-m", "minimind.cli", "train", "pretrain", *flags(small, tmp_path), "--nproc=2"], cwd=tmp_path,
        env={**os.environ, "MINIMIND_HOME": str(tmp_path), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    started(child)
    child.send_signal(signal.SIGTERM)
    out, _ = ending(child)
    assert child.returncode == 0 and "Traceback" not in out, out
    assert (tmp_path / "checkpoints/pretrain_32_resume.pth").exists()


def test_our_launcher_keeps_the_exit_code_and_says_only_that(small, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"text": 3}\n', encoding="utf8")
    given = flags(small, tmp_path, data_path=tmp_path / "bad.jsonl")
    code = (
        "import sys; from minimind.trainer.peers import launch; "
        f"sys.exit(launch(2, 'minimind.trainer.train_pretrain', {given!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=500, cwd=tmp_path,
        env={**os.environ, "MINIMIND_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
    )
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 2 and len(said) == 1, done.stderr
    assert said[0].startswith("错误：第 ") and "bad.jsonl:1：" in said[0]


ROUNDS = """
import os, sys
import torch
import torch.distributed as dist
from minimind.trainer import peers

rank, stores = int(os.environ["RANK"]), iter(range(10**6))
def init(device):
    dist.init_process_group("gloo", store=dist.FileStore(f"{sys.argv[1]}/{next(stores)}", 2), rank=rank, world_size=2)
    return rank
peers.init_distributed_mode = init
peers.Peers.watch = lambda self: None
for _ in range(150):
    with peers.distributed("cpu"):
        model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 2))
        model(torch.zeros(1, 2)).sum().backward()
    del model  # 组已经拆了，DDP 才放手
print("走完了")
"""


def test_a_ddp_model_that_outlives_its_group_does_not_hang_the_exit(tmp_path):
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    pair = [
        subprocess.Popen([sys.executable, "-c", ROUNDS, str(tmp_path)], env={**env, "RANK": str(r)}, text=True,
                         stdout=subprocess.PIPE)
        for r in (0, 1)
    ]
    try:
        assert [p.communicate(timeout=120)[0].strip() for p in pair] == ["走完了"] * 2
    finally:
        for p in pair:
            p.kill()
            p.wait()
