"""训练循环的陷阱与约定：步数、顺序、权重的键、续训、两个进程、坏输入。"""

import json
import math
from pathlib import Path

import pytest
import torch

from minimind.learning.errors import UserError
from minimind.model.causal_lm import MiniMindForCausalLM
from minimind.model.config import MiniMindConfig
from minimind.trainer import train_full_sft, train_pretrain
from minimind.trainer.arguments import make_args
from minimind.trainer.batches import Batches, rank_batches, sample_order
from minimind.trainer.optim import build_optimizer, get_lr, split_params
from minimind.trainer.runtime import make_scaler, unwrap
from minimind.trainer.stage import language_model_loss
from minimind.trainer.step import supervised, train_step
from minimind.trainer.train_full_sft import SFTArgs
from minimind.trainer.train_pretrain import PretrainArgs

SHAPE = dict(
    hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=2, accumulation_steps=1, dtype="float32",
    num_workers=0, log_interval=1, learning_rate=1e-2, device="cpu",
)


def args_for(cls, small, tmp_path, data="pretrain", **more):
    return make_args(
        cls,
        **{
            **SHAPE, "data_path": str(small[data]), "tokenizer_path": str(small["tok"]),
            "save_dir": str(tmp_path / "out"), "max_steps": 6, **more,
        },
    )


def tiny(seed=0, **kw):
    torch.manual_seed(seed)
    return MiniMindForCausalLM(
        MiniMindConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=64, **kw
        )
    )


def batch(rows=2, length=12, seed=0, ragged=False):
    g = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 64, (rows, length), generator=g)
    labels = ids.clone()
    if ragged:
        for i in range(rows):
            labels[i, 3 + 2 * i :] = -100
    return {"input_ids": ids, "labels": labels}


@pytest.mark.parametrize("schedule", ["cosine", "wsd"])
def test_schedule_starts_at_lr_and_ends_at_its_floor(schedule):
    assert get_lr(0, 50, 3e-4, schedule=schedule) == pytest.approx(3e-4)
    assert get_lr(49, 50, 3e-4, schedule=schedule) == pytest.approx({"cosine": 3e-5, "wsd": 0.0}[schedule])
    warm = [get_lr(i, 100, 1.0, schedule=schedule, warmup=0.1) for i in range(100)]
    assert max(warm) == pytest.approx(1.0) and warm[0] < warm[5] < warm[9]


@pytest.mark.parametrize("n,bs,accum,epochs", [(7, 2, 3, 1), (8, 2, 2, 2), (5, 3, 1, 2), (1, 4, 4, 3)])
def test_number_of_steps_is_exact(n, bs, accum, epochs):
    batches = Batches(list(range(n)), lambda rows: {"rows": rows}, bs, accum, epochs)
    expected = math.ceil(math.ceil(n / bs) / accum) * epochs
    assert batches.left() == expected and sum(1 for _ in batches) == expected
    assert batches.epoch == epochs


def step_of(model, micro, optimizer):
    return train_step(
        {"model": model}, micro, supervised, lambda models, b: (language_model_loss(models["model"], b), {}), optimizer,
        make_scaler(torch.device("cpu"), torch.float32), grad_clip=1e9,
    )


def test_accumulation_equals_one_big_batch_with_unequal_lengths():
    big = batch(4, ragged=True)
    grads = []
    for micro in ([big], [{k: v[i : i + 1] for k, v in big.items()} for i in range(4)]):
        model = tiny()
        opt = build_optimizer(model, "adamw", lr=0.0)
        opt.zero_grad = lambda *a: None
        out = step_of(model, micro, opt)
        grads.append((out["loss_sum"] / out["weight"], [p.grad.clone() for p in model.parameters()]))
    assert torch.allclose(grads[0][0], grads[1][0], atol=1e-5)
    for a, b in zip(grads[0][1], grads[1][1]):
        assert torch.allclose(a, b, atol=1e-6)


def test_order_differs_between_epochs_and_repeats_with_the_seed():
    assert sample_order(50, 1, 0) == sample_order(50, 1, 0) != sample_order(50, 1, 1)
    assert sample_order(50, 2, 0) != sample_order(50, 1, 0)


@pytest.mark.parametrize("world", [1, 2, 3])
def test_ranks_share_every_sample_once_from_any_position(world):
    order = sample_order(23, 0, 0)
    got = [i for r in range(world) for b in rank_batches(order, 4, r, world, start=8) for i in b]
    assert sorted(got) == sorted(order[8:])
    assert len({len(rank_batches(order, 4, r, world)) for r in range(world)}) == 1


def test_batch_without_supervised_tokens_gives_zero_not_nan():
    b = batch()
    b["labels"][:] = -100
    model = tiny()
    out = step_of(model, [b], build_optimizer(model))
    assert out["loss_sum"].item() == 0.0 and supervised(b) == 0
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_tied_weight_is_in_one_group_only():
    groups = split_params(tiny())
    ids = [id(p) for g in groups.values() for p in g]
    assert len(ids) == len(set(ids)) == len(list(tiny().parameters()))
    assert len(groups["embedding"]) == 1


def test_scaler_is_on_for_float16_only():
    assert not make_scaler(torch.device("cpu"), torch.bfloat16).is_enabled()
    assert not make_scaler(torch.device("cpu"), torch.float16).is_enabled()


