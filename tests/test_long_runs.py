"""长跑：留出的数据上考一次、最好的另存一份；断点留几份；面板坏了训练照走，续训接着画。"""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from conftest import run

from minimind.inference.load import load_model
from minimind.learning.errors import UserError
from minimind.trainer.arguments import GRPOArgs, LoRAArgs, SFTArgs, make_args
from minimind.trainer.checkpoint import older, read_resume
from minimind.trainer.train_full_sft import train as train_sft
from minimind.trainer.train_lora import train as train_lora
from minimind.trainer.train_pretrain import PretrainArgs, train


def options(small, home, **more) -> dict:
    usual = dict(
        hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=2, accumulation_steps=1, epochs=8, max_steps=12,
        dtype="float32", num_workers=0, log_interval=1, save_interval=4, learning_rate=1e-2, device="cpu",
        data_path=str(small["pretrain"]), tokenizer_path=str(small["tok"]), save_dir=str(home / "out"),
    )
    return usual | more


def held(small, home) -> str:
    path = home / "held.jsonl"
    lines = small["pretrain"].read_text(encoding="utf8").splitlines(keepends=True)
    path.write_text("".join(lines[:3]), encoding="utf8")
    return str(path)


def weights(result):
    return {k: v.clone() for k, v in result.model.state_dict().items()}


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_the_exam_changes_nothing_and_keeps_the_best(small, tmp_path):
    plain = train(make_args(PretrainArgs, **options(small, tmp_path / "a")))
    seen = {}

    def keep(journal):
        seen[journal["step"][-1]] = journal.records[-1]

    asked = options(small, tmp_path / "b", valid_path=held(small, tmp_path), valid_interval=3)
    result = train(make_args(PretrainArgs, **asked), keep)
    assert same(weights(plain), weights(result))  # 考没考，练出来的逐位相同
    scores = {step: r["valid_loss"] for step, r in seen.items() if "valid_loss" in r}
    assert list(scores) == [3, 6, 9, 12]
    best = min(scores, key=scores.get)
    assert result.best_path.name == "pretrain_best_32.pth" and result.best_path.exists()
    model, _ = load_model("pretrain_best", save_dir=tmp_path / "b/out", hidden_size=32, dtype=torch.float32)
    if best == 12:
        assert all(torch.allclose(v, result.model.state_dict()[k], atol=1e-2) for k, v in model.state_dict().items())
    assert read_resume(tmp_path / "b/checkpoints/pretrain_32_resume.pth")["best"]["step"] == best


def test_the_best_survives_a_resume_and_a_new_exam_starts_over(small, tmp_path):
    exam = dict(valid_path=held(small, tmp_path), valid_interval=1, save_interval=1, schedule="constant")
    given = options(small, tmp_path, **exam)
    whole = train(make_args(PretrainArgs, **given | {"save_dir": str(tmp_path / "w/out")}))
    train(make_args(PretrainArgs, **given | {"max_steps": 6}))
    rest = train(make_args(PretrainArgs, **given, from_resume=1))
    assert whole.journal["valid_loss"][6:] == rest.journal["valid_loss"]
    file = tmp_path / "checkpoints/pretrain_32_resume.pth"
    before = read_resume(file)["best"]
    assert before == read_resume(tmp_path / "w/checkpoints/pretrain_32_resume.pth")["best"]
    other = tmp_path / "other.jsonl"
    other.write_text(small["pretrain"].read_text(encoding="utf8").splitlines()[3] + "\n", encoding="utf8")
    train(make_args(PretrainArgs, **given | {"valid_path": str(other), "max_steps": 13}, from_resume=1))
    assert read_resume(file)["best"]["step"] == 13 and read_resume(file)["best"]["data"] != before["data"]


