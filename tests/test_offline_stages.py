"""真的阶段：每个走几步；断在中间接上，逐位相同；两个进程与一个进程同路；坏数据一句话说清。"""

import json
import math
import sys
from pathlib import Path

import pytest
import torch

from minimind.inference.load import load_model, save_weights
from minimind.learning.errors import UserError
from minimind.learning.stages import get_stage
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.trainer.arguments import DistillationArgs, make_args

sys.path.insert(0, str(Path(__file__).parent))
from stage_runs import losses, on_two_processes, resumes_bitwise, tiny_base, train  # noqa: E402

NAMES = ("lora", "reward", "dpo", "distillation", "reason")
WORDS = ["狗汪汪叫。", "猫喵喵叫。", "天是蓝的。", "草是绿的。", "一加一是二。", "大的反义词是小。"]


@pytest.fixture(scope="module")
def kit(small, tmp_path_factory):
    "底子、偏好对、推理数据。"
    home = tmp_path_factory.mktemp("offline")
    base, *_ = tiny_base(home, small["tok"])
    ask = lambda i: {"role": "user", "content": WORDS[i % 6][:2]}
    say = lambda text: {"role": "assistant", "content": text}
    pairs = [{"chosen": [ask(i), say(WORDS[i % 6])], "rejected": [ask(i), say(WORDS[(i + 1) % 6])]} for i in range(13)]
    thought = lambda i: f"<think>\n{WORDS[i % 6]}\n</think>\n<answer>\n{WORDS[(i + 2) % 6]}\n</answer>"
    talks = [{"conversations": [ask(i), say(thought(i))]} for i in range(13)]
    for name, rows in (("dpo", pairs), ("reason", talks)):
        lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        (home / f"{name}.jsonl").write_text(lines, encoding="utf8")
    return dict(home=home, base=base, tok=small["tok"], sft=small["sft"])


def given(name, kit, home, **more):
    data = kit["home"] / ("dpo.jsonl" if name in ("reward", "dpo") else "reason.jsonl")
    args = dict(
        data_path=str(data),
        save_dir=str(home / "out"),
        tokenizer_path=str(kit["tok"]),
        device="cpu",
        dtype="float32",
        batch_size=4,
        accumulation_steps=2,
        epochs=9,
        max_steps=4,
        learning_rate=1e-2,
        schedule="constant",
        max_seq_len=64,
        hidden_size=32,
        num_hidden_layers=2,
        num_workers=0,
        log_interval=1,
        packing=0 if name in ("lora", "distillation", "reason") else 1,
        from_weight=str(kit["base"]),
        replay_path=str(kit["sft"]),
        replay_weight=0.5,
        replay_batch_size=2,
    )
    if name == "reward":
        args["replay_path"] = ""  # 它不说话，没有旧话可复习
    if name == "distillation":
        del args["from_weight"]
        args |= dict(
            from_teacher_weight=str(kit["base"]),
            teacher_hidden_size=32,
            from_student_weight="none",
            student_hidden_size=16,
            student_num_layers=1,
        )
    return args | more


def run(name, kit, home, **more):
    return train(name, given(name, kit, home, **more))


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_then_resumed_bitwise(name, kit, tmp_path):
    result = resumes_bitwise(lambda home, **more: run(name, kit, home, **more), tmp_path)
    assert name == "reward" or all(map(math.isfinite, result.journal["replay"]))
    card = json.loads(result.weight_path.with_suffix(".json").read_text(encoding="utf8"))
    assert card["stage"] == get_stage(name).name and result.weight_path.exists()


@pytest.fixture(scope="module")
def two(kit, tmp_path_factory):
    "两个 gloo 进程，各阶段走一遍。"
    homes = {name: tmp_path_factory.mktemp(f"{name}-two") for name in NAMES}
    runs = [(name, given(name, kit, home)) for name, home in homes.items()]
    on_two_processes(runs)
    return homes


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_walk_the_same_way(name, kit, tmp_path, two):
    run(name, kit, tmp_path, batch_size=8, replay_batch_size=4)
    assert losses(tmp_path) == pytest.approx(losses(two[name]), rel=5e-4)


@pytest.mark.parametrize("name,start", [("reward", math.log(2)), ("dpo", math.log(2))])
def test_pairs_start_at_ln_2(name, start, kit, tmp_path):
    assert run(name, kit, tmp_path, max_steps=1).journal["loss"][0] == pytest.approx(start, rel=1e-5)


def test_reward_says_that_it_cannot_rehearse(kit, tmp_path):
    with pytest.raises(UserError, match="--replay_path"):
        run("reward", kit, tmp_path, replay_path=str(kit["sft"]))


def test_cached_reference_walks_the_same_way(kit, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path))
    run("dpo", kit, tmp_path / "a")
    run("dpo", kit, tmp_path / "b", ref_cache=1)
    assert losses(tmp_path / "a") == pytest.approx(losses(tmp_path / "b"), rel=1e-5)


