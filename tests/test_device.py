"""没有 bfloat16、不会重排的 CPU：问一次就知道，退路走得通；一行日志一次写完。"""

import ast
import copy
import io
import os
import subprocess
import sys

import pytest
import torch

from minimind.inference import SamplingParams, generate
from minimind.inference import int8 as Q
from minimind.lab import generation, step_time
from minimind.learning import device
from minimind.learning.terminal import say
from minimind.learning.paths import PACKAGE, ROOT
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.trainer.arguments import run_command
from minimind.trainer.optim import fast_bf16
from minimind.trainer.runtime import Logger

CPU = torch.device("cpu")


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setenv("MINIMIND_PLAIN_CPU", "1")


def build():
    torch.manual_seed(0)
    return MiniMindForCausalLM(
        MiniMindConfig(
            hidden_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=200, initializer_range=0.2
        )
    ).eval()


def test_every_question_says_no(plain):
    assert not device.cpu_has_bf16() and not device.has_int8_kernel()
    assert not device.can_pack(torch.float32) and not device.can_pack(torch.bfloat16)
    assert device.pick_dtype("bfloat16", CPU) is torch.float32 and not fast_bf16(CPU)
    assert step_time.fast_dtype() is torch.float32


def test_a_kernel_that_raises_is_a_no(monkeypatch):
    def boom(*args):
        raise RuntimeError("bf16 path needs the cpu support avx512bw")

    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", boom)
    device._pack_works.cache_clear()
    try:
        assert not device.can_pack(torch.bfloat16)
        model = build().to(torch.bfloat16)
        assert type(Q.pack_weights(model).lm_head) is torch.nn.Linear                 # 原样返回，还能用
    finally:
        device._pack_works.cache_clear()


def test_asked_once(monkeypatch):
    device._pack_works.cache_clear()
    tried = []
    monkeypatch.setattr(device, "works", lambda attempt: tried.append(1) or True)
    assert device.can_pack() and device.can_pack() and len(tried) == 1
    device._pack_works.cache_clear()


def test_asking_leaves_the_random_state_alone():
    "问过与没问过，同一个种子造出的模型必须相同。"
    for probe in (device._bf16_works, device._pack_works, device._int8_works):
        probe.cache_clear()
    torch.manual_seed(7)
    before = torch.get_rng_state()
    device.cpu_has_bf16(), device.can_pack(), device.can_pack(torch.bfloat16), device.has_int8_kernel()
    assert torch.get_rng_state().equal(before)


def test_models_write_the_same_without_kernels(plain):
    model, ask = build(), torch.randint(3, 200, (2, 12))
    greedy = SamplingParams(temperature=0)
    want = generate(model, ask, max_new_tokens=8, params=greedy).tokens
    packed = Q.pack_weights(copy.deepcopy(model))
    assert torch.equal(generate(packed, ask, max_new_tokens=8, params=greedy).tokens, want)
    ruled = copy.deepcopy(model)                                     # 裁判：同样的整数与尺子，还原成普通权重
    with torch.no_grad():
        for p in {id(p): p for p in ruled.parameters() if p.ndim == 2}.values():
            p.copy_(Q.dequantize_rows(*Q.quantize_rows(p)))
    small = Q.quantize_int8(copy.deepcopy(model), dtype=torch.float32)
    assert small(ask).logits.allclose(ruled(ask).logits, atol=1e-4)


@pytest.mark.parametrize(
    "command, word", [(generation.command, "float32 与 int8"), (step_time.command, "只量 float32")]
)
def test_benches_run_and_say_why(plain, capsys, command, word):
    assert run_command(command, ["--quick"]) == 0
    out = capsys.readouterr().out
    assert word in out and "bf16 重排" not in out and "本课 bfloat16" not in out
    assert "fp32" in out or "float32" in out


def test_the_real_variables_of_torch_are_respected():
    "压低 torch 与 oneDNN 的指令集，就是没有 bfloat16；库自己的重排那时会报错，我们只得到一个“不会”。"
    code = (
        "import torch; from minimind.learning.device import cpu_has_bf16, can_pack\n"
        "print(cpu_has_bf16(), can_pack(torch.bfloat16))"
    )
    env = {**os.environ, "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.strip() == "False False", done.stderr


class Counted(io.StringIO):
    def __init__(self):
        super().__init__()
        self.pieces = []

    def write(self, text):
        self.pieces.append(text)
        return super().write(text)


def test_a_log_line_is_one_write(monkeypatch):
    "几个进程共用一个屏幕：文字与换行分两次写，别人的话就会插在中间。"
    out = Counted()
    monkeypatch.setattr("sys.stdout", out)
    Logger("补齐。")
    assert out.pieces == ["补齐。\n"]


@pytest.mark.parametrize("path", sorted((PACKAGE / "trainer").glob("*.py")), ids=lambda p: p.stem)
def test_trainer_speaks_only_in_whole_lines(path):
    calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf8"))) if isinstance(n, ast.Call)]
    assert not [n.lineno for n in calls if getattr(n.func, "id", "") == "print"]


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "latin-1"])
def test_a_narrow_terminal_does_not_stop_the_run(encoding):
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, encoding=encoding)
    say("loss 2.5 → 还剩 3 分钟 ✓", screen)
    assert "loss 2.5" in raw.getvalue().decode(encoding) and raw.getvalue().endswith(b"\n")


def test_the_apple_path_without_an_apple(monkeypatch):
    "没有苹果的显卡：只能换掉 is_available，看选设备、选精度、随机状态、缩放走不走得通；真的训练没有试过。"
    from minimind.trainer.batches import Batches
    from minimind.trainer.checkpoint import rng_state, set_rng_state
    from minimind.trainer.memory import peak_memory, reset_peak, used_memory
    from minimind.trainer.runtime import autocast, make_scaler

    kept, state = [], torch.arange(4, dtype=torch.uint8)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: state)
    monkeypatch.setattr(torch.mps, "set_rng_state", kept.append)
    device._mps_bf16.cache_clear()
    try:
        assert device.available_devices()[-2:] == ["mps", "cpu"]
        mps = device.pick_device("mps")
        assert mps == torch.device("mps") and device.pick_dtype("bfloat16", mps) is torch.float32  # 乘不成就退回
    finally:
        device._mps_bf16.cache_clear()
    monkeypatch.setattr(device, "_mps_bf16", lambda: True)
    assert device.pick_dtype("bfloat16", mps) is torch.bfloat16
    assert not make_scaler(mps, torch.bfloat16).is_enabled() and autocast(mps, torch.float32) is not None
    set_rng_state(rng_state())
    assert len(kept) == 1 and kept[0].equal(state)
    reset_peak(mps)
    assert used_memory(mps) >= 0 and peak_memory(mps) >= 0
    assert Batches([0], list, 1, device=mps).device.type == "mps"


@pytest.mark.slow
def test_the_suite_for_accelerators_holds_on_this_machine():
    "make test-gpu 的那一份，在 CPU 上小小地跑一遍：没有卡，也不会写坏它。"
    env = {**os.environ, "MINIMIND_TEST_DEVICE": "cpu", "MINIMIND_TEST_STEPS": "20"}
    command = [sys.executable, "-m", "pytest", "tests/gpu"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and " passed" in done.stdout and "skipped" not in done.stdout, done.stdout[-3000:]
