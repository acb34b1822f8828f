"""切开训练（FSDP2）：与不切时一样，断点通用，不支持的当场说清。"""

import json

import pytest
import torch
from conftest import run

from minimind.learning.errors import UserError
from minimind.trainer.arguments import make_args
from minimind.trainer.checkpoint import read_resume
from minimind.trainer.train_pretrain import PretrainArgs, train


def options(small, home, **more) -> dict:
    usual = dict(
        hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=2, accumulation_steps=1, epochs=8, max_steps=6,
        dtype="float32", num_workers=0, log_interval=1, save_interval=3, learning_rate=1e-2, device="cpu",
        schedule="constant", data_path=str(small["pretrain"]), tokenizer_path=str(small["tok"]),
        save_dir=str(home / "out"),
    )
    return usual | more


def losses(home):
    lines = (home / "out/metrics.jsonl").read_text(encoding="utf8").splitlines()
    return [json.loads(line)["loss"] for line in lines]


def resume(home, stage="pretrain"):
    return read_resume(home / f"checkpoints/{stage}_32_resume.pth")


def two(small, home, stage="pretrain", **more):
    home.mkdir(exist_ok=True)
    flags = [f"--{k}={v}" for k, v in options(small, home, **more).items()]
    done = run("train", stage, *flags, "--nproc=2", home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def one(small, tmp_path_factory):
    home = tmp_path_factory.mktemp("one")
    train(make_args(PretrainArgs, **options(small, home, batch_size=4)))
    return home


def near(a, b, atol):
    a, b = a["model"], b["model"]
    return a.keys() == b.keys() and all(torch.allclose(a[k], b[k], atol=atol) for k in a)


def test_cut_in_two_is_the_same_training_and_the_checkpoint_fits_any_way(small, tmp_path, one):
    two(small, tmp_path / "cut", strategy="fsdp", max_steps=3)
    first = resume(tmp_path / "cut")
    assert all(type(v) is torch.Tensor for v in first["model"].values())  # 存的是整个的
    sizes = {tuple(v["exp_avg"].shape) for v in first["optimizer"][0]["state"].values()}
    assert sizes <= {tuple(v.shape) for v in first["model"].values()}
    two(small, tmp_path / "cut", strategy="fsdp", from_resume=1)  # 切着存，切着接
    assert max(abs(a - b) for a, b in zip(losses(one), losses(tmp_path / "cut"), strict=True)) < 2e-4
    assert near(resume(one), resume(tmp_path / "cut"), 1e-3)


def test_a_cut_checkpoint_goes_on_whole_and_the_other_way_round(small, tmp_path, one):
    two(small, tmp_path / "a", strategy="fsdp", max_steps=3)
    train(make_args(PretrainArgs, **options(small, tmp_path / "a", batch_size=4), from_resume=1))
    train(make_args(PretrainArgs, **options(small, tmp_path / "b", batch_size=4) | {"max_steps": 3}))
    two(small, tmp_path / "b", strategy="fsdp", from_resume=1)
    for home in ("a", "b"):
        assert max(abs(x - y) for x, y in zip(losses(one), losses(tmp_path / home), strict=True)) < 2e-4
        assert near(resume(one), resume(tmp_path / home), 1e-3)


def test_the_exam_and_the_accumulation_work_cut_in_two(small, tmp_path):
    lines = small["pretrain"].read_text(encoding="utf8").splitlines(keepends=True)[:3]
    (tmp_path / "held.jsonl").write_text("".join(lines), encoding="utf8")
    more = dict(valid_path=str(tmp_path / "held.jsonl"), valid_interval=2)
    train(make_args(PretrainArgs, **options(small, tmp_path / "one", batch_size=4, **more)))
    two(small, tmp_path / "cut", strategy="fsdp", batch_size=1, accumulation_steps=2, **more)
    assert abs(resume(tmp_path / "one")["best"]["loss"] - resume(tmp_path / "cut")["best"]["loss"]) < 2e-4
    assert (tmp_path / "cut/out/pretrain_best_32.pth").exists()


@pytest.mark.parametrize("stage", ["lora", pytest.param("full_sft", marks=pytest.mark.slow)])
def test_other_stages_learn_the_same(small, tmp_path, one, stage):
    base = one / "out/pretrain_32.pth"
    more = dict(data_path=str(small["sft"]), from_weight=str(base), max_steps=3, packing=0)
    homes = {how: tmp_path / how for how in ("ddp", "fsdp")}
    for how, home in homes.items():
        two(small, home, stage, strategy=how, **more)
    assert max(abs(a - b) for a, b in zip(losses(homes["ddp"]), losses(homes["fsdp"]), strict=True)) < 2e-4


@pytest.mark.parametrize("bad", [dict(optimizer="muon"), dict(use_moe=1)])
def test_what_cannot_be_cut_is_said(small, tmp_path, bad):
    with pytest.raises(UserError, match="--strategy fsdp"):
        train(make_args(PretrainArgs, **options(small, tmp_path, strategy="fsdp", **bad)))