def test_reference_cache_knows_every_row(kit, tmp_path, monkeypatch):
    "只有中间一行不同的两份数据，参考的数各算各的。"
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path))
    lines = (kit["home"] / "dpo.jsonl").read_text(encoding="utf8").splitlines()
    row = json.loads(lines[3])
    row["rejected"][-1]["content"] = "别的话。"
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join([*lines[:3], json.dumps(row, ensure_ascii=False), *lines[4:]]), encoding="utf8")
    for cache in (0, 1):
        run("dpo", kit, tmp_path / f"first{cache}", ref_cache=cache)
        run("dpo", kit, tmp_path / f"second{cache}", ref_cache=cache, data_path=str(changed))
    assert losses(tmp_path / "second1") == pytest.approx(losses(tmp_path / "second0"), rel=1e-5)


def test_lora_saves_only_itself_and_merges_at_load(kit, tmp_path):
    result = run("lora", kit, tmp_path, lora_name="talk", lora_r=4)
    state = torch.load(result.weight_path, weights_only=True)
    tensors = [k for k, v in state.items() if isinstance(v, torch.Tensor)]
    assert result.weight_path == tmp_path / "out/lora/talk_32.pth" and all(".lora." in k for k in tensors)
    ids = torch.randint(3, 100, (1, 8))
    merged, _ = load_model(kit["base"], lora_weight=str(result.weight_path))
    assert merged(ids).logits.allclose(result.model.eval()(ids).logits, atol=2e-2)
    base, _ = load_model(kit["base"])
    for name, p in base.named_parameters():
        assert torch.equal(p, dict(result.model.named_parameters())[name].float()), name


@pytest.mark.parametrize("targets,says", [("query", "没有叫 query 的线性层"), ("q_proj,nothing", "nothing")])
def test_unknown_lora_targets_are_named(targets, says, kit, tmp_path):
    with pytest.raises(UserError, match=says):
        run("lora", kit, tmp_path, lora_targets=targets)


def test_a_wrong_start_is_said_aloud(kit, tmp_path, capfd):
    model, _ = load_model(kit["base"])
    path = save_weights(model, tmp_path / "pretrain_32.pth", stage="pretrain", tokenizer_dir=kit["tok"])
    run("dpo", kit, tmp_path, from_weight=str(path), max_steps=1)
    assert "是 pretrain（预训练）存的" in capfd.readouterr().out


def test_pairs_cut_to_nothing_are_counted(kit, tmp_path, capfd):
    rows = [json.loads(s) for s in (kit["home"] / "dpo.jsonl").read_text(encoding="utf8").splitlines()]
    rows[0]["chosen"][0]["content"] = rows[0]["rejected"][0]["content"] = "很长的问题" * 60
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf8")
    run("dpo", kit, tmp_path, data_path=str(path), max_steps=1)
    assert "跳过 1 对" in capfd.readouterr().out


def test_exploding_loss_stops_and_names_the_batch(kit, tmp_path):
    with pytest.raises(UserError, match="第 .* 步的"):
        run("reason", kit, tmp_path, learning_rate=1e18, max_steps=6, replay_path="", grad_clip=1e18)


def test_distillation_refuses_another_tokenizer(kit, tmp_path):
    from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

    other = save_tokenizer(train_tokenizer(["完全不同的另一种文字。"] * 30, vocab_size=300), tmp_path / "other")
    student = MiniMindForCausalLM(MiniMindConfig(hidden_size=16, num_hidden_layers=1, vocab_size=300))
    path = save_weights(student, tmp_path / "full_sft_16.pth", stage="full_sft", tokenizer_dir=other)
    with pytest.raises(UserError, match="不是同一个分词器"):
        run("distillation", kit, tmp_path, from_student_weight=str(path), tokenizer_path="")


def test_distillation_refuses_a_from_weight_that_is_not_the_student_s(kit, tmp_path):
    with pytest.raises(UserError, match="--from_student_weight"):
        run("distillation", kit, tmp_path, from_weight="pretrain")
    args = make_args(DistillationArgs, from_weight="dpo", from_student_weight="dpo")  # 说了两遍一样的，不拦
    assert args.from_weight == args.from_student_weight == "dpo"


def test_bad_rows_of_the_old_data_stop_or_are_skipped_as_asked(kit, tmp_path, capsys):
    old = tmp_path / "old.jsonl"
    old.write_text(Path(kit["sft"]).read_text(encoding="utf8") + '{"conversations": 3}\n', encoding="utf8")
    with pytest.raises(UserError, match="old.jsonl:61"):
        run("dpo", kit, tmp_path, replay_path=str(old))
    capsys.readouterr()
    result = run("dpo", kit, tmp_path, replay_path=str(old), skip_bad=1)
    assert result.steps == 4 and "跳过 1 行坏的" in capsys.readouterr().out
