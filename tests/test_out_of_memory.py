"""内存不够：哪个阶段都是一句话，说出三个可以改的选项、现在是多少、改成多少；float16 一直溢出也是一句话。"""

import pytest
import torch
from stage_runs import train
from test_chaos import arguments, kits  # noqa: F401

from minimind.learning.errors import UserError
from minimind.learning.stages import STAGES
from minimind.trainer import loop
from minimind.trainer.memory import out_of_memory


@pytest.mark.parametrize("name", [s.name for s in STAGES])
def test_every_stage_says_what_to_change(name, kits, tmp_path, monkeypatch):
    given, real, calls = arguments(name, kits, tmp_path, max_steps=3), loop.train_step, []

    def full(*given, **more):
        calls.append(1)
        return torch.empty(2**50) if len(calls) > 1 else real(*given, **more)  # 第二次更新真的要这么多

    monkeypatch.setattr(loop, "train_step", full)
    with pytest.raises(UserError, match="内存不够") as e:
        train(name, given)
    said = str(e.value)
    assert f"--batch_size {given['batch_size'] // 2}（现在 {given['batch_size']}）" in said
    assert "--grad_ckpt 1" in said and said.count("；") == 2 and "\n" not in said


def test_the_weighing_before_the_first_step_counts_too(kits, tmp_path, monkeypatch):
    def full(*given, **more):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(loop, "memory_estimate", full)
    with pytest.raises(UserError, match="--batch_size"):
        train("dpo", arguments("dpo", kits, tmp_path))


@pytest.mark.parametrize("room,warned", [(0.0, True), (1e6, False), (None, False)])
def test_too_little_room_is_said_before_the_first_step(kits, tmp_path, monkeypatch, capsys, room, warned):
    "被系统杀掉的进程来不及说话：剩得不够，开跑之前就说，连同可以改的选项。"
    monkeypatch.setattr(loop, "memory_room", lambda: room)
    train("dpo", arguments("dpo", kits, tmp_path, max_steps=1))
    out = capsys.readouterr().out
    assert ("这里只剩 0.0 GB" in out and "--batch_size" in out) is warned, out


@pytest.mark.parametrize(
    "error,is_it",
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True), (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("NPU out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False), (ValueError("out of memory"), False),
    ],
)
def test_what_counts(error, is_it):
    assert out_of_memory(error) is is_it


def test_overflow_that_no_scale_can_cure_stops(kits, tmp_path, monkeypatch):
    "放大的倍数已经减到 1 以下，还溢出：停下，说出现在的学习率。"
    monkeypatch.setattr(loop, "make_scaler", lambda *given: torch.amp.GradScaler("cpu", init_scale=1.0))
    real = loop.Loop.loss
    monkeypatch.setattr(loop.Loop, "loss", lambda *given: (real(*given)[0] * float("inf"), {}))
    with pytest.raises(UserError, match="不放大梯度也溢出.*--learning_rate 从 0.01"):
        train("dpo", arguments("dpo", kits, tmp_path))
