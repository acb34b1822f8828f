"""骨架的两条承诺：换一种跑法，损失与权重一样；数据大十倍，内存不变。"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import forked

from minimind.lab import memory, parity
from minimind.learning.errors import UserError
from minimind.trainer.arguments import run_command


@pytest.fixture
def short_cut(monkeypatch):
    "单个进程的命令从这个进程分身出来跑，省下导入；torchrun 的照旧新开。"
    real = subprocess.run

    def run(command, env, **how):
        if command[1:3] != ["-m", "minimind.cli"] or not sys.platform.startswith("linux"):
            return real(command, env=env, **how)
        home = Path(env["MINIMIND_HOME"])
        home.mkdir(exist_ok=True)
        return forked(*command[3:], home=home, timeout=600)

    monkeypatch.setattr(parity.subprocess, "run", run)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    "大家合用的一份小任务。"
    return parity.make_task(tmp_path_factory.mktemp("task"), scale=0.1)


def same_in_every_way(stage, packing, folder, task, ways=tuple(parity.WAYS)):
    rows = parity.verdicts(folder, (stage,), (packing,), steps=4, ways=ways, task=task)
    assert [r["跑法"] for r in rows] == parity.ways_of(stage, ways) and all(r["步"] == 4 for r in rows)
    assert all(r["结论"] == "一样" for r in rows), rows
    assert rows[1]["权重最多差"] == 0  # 命令行与笔记本：逐位相同


def test_every_way_gives_the_same_losses_and_weights(tmp_path, task):
    same_in_every_way("pretrain", 1, tmp_path, task)


REST = [("pretrain", 0), ("full_sft", 1), ("full_sft", 0), ("dpo", 0), ("grpo", 0)]


@pytest.mark.parametrize("stage,packing", REST)
def test_every_stage_gives_the_same_losses_and_weights(stage, packing, tmp_path, task, short_cut):
    with_two = {("grpo", 0)}  # 别的搭配，几个进程一起跑的是 slow
    few = [w for w in parity.WAYS if w not in parity.PROCESSES or (w == "两个进程" and (stage, packing) in with_two)]
    same_in_every_way(stage, packing, tmp_path, task, few)


@pytest.mark.slow
@pytest.mark.parametrize("stage,packing", REST)
def test_every_stage_agrees_on_several_processes(stage, packing, tmp_path, task):
    same_in_every_way(stage, packing, tmp_path, task)


def test_a_rank_that_averages_its_own_tokens_is_caught(tmp_path, task, monkeypatch):
    "GRPO 若按自己这批的 token 平均，累积两次就不是同一个训练：剧本里的长短查得出来。"
    right = parity.Scripted.loss

    def own_mean(self, models, batch):
        value, metrics = right(self, models, batch)
        return value / int((batch["labels"] != -100).sum()) * 100, metrics

    runs = []
    for way in ("笔记本里调用", "累积两次"):
        monkeypatch.setattr(parity.Scripted, "loss", own_mean)
        runs.append(parity.run_way("grpo", way, task, tmp_path / way, 0, 4))
    assert parity.verdict("grpo", 0, "累积两次", *runs)["结论"] == "不一样"


def test_speed_counts_what_comes_after_the_first_line_and_refuses_a_stage(tmp_path, capsys):
    short = tmp_path / "metrics.jsonl"
    short.write_text('{"input_tokens": 900, "seconds": 5.0}\n', encoding="utf8")
    with pytest.raises(UserError, match="只有 1 笔"):
        parity.tokens_per_second(short)
    assert run_command(parity.command, ["--speed", "--stage", "dpo"]) == 2
    assert "--stage" in capsys.readouterr().err


def test_per_micro_batch_mean_is_caught(tmp_path, monkeypatch, capsys):
    "把循环换成按微批平均：命令要看得出来，退出码 1。"
    from minimind.trainer import train_pretrain
    from minimind.trainer.loop import train_stage
    from minimind.trainer.step import supervised

    class PerMicroBatch(train_pretrain.Pretrain):
        def loss(self, models, batch):
            return super().loss(models, batch)[0] * 200 / supervised(batch), {}

    real = parity.run_way

    def wrong(stage, way, task, home, packing, steps):
        if way != "累积两次":
            return real(stage, "笔记本里调用", task, home, packing, steps)
        args = parity.make_args(train_pretrain.PretrainArgs, **parity.options(stage, task, home, way, packing, steps))
        train_stage(PerMicroBatch, args)
        return parity.read_run(home)

    monkeypatch.setattr(parity, "run_way", wrong)
    assert run_command(parity.command, ["--quick", "--stage", "pretrain", "--save", "--folder", str(tmp_path)]) == 1
    assert "不一样：pretrain、打包：是、累积两次" in capsys.readouterr().out
    assert {r["结论"] for r in json.loads((tmp_path / "parity.json").read_text(encoding="utf8"))["rows"]} == {
        "一样",
        "不一样",
    }


def test_unknown_stage_is_one_sentence(capsys):
    assert run_command(parity.command, ["--stage", "dpoo"]) == 2
    assert "dpoo" in capsys.readouterr().err


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="要 Linux 的 /proc")


@needs_proc
def test_small_memory_bench(tmp_path):
    size = ["--small", "0.2", "--large", "2"]  # 比 --quick 还小：这里只看流程，内存平不平由 slow 的那个量
    assert run_command(memory.command, [*size, "--save", "--folder", str(tmp_path)]) == 0
    assert len(json.loads((tmp_path / "memory.json").read_text(encoding="utf8"))["rows"]) == 4


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("packing", [1, 0])
def test_ten_times_the_data_needs_no_more_memory(packing):
    rows = memory.bench_memory(20, 200, packing)
    small, large = (max(r["峰值（丢不掉的）"] for r in rows if r["语料 MB"] == size) for size in (20, 200))
    assert large < small + memory.SLACK
