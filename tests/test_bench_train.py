"""minimind bench train：走得通、存得整、数得对，快的写法与朴素的写法算出同样的数。"""

import json
import subprocess
import sys
from datetime import date

import pytest
import torch

from minimind.lab import accelerator, bench, step_time
from minimind.lab.step_time import (
    SECTIONS, TECHNIQUES, bench_train, command, fake_batch, flops_per_token, full_loss, language_model_loss,
    llama_like, llama_loss, one_step,
)
from minimind.learning.device import cpu_has_bf16
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.model.attention import _blocks, blocked_attention, build_attention_mask, eager_attention
from minimind.trainer import optim
from minimind.trainer.arguments import run_command

SHAPE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=64)


def test_quick_run_of_every_section_saves_with_its_origin(tmp_path, capsys):
    assert run_command(command, ["--quick", "--save", "--folder", str(tmp_path)]) == 0
    saved = json.loads((tmp_path / "train.json").read_text(encoding="utf8"))
    page = (tmp_path / "train.md").read_text(encoding="utf8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["train.json", "train.md"]  # 没有留下临时文件
    assert saved["command"] == "minimind bench train --quick" and saved["command"] in page
    assert saved["date"] == date.today().isoformat() and saved["machine"]["cpu"] in page
    assert saved["machine"]["threads"] == torch.get_num_threads()
    what = " ".join(f"{r['项目']} {r['写法']}" for r in saved["rows"])
    fast = cpu_has_bf16()
    ours = "本课 bfloat16" if fast else "本课 float32"
    listed = [t for t in TECHNIQUES if fast or "bfloat16" not in t]                    # 没有指令，就没有可关的
    for word in ("transformers Llama float32", ours, "拼接", "nano", "全开", *listed):
        assert word in what, word
    assert all(v > 0 for r in saved["rows"] for v in r.values() if isinstance(v, float))


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    bench.save_result("train", "旧", [{"a": 1}], command="c", folder=tmp_path)
    before = (tmp_path / "train.json").read_bytes()
    monkeypatch.setattr("os.replace", lambda *a: (_ for _ in ()).throw(OSError("磁盘满了")))
    with pytest.raises(OSError):
        bench.save_result("train", "新", [{"a": 2}], command="c", folder=tmp_path)
    assert (tmp_path / "train.json").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["train.json", "train.md"]


@pytest.mark.parametrize(
    "argv, word",
    [
        (["--section", "nanoo"], "nanoo"), (["--nothing"], "nothing"), (["--batch_size", "4"], "--device"),
        (["--device", "cpu", "--section", "nano"], "--section"),
    ],
)
def test_wrong_options_are_one_sentence_and_exit_2(argv, word, capsys):
    assert run_command(accelerator.command, ["--quick", *argv]) == 2
    said = capsys.readouterr().err
    assert word in said and "Traceback" not in said


def test_help_is_chinese():
    out = subprocess.run(
        [
            sys.executable, "-c",
            "from minimind.lab.step_time import command; command.main(['--help'], 'minimind bench train')",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "用法" in out and "--section" in out and "例：" in out and all(name in out for name in SECTIONS)


@pytest.mark.parametrize("kw", [{}, {"tie_word_embeddings": False}, {"use_moe": True, "n_shared_experts": 1}])
def test_flops_equal_a_hand_count(kw):
    config = MiniMindConfig(**SHAPE, **kw)
    h, kv, inner, t = 32, 16, config.intermediate_size, 24
    mlp = 3 * h * inner
    if kw.get("use_moe"):
        mlp = mlp * (config.num_experts_per_tok + 1) + h * config.n_routed_experts  # 用到的专家、共享专家、路由
    layer = 2 * h * h + 2 * h * kv + mlp + 2 * h  # q o，k v，前馈，两次归一化
    assert flops_per_token(MiniMindForCausalLM(config), t) == 6 * (2 * layer + h + 64 * h) + 6 * 2 * h * t


def test_both_losses_agree_in_value_and_gradient():
    model = MiniMindForCausalLM(MiniMindConfig(**SHAPE, qk_norm=True))
    for learn in (1.0, 0.3, 0.0):
        batch, grads = fake_batch(64, 3, 40, document=11, learn=learn), []
        for loss in (full_loss, language_model_loss):
            model.zero_grad()
            value = loss(model, batch)
            value.backward()
            grads.append(
                torch.cat([value[None].detach(), *(p.grad.flatten() for p in model.parameters() if p.grad is not None)])
            )
        assert torch.isfinite(grads[1]).all() and grads[0].allclose(grads[1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("off", list(TECHNIQUES))
def test_each_fast_path_equals_the_naive_one(off):
    torch.manual_seed(0)
    model = MiniMindForCausalLM(MiniMindConfig(**SHAPE, qk_norm=True))
    batch, got = fake_batch(64, 2, 150, document=70), []
    for way in (None, TECHNIQUES[off]):
        model.zero_grad()
        if way:
            with way():
                full_loss(model, batch).backward()
        else:
            full_loss(model, batch).backward()
        got.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert (got[0] - got[1]).norm() < 1e-4 * got[0].norm()


@pytest.mark.parametrize("documents", [[200], [64, 64, 72], [1, 1, 100, 98], [130, 3, 67]])
def test_skipped_keys_never_change_attention(documents):
    torch.manual_seed(1)
    rows = [torch.repeat_interleave(torch.arange(len(d)), torch.tensor(d)) for d in (documents, documents[::-1])]
    mask, _ = build_attention_mask(200, document_ids=torch.stack(rows))
    q, k, v = (torch.randn(2, n, 200, 8, requires_grad=True) for n in (4, 2, 2))
    want, got = eager_attention(q, k, v, mask), blocked_attention(q, k, v, mask)
    go = torch.randn_like(want)
    assert got.allclose(want, atol=1e-5)
    for a, b in zip(torch.autograd.grad(got, (q, k, v), go), torch.autograd.grad(want, (q, k, v), go)):
        assert a.allclose(b, atol=1e-4)
    for start, stop, first, _ in _blocks(200, mask, q.dtype):
        assert not mask[:, :, start:stop, :first].any()  # 跳过的全是看不见的


def test_left_padding_keeps_its_own_places():
    attention_mask = torch.ones(2, 100)
    attention_mask[0, :90] = 0
    mask, _ = build_attention_mask(100, attention_mask=attention_mask)
    q, k, v = (torch.randn(2, n, 100, 8, requires_grad=True) for n in (4, 2, 2))
    assert blocked_attention(q, k, v, mask).allclose(eager_attention(q, k, v, mask), atol=1e-5)


def test_muon_stacks_tall_and_wide_together_and_equals_one_at_a_time():
    torch.manual_seed(2)
    shapes = [(24, 40), (40, 24), (24, 24), (24, 40)]
    start, grads = [torch.randn(s) for s in shapes], [torch.randn(s) for s in shapes]

    def run(together: bool):
        weights = [torch.nn.Parameter(w.clone()) for w in start]
        groups = [weights] if together else [[w] for w in weights]
        opts = [optim.Muon(g, lr=0.1, weight_decay=0.01) for g in groups]
        for _ in range(3):
            for w, g in zip(weights, grads):
                w.grad = g.clone()
            for o in opts:
                o.step()
        return torch.cat([w.detach().flatten() for w in weights]), opts[0].state[weights[0]]["momentum_buffer"].shape

    (a, shape), (b, _) = run(True), run(False)
    assert shape == (24, 40)  # 存档里的动量仍是每个参数自己的形状
    assert (a - b).norm() < 1e-3 * b.norm()


def test_llama_of_the_same_shape_gives_the_same_loss():
    config = MiniMindConfig(**SHAPE)
    ours, theirs, batch = MiniMindForCausalLM(config), llama_like(config), fake_batch(64, 2, 20)
    missing, unexpected = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert not unexpected and llama_loss(theirs, batch).isclose(language_model_loss(ours, batch), rtol=1e-4)
    assert sum(p.numel() for p in theirs.parameters()) == sum(p.numel() for p in ours.parameters())


def test_a_benchmark_step_really_trains():
    model = MiniMindForCausalLM(MiniMindConfig.preset("nano", num_hidden_layers=1))
    before = [p.detach().clone() for p in model.parameters()]
    out = one_step(model, fake_batch(2048, 1, 32), optimizer="muon")()
    assert out["weight"] == 31 and any(not torch.equal(a, b) for a, b in zip(before, model.parameters()))


def test_padding_and_packing_hold_the_same_tokens():
    lengths = step_time.sample_lengths(64, 48)
    totals = {
        how: sum(map(step_time.useful_tokens, step_time.batches_of(lengths, 48, 1, how, 64)))
        for how in ("max", "batch", "pack")
    }
    assert set(totals.values()) == {sum(lengths)}


def test_unknown_section_is_refused_before_anything_runs(monkeypatch):
    monkeypatch.setitem(SECTIONS, "dense", lambda *a: pytest.fail("不该开始"))
    with pytest.raises(UserError, match="没有|不认识"):
        bench_train("dense,typo", quick=True)