def test_two_processes_get_the_same_score(small, tmp_path):
    flags = [f"--{k}={v}" for k, v in options(small, tmp_path, valid_path=held(small, tmp_path), max_steps=2).items()]
    done = run("train", "pretrain", *flags, "--nproc=2", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    two = [json.loads(x) for x in (tmp_path / "out/metrics.jsonl").read_text(encoding="utf8").splitlines()]
    args = make_args(PretrainArgs, **options(small, tmp_path / "one", valid_path=held(small, tmp_path), max_steps=2))
    one = train(replace(args, batch_size=4))
    assert abs(two[-1]["valid_loss"] - one.journal["valid_loss"][-1]) < 1e-4
    assert "valid_loss" in done.stdout and "第 2 步最好" in done.stdout


def test_stages_without_answers_refuse(small, tmp_path):
    from minimind.trainer.train_grpo import GRPO
    from minimind.trainer.validate import held_out

    args = make_args(GRPOArgs, **{"data_path": str(small["pretrain"]), "device": "cpu"})
    with pytest.raises(UserError, match="没有现成的"):
        held_out(GRPO(args, torch.device("cpu")), held(small, tmp_path))


def test_a_missing_or_wrong_exam_is_said_before_anything_starts(small, tmp_path):
    for path, why in ((tmp_path / "no.jsonl", "no.jsonl"), (small["sft"], "换一个")):
        flags = [f"--{k}={v}" for k, v in options(small, tmp_path, valid_path=str(path)).items()]
        done = run("train", "pretrain", *flags, home=tmp_path)
        assert done.returncode in (1, 2) and why in done.stderr + done.stdout and "Traceback" not in done.stderr


@pytest.mark.parametrize("keep", [1, 3])
def test_as_many_checkpoints_as_asked(small, tmp_path, keep):
    train(make_args(PretrainArgs, **options(small, tmp_path, keep=keep, save_interval=2)))
    file = tmp_path / "checkpoints/pretrain_32_resume.pth"
    steps = [read_resume(f)["step"] for f in [file, *older(file)]]
    assert steps == [12, 12, 10][:keep] or steps == [12, 10, 8][:keep]


class Library:
    "假的面板库：记下收到的，必要时出错。"

    def __init__(self, breaks=()):
        self.breaks, self.inits, self.sent, self.finished = breaks, [], [], 0

    def init(self, **given):
        if "init" in self.breaks:
            raise ConnectionError("断网")
        self.inits.append(given)

    def log(self, values, step):
        if "log" in self.breaks:
            raise ConnectionError("断网")
        self.sent.append((step, values))

    def finish(self):
        self.finished += 1


@pytest.mark.parametrize("name", ["wandb", "swanlab"])
def test_the_panel_goes_on_under_the_same_id(small, tmp_path, monkeypatch, name):
    fake = Library()
    monkeypatch.setitem(sys.modules, name, fake)
    given = options(small, tmp_path, tracker=name, save_interval=1)
    train(make_args(PretrainArgs, **given | {"max_steps": 3}))
    train(make_args(PretrainArgs, **given | {"max_steps": 5}, from_resume=1))
    first, second = fake.inits
    assert first["id"] == second["id"] and len(first["id"]) == 21 and second["resume"] == "allow"
    assert [step for step, _ in fake.sent] == [1, 2, 3, 4, 5] and fake.finished == 2
    assert "pretrain/loss" in fake.sent[0][1] and first["config"]["hidden_size"] == 32


@pytest.mark.parametrize("breaks", ["init", "log"])
def test_a_panel_that_is_down_never_stops_the_training(small, tmp_path, monkeypatch, capsys, breaks):
    monkeypatch.setitem(sys.modules, "wandb", Library({breaks}))
    result = train(make_args(PretrainArgs, **options(small, tmp_path, use_wandb=True, max_steps=3)))
    said = capsys.readouterr().out
    assert result.steps == 3 and said.count("断网") == 1 and "训练照走" in said
    assert len(result.journal["loss"]) == 3


def test_tensorboard_purges_what_came_after_the_checkpoint(small, tmp_path, monkeypatch):
    made = []

    class Writer:
        def __init__(self, folder, purge_step):
            made.append((folder, purge_step, []))

        def add_scalar(self, key, value, step):
            made[-1][2].append((key, step))

        def close(self):
            pass

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer))
    given = options(small, tmp_path, tracker="tensorboard", save_interval=1)
    train(make_args(PretrainArgs, **given | {"max_steps": 2}))
    train(make_args(PretrainArgs, **given | {"max_steps": 3}, from_resume=1))
    assert [m[1] for m in made] == [1, 3] and made[0][0] == made[1][0] == str(tmp_path / "runs/pretrain-pretrain_32")
    assert ("pretrain/loss", 3) in made[1][2] and all(key != "pretrain/stage" for key, _ in made[0][2])


