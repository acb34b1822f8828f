"""在显卡上走一遍：各个阶段真的走几步，损失与 CPU 对得上，断得开接得上，写出来的字一样。

make test-gpu；MINIMIND_TEST_DEVICE=npu（或 mps、cpu）换一种设备，MINIMIND_TEST_STEPS 改步数（默认 50）。
没有这种设备就跳过，并说出来。make test-full 在 CPU 上把这一份跑一遍，所以没有卡的人也改不坏它。
"""

import math
import os
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))
import test_offline_stages as offline  # noqa: E402
import test_rl as rl  # noqa: E402
from conftest import small  # noqa: E402, F401
from stage_runs import final, train  # noqa: E402

from minimind.inference.generate import stream as stream_ids  # noqa: E402
from minimind.inference.load import load_model  # noqa: E402
from minimind.inference.sampling import SamplingParams  # noqa: E402
from minimind.lab.accelerator import bench_anywhere  # noqa: E402
from minimind.learning.device import available_devices, pick_device  # noqa: E402

DEVICE = os.environ.get("MINIMIND_TEST_DEVICE", "cuda")
STEPS = int(os.environ.get("MINIMIND_TEST_STEPS", "50"))
ONLINE = {"grpo": {}, "ppo": rl.PPO, "spo": dict(num_generations=1, batch_size=4)}
pytestmark = pytest.mark.skipif(
    DEVICE not in available_devices(), reason=f"这台机器上没有 {DEVICE}；有的是 {'、'.join(available_devices())}"
)


@pytest.fixture(scope="module")
def kits(tmp_path_factory, request):
    small = request.getfixturevalue("small")
    return {
        "offline": offline.kit.__wrapped__(small, tmp_path_factory), "rl": rl.kit.__wrapped__(small, tmp_path_factory),
        "small": small,
    }


def settings(name: str, kits: dict, home: Path, **more) -> dict:
    "一个阶段的小小的训练：在 DEVICE 上，四步。"
    more = {"device": DEVICE} | more
    if name in ("pretrain", "full_sft"):
        base = offline.given("lora", kits["offline"], home, **more)
        data = kits["small"]["pretrain" if name == "pretrain" else "sft"]
        return base | dict(data_path=str(data), packing=1, replay_path="") | (
            {"from_weight": "none"} if name == "pretrain" else {}
        )
    if name in ONLINE or name == "agent":
        extra = rl.agent_args(kits["rl"]) if name == "agent" else ONLINE[name]
        return rl.given_args(kits["rl"], home, **extra | more)
    return offline.given(name, kits["offline"], home, **more)


OFFLINE = ["pretrain", "full_sft", *offline.NAMES]
EVERY = [*OFFLINE, *ONLINE, "agent"]


@pytest.mark.parametrize("name", OFFLINE)
def test_losses_in_float32_are_those_of_the_cpu(name, kits, tmp_path):
    there = train(name, settings(name, kits, tmp_path / "there"))
    here = train(name, settings(name, kits, tmp_path / "here", device="cpu"))
    assert there.steps == here.steps == 4
    assert there.journal["loss"] == pytest.approx(here.journal["loss"], rel=2e-3)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", EVERY)
def test_every_stage_runs_in_half_precision(name, dtype, kits, tmp_path):
    steps = STEPS if name in OFFLINE else max(2, STEPS // 10)
    result = train(name, settings(name, kits, tmp_path, dtype=dtype, max_steps=steps, epochs=999, learning_rate=1e-3))
    loss = result.journal["loss"]
    assert result.steps == steps and all(map(math.isfinite, loss))
    if name in OFFLINE and steps >= 20:
        assert sum(loss[-5:]) < sum(loss[:5])


@pytest.mark.parametrize("name", ["pretrain", "lora", "dpo"])
def test_a_stopped_run_goes_on(name, kits, tmp_path):
    whole = train(name, settings(name, kits, tmp_path / "a"))
    train(name, settings(name, kits, tmp_path / "b", max_steps=2))
    rest = train(name, settings(name, kits, tmp_path / "b", from_resume=1))
    assert rest.steps == 2  # 这一回走的
    a, b = (final(tmp_path / x)["model"] for x in "ab")
    assert all(torch.allclose(a[k].float(), b[k].float(), atol=1e-4) for k in a)  # 卡上的求和次序不保证逐位
    assert whole.journal["loss"][2:] == pytest.approx(rest.journal["loss"][-2:], rel=1e-3)


def test_a_checkpoint_from_the_card_goes_on_without_it(kits, tmp_path):
    train("full_sft", settings("full_sft", kits, tmp_path, max_steps=2))
    rest = train("full_sft", settings("full_sft", kits, tmp_path, device="cpu", from_resume=1))
    assert rest.steps == 2 and all(map(math.isfinite, rest.journal["loss"]))


def test_compiled_is_the_same_training(kits, tmp_path):
    plain = train("full_sft", settings("full_sft", kits, tmp_path / "plain"))
    fast = train("full_sft", settings("full_sft", kits, tmp_path / "fast", use_compile=1))
    assert fast.journal["loss"] == pytest.approx(plain.journal["loss"], rel=1e-3)


def test_greedy_words_are_those_of_the_cpu(kits):
    model, tok = load_model(kits["offline"]["base"])
    ids = tok("狗汪汪叫。", add_special_tokens=False)["input_ids"]
    wrote = [
        list(stream_ids(model.to(place).eval(), ids, max_new_tokens=20, params=SamplingParams(temperature=0)))
        for place in (torch.device("cpu"), pick_device(DEVICE))
    ]
    assert wrote[0] == wrote[1] and wrote[0]


def test_the_benchmark_runs(tmp_path, capsys):
    rows = bench_anywhere(DEVICE, quick=True, save=True, folder=tmp_path)
    assert {r["写法"] for r in rows} == {"矩阵乘法（上限）", "transformers Llama", "本课", "本课，拼接"}
    assert (tmp_path / f"train_{pick_device(DEVICE).type}.md").exists()
