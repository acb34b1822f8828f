"在替身上走一遍：由 test_npu.py 开的子进程跑，参数是一个 JSON（小数据的路径与放东西的文件夹）；有一处不对就抛错。"

import io
import json
import math
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

import torch

from minimind.inference import SamplingParams, generate
from minimind.inference.load import load_model
from minimind.learning.device import available_devices, pick_device, pick_dtype
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.trainer.checkpoint import read_resume, rng_state, set_rng_state

sys.path.insert(0, str(Path(__file__).parents[1]))
from stage_runs import losses, resumes_bitwise, train  # noqa: E402

SHAPE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
USUAL = dict(
    hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=2, accumulation_steps=1, epochs=8, max_steps=5,
    num_workers=0, log_interval=1, learning_rate=1e-2, dtype="float32",
)


def given(small: dict, home: Path, **more) -> dict:
    paths = dict(data_path=small["pretrain"], tokenizer_path=small["tok"], save_dir=str(home / "out"))
    return USUAL | paths | more


def devices_are_found(monkey: dict) -> None:
    assert available_devices() == ["npu", "cpu"] and pick_device().type == "npu"
    monkey["LOCAL_RANK"] = "1"
    assert pick_device("npu") == torch.device("npu:1")
    del monkey["LOCAL_RANK"]
    npu = pick_device("npu")
    assert npu == torch.device("npu:0") and pick_dtype("float16", npu) is torch.float16
    torch.npu.is_bf16_supported = lambda: False
    assert pick_dtype("bfloat16", npu) is torch.float16  # 老的卡没有 bfloat16
    torch.npu.is_bf16_supported = lambda: True


def ties_survive() -> None:
    torch.manual_seed(0)
    model = MiniMindForCausalLM(MiniMindConfig(**SHAPE, vocab_size=64))
    before = sum(p.numel() for p in model.parameters())
    model.to("npu:0")
    assert sum(p.numel() for p in model.parameters()) == before
    assert model.lm_head.weight is model.model.embed_tokens.weight and model.lm_head.weight.device.type == "npu"


def random_state_goes_back() -> None:
    kept, draw = rng_state(), lambda: torch.rand(4, device="npu").cpu()
    first, on_cpu = draw(), torch.rand(4)
    set_rng_state(kept)
    assert torch.rand(4).equal(on_cpu) and draw().equal(first)  # 两份各走各的
    assert not draw().equal(first) and len(kept["npu"]) == torch.npu.device_count()
    torch.manual_seed(3)
    first = draw()
    torch.manual_seed(3)
    assert draw().equal(first)  # 定种子也管到它


def five_steps_as_on_the_cpu(small: dict, home: Path) -> None:
    for device in ("cpu", "npu"):
        train("pretrain", given(small, home / device, device=device))
    a, b = losses(home / "cpu"), losses(home / "npu")
    assert len(a) == 5 and max(abs(x - y) for x, y in zip(a, b)) < 1e-4, (a, b)


def half_precision_resumes_bitwise(small: dict, home: Path) -> None:
    run = lambda where, **more: train(
        "pretrain", given(small, where, device="npu", dtype="float16", schedule="constant", **{"max_steps": 4, **more})
    )
    resumes_bitwise(run, home)
    state = read_resume(home / "a/checkpoints/pretrain_32_resume.pth")
    assert "npu" in state["rng"][0] and state["scaler"]["scale"] > 1


def overflow_is_skipped_and_said(small: dict, home: Path) -> None:
    from minimind.trainer import loop

    real, loop.make_scaler = loop.make_scaler, lambda *a: torch.amp.GradScaler("npu", init_scale=2.0**40)
    said = io.StringIO()
    with redirect_stdout(said):
        train("pretrain", given(small, home, device="npu", dtype="float16", max_steps=30))
    loop.make_scaler = real
    skipped = said.getvalue().count("float16 溢出，跳过这次更新")
    assert 2 <= skipped < 30, said.getvalue()
    state = read_resume(home / "checkpoints/pretrain_32_resume.pth")
    assert state["scaler"]["scale"] == 2.0 ** (40 - skipped) and all(map(math.isfinite, losses(home)))
    steps = {float(v["step"]) for v in state["optimizer"][0]["state"].values()}
    assert steps == {30.0 - skipped}  # 跳过的步，优化器真的没有走


def writes_the_same(home: Path) -> None:
    ask, greedy = torch.arange(3, 9)[None], SamplingParams(temperature=0)
    answers = {}
    for device in ("cpu", "npu"):
        model, _ = load_model("pretrain", save_dir=home / "npu/out", hidden_size=32, device=device)
        out = generate(model.eval(), ask.to(device), max_new_tokens=8, params=greedy)
        answers[device] = out.tokens.cpu()
    assert answers["cpu"].equal(answers["npu"])


def other_stages_walk_too(small: dict, home: Path) -> None:
    base, lines = str(home / "cpu/out/pretrain_32.pth"), Path(small["sft"]).read_text(encoding="utf8").splitlines()
    talks = [json.loads(line)["conversations"] for line in lines[:13]]
    pairs = [{"chosen": a, "rejected": [a[0], b[1]]} for a, b in zip(talks, talks[1:])]
    asks = [{"conversations": [t[0], {"role": "assistant", "content": ""}], "gt": "猫"} for t in talks]
    for name, rows in (("dpo", pairs), ("grpo", asks)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (home / f"{name}.jsonl").write_text(text, encoding="utf8")
    for name in ("full_sft", "lora", "dpo"):
        data = home / "dpo.jsonl" if name == "dpo" else small["sft"]
        more = dict(from_weight=base, data_path=str(data), packing=0, max_steps=2)
        for device in ("cpu", "npu"):
            train(name, given(small, home / f"{name}-{device}", device=device, **more))
        a, b = losses(home / f"{name}-cpu"), losses(home / f"{name}-npu")
        assert len(a) == 2 and max(abs(x - y) for x, y in zip(a, b)) < 1e-4, (name, a, b)
    more = dict(from_weight=base, data_path=str(home / "grpo.jsonl"), max_seq_len=64, max_gen_len=8, num_generations=4)
    more |= dict(device="npu", max_steps=2, reasoning=0)
    train("grpo", given(small, home / "grpo", **more))  # 采样用卡自己的随机数，与 CPU 的字不同：只看走得通
    assert len(losses(home / "grpo")) == 2 and all(map(math.isfinite, losses(home / "grpo")))


if __name__ == "__main__":
    small = json.loads(sys.argv[1])
    home = Path(small["home"])
    devices_are_found(os.environ)
    ties_survive()
    random_state_goes_back()
    five_steps_as_on_the_cpu(small, home)
    half_precision_resumes_bitwise(small, home / "half")
    overflow_is_skipped_and_said(small, home / "over")
    writes_the_same(home)
    other_stages_walk_too(small, home)
    print("都走通了")