def test_the_best_of_a_fine_tuning_keeps_its_card(small, tmp_path):
    data = dict(data_path=str(small["sft"]), valid_path=str(small["sft"]))
    given = options(small, tmp_path, **data, from_weight="none", max_steps=4, batch_size=1)
    result = train_sft(make_args(SFTArgs, **given))
    assert result.best_path.name == "full_sft_best_32.pth"
    assert json.loads(result.best_path.with_suffix(".json").read_text(encoding="utf8"))["stage"] == "full_sft"


def test_two_folders_side_by_side_keep_their_own_checkpoints(small, tmp_path):
    "runs/a 与 runs/b 合用旁边的一份断点，给 b 续训就会接上 a 的，再盖掉 b 的权重。"
    for name, rate in (("a", 1e-2), ("b", 1e-3)):
        given = options(small, tmp_path, save_dir=str(tmp_path / name), learning_rate=rate, max_steps=3)
        train(make_args(PretrainArgs, **given))
    files = [tmp_path / name / "checkpoints/pretrain_32_resume.pth" for name in "ab"]
    rates = [read_resume(file)["optimizer"][0]["param_groups"][0]["base_lr"] for file in files]
    assert rates == [1e-2, 1e-3] and not (tmp_path / "checkpoints").exists()


def test_another_rank_or_another_stage_does_not_go_on_from_this_checkpoint(small, tmp_path):
    "换了 LoRA 的秩，或别的阶段用同一个 --save_weight：一句话拒绝，不是调用栈。"
    more = dict(data_path=str(small["sft"]), max_steps=3, from_weight="none")
    train_lora(make_args(LoRAArgs, **options(small, tmp_path, lora_r=2, **more)))
    with pytest.raises(UserError, match="对不上.*断点里是 2×.*现在是 4×"):
        train_lora(make_args(LoRAArgs, **options(small, tmp_path, lora_r=4, from_resume=1, **more)))
    with pytest.raises(UserError, match="--lora_alpha 断点里是"):
        train_lora(make_args(LoRAArgs, **options(small, tmp_path, lora_r=2, lora_alpha=99, from_resume=1, **more)))
    with pytest.raises(UserError, match="阶段 断点里是 lora，现在是 full_sft"):
        train_sft(make_args(SFTArgs, **options(small, tmp_path, save_weight="lora_identity", from_resume=1, **more)))


def test_a_damaged_checkpoint_does_not_fall_back_to_another_run(small, tmp_path):
    "从头练的第一份断点坏了：不接上一次训练留下的，也不丢掉它。"
    train(make_args(PretrainArgs, **options(small, tmp_path, learning_rate=1e-2)))
    train(make_args(PretrainArgs, **options(small, tmp_path, learning_rate=1e-3, max_steps=3)))
    file = tmp_path / "out/../checkpoints/pretrain_32_resume.pth"
    assert older(file) == [] and read_resume(file.with_suffix(".old.pth"))["step"] == 12
    file.write_bytes(b"")
    with pytest.raises(UserError, match="断点"):
        train(make_args(PretrainArgs, **options(small, tmp_path, learning_rate=1e-3, from_resume=1)))


def test_fewer_to_keep_means_fewer_files(small, tmp_path):
    file = tmp_path / "checkpoints/pretrain_32_resume.pth"
    train(make_args(PretrainArgs, **options(small, tmp_path, save_interval=2, keep=4, max_steps=8)))
    assert len(older(file)) == 3
    train(make_args(PretrainArgs, **options(small, tmp_path, save_interval=2, keep=2, from_resume=1)))
    assert len(older(file)) == 1


def test_restarts_are_torchrun_s_own_when_torchrun_started_us(small, tmp_path, monkeypatch, capsys):
    from minimind.trainer.arguments import run_stage

    monkeypatch.setenv("RANK", "0")
    assert run_stage("pretrain", PretrainArgs, train, "", ["--max_restarts", "1"]) == 2
    assert "--max-restarts" in capsys.readouterr().err