def test_stages_train_save_and_log_plain_numbers(small, tmp_path):
    pre = train_pretrain.train(args_for(PretrainArgs, small, tmp_path, epochs=3))
    assert pre.weight_path.name == "pretrain_32.pth" and pre.steps == 6
    assert pre.journal["loss"][-1] < pre.journal["loss"][0]
    assert all(isinstance(r["loss"], float) and isinstance(r["grad_norm"], float) for r in pre.journal.records)
    sft = train_full_sft.train(args_for(SFTArgs, small, tmp_path, data="sft", from_weight="pretrain", epochs=2))
    card = json.loads(sft.weight_path.with_suffix(".json").read_text(encoding="utf8"))
    assert card["stage"] == "full_sft" and card["config"]["hidden_size"] == 32


def test_saved_keys_are_clean_under_compile_and_wrapper(small, tmp_path):
    model = tiny()
    wrapped = torch.compile(model)
    assert unwrap(wrapped) is model
    result = train_pretrain.train(args_for(PretrainArgs, small, tmp_path, max_steps=1))
    keys = torch.load(result.weight_path, weights_only=True).keys()
    assert not any(k.startswith(("module.", "_orig_mod.")) for k in keys)
    assert {
        "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight", "model.layers.0.self_attn.q_proj.weight"
    } <= set(keys)


def test_trainable_parameters_are_all_of_them(small, tmp_path):
    result = train_pretrain.train(args_for(PretrainArgs, small, tmp_path, max_steps=1))
    assert all(p.requires_grad for p in result.model.parameters())


def test_padded_training_matches_its_flag(small, tmp_path):
    result = train_pretrain.train(args_for(PretrainArgs, small, tmp_path, packing=0, max_steps=2))
    assert result.steps == 2 and math.isfinite(result.journal["loss"][-1])


def test_resume_continues_where_it_stopped(small, tmp_path):
    whole = train_pretrain.train(
        args_for(PretrainArgs, small, tmp_path / "a", max_steps=6, schedule="constant", epochs=3)
    )
    half = args_for(PretrainArgs, small, tmp_path / "b", max_steps=3, schedule="constant", epochs=3)
    train_pretrain.train(half)
    rest = train_pretrain.train(
        args_for(PretrainArgs, small, tmp_path / "b", max_steps=6, schedule="constant", epochs=3, from_resume=1)
    )
    assert rest.steps == 3
    for a, b in zip(whole.model.state_dict().values(), rest.model.state_dict().values()):
        assert torch.equal(a, b)


def test_moe_trains_and_its_balance_loss_reaches_the_router(small, tmp_path):
    model = tiny(use_moe=True, n_routed_experts=4, num_experts_per_tok=2, aux_loss_alpha=0.1)
    language_model_loss(model, {**batch(), "labels": torch.full((2, 12), -100)}).backward()
    b = batch()
    model.zero_grad()
    model(b["input_ids"]).aux_loss.backward()
    assert any(
        p.grad is not None and p.grad.abs().sum() > 0 for n, p in model.named_parameters() if "mlp.gate.weight" in n
    )
    result = train_pretrain.train(args_for(PretrainArgs, small, tmp_path, use_moe=1, max_steps=2))
    assert result.weight_path.name == "pretrain_32_moe.pth"


@pytest.mark.parametrize(
    "given,words",
    [
        (dict(from_weight="pretrain"), ["pretrain_32.pth", "train pretrain"]),
        (dict(data_path="/nowhere/x.jsonl"), ["/nowhere/x.jsonl"]),
        (dict(tokenizer_path="/nowhere/tok"), ["/nowhere/tok", "minimind"]),
        (dict(preset="tiny", vocab_size=100), ["vocab_size"]),
    ],
)
def test_bad_input_is_one_clear_sentence(given, words, small, tmp_path):
    with pytest.raises(UserError) as e:
        train_pretrain.train(args_for(PretrainArgs, small, tmp_path, **given))
    assert all(w in str(e.value) for w in words), str(e.value)
    assert "\n" not in str(e.value)


def test_nan_stops_with_a_diagnosis(small, tmp_path):
    with pytest.raises(UserError, match="learning_rate"):
        train_pretrain.train(args_for(PretrainArgs, small, tmp_path, learning_rate=1e30, grad_clip=1e30, max_steps=6))


def test_weights_of_another_shape_are_refused(small, tmp_path):
    train_pretrain.train(args_for(PretrainArgs, small, tmp_path, max_steps=1))
    path = tmp_path / "out" / "pretrain_32.pth"
    with pytest.raises(UserError, match="hidden_size"):
        train_full_sft.train(args_for(SFTArgs, small, tmp_path, data="sft", hidden_size=64, from_weight=str(path)))


def test_two_processes_agree_and_exit(small, tmp_path, cli):
    flags = [
        f"--{k}={v}"
        for k, v in dict(
            data_path=small["pretrain"], tokenizer_path=small["tok"], hidden_size=32, num_hidden_layers=2,
            max_seq_len=32, batch_size=2, accumulation_steps=1, max_steps=3, learning_rate=1e-2, epochs=3,
            dtype="float32", num_workers=0, log_interval=1, device="cpu",
        ).items()
    ]
    done = cli(
        *flags, f"--save_dir={tmp_path}/two/out", home=tmp_path, module="minimind.trainer.train_pretrain", nproc=2,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one = cli(
        *[f.replace("--batch_size=2", "--batch_size=4") for f in flags], f"--save_dir={tmp_path}/one/out",
        home=tmp_path, module="minimind.trainer.train_pretrain", timeout=240,
    )
    assert one.returncode == 0, one.stderr[-2000:]
    a, b = (
        [json.loads(line)["loss"] for line in Path(f"{tmp_path}/{w}/out/metrics.jsonl").read_text().splitlines()]
        for w in ("one", "two")
    )
    # 种子按进程编号错开，初始权重由 DDP 从主进程广播；同样的全局批，损失应当一致
    assert a == pytest.approx(b, abs=2e-4)
