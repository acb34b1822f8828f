"""LoRA 的边边角角：MoE、编译、DDP 的前缀、MiniMind 的文件、坏文件、写到一半断了、挂着时换、合几次。"""

import copy
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from minimind.inference.load import load_model, save_weights
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.model.lora import (
    LoRA, adapted, apply_lora, detach_lora, linear_names, load_lora, lora_state, merge_lora, read_lora, save_lora
)

SHAPE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=64)
MOE = dict(use_moe=True, n_routed_experts=3, num_experts_per_tok=2, n_shared_experts=1)


def build(**more):
    torch.manual_seed(0)
    return MiniMindForCausalLM(MiniMindConfig(**SHAPE, **more)).eval()


def trained(model, seed=1, **given):
    "挂上 LoRA，B 填上随机数，当作练过。"
    apply_lora(model, **given)
    g = torch.Generator().manual_seed(seed)
    for module in adapted(model).values():
        module.lora.B.weight.data.normal_(std=0.1, generator=g)
    return model


@pytest.fixture
def ids():
    return torch.randint(3, 64, (2, 9), generator=torch.Generator().manual_seed(2))


@pytest.fixture(params=[{}, MOE], ids=["dense", "moe"])
def base(request):
    return build(**request.param)


@pytest.fixture
def file(tmp_path):
    return save_lora(trained(build(), rank=4, alpha=12), tmp_path / "x.pth", dtype=None)


def logits(model, ids):
    with torch.no_grad():
        return model(ids).logits


def test_only_the_sides_learn_and_every_side_does(base, ids):
    model = copy.deepcopy(base)
    names = apply_lora(model, rank=3)
    assert torch.equal(logits(model, ids), logits(base, ids))
    leaves = {n.rsplit(".", 1)[-1] for n in names}
    assert leaves == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert not any(n.endswith((".gate", "lm_head")) for n in names)
    learnable = {n for n, p in model.named_parameters() if p.requires_grad}
    assert learnable == {f"{n}.lora.{k}.weight" for n in names for k in "AB"}
    everything = torch.arange(3, 63).reshape(1, -1).repeat(4, 1)  # 够多的 token，每个专家都分得到
    model.train()(everything, labels=everything).loss.backward()
    params = dict(model.named_parameters())
    assert all(params[f"{n}.lora.B.weight"].grad.abs().sum() > 0 for n in names)
    assert all(p.grad is None for n, p in params.items() if n not in learnable)


@pytest.mark.parametrize("targets", [None, "square", ["q_proj", "down_proj"], "v_proj"])
def test_merged_is_unmerged_and_looks_like_a_plain_model(base, ids, targets):
    model = trained(copy.deepcopy(base), rank=4, alpha=8, targets=targets)
    merged = copy.deepcopy(model)
    names = merge_lora(merged)
    assert names == linear_names(base, targets) and not adapted(merged)
    assert merged.state_dict().keys() == base.state_dict().keys()
    assert logits(merged, ids).allclose(logits(model, ids), atol=1e-5)
    assert not logits(merged, ids).allclose(logits(base, ids), atol=1e-3)
    once = copy.deepcopy(merged.state_dict())
    assert merge_lora(merged) == [] and all(torch.equal(v, once[k]) for k, v in merged.state_dict().items())


def test_cached_generation_sees_the_side(base, ids):
    model = trained(copy.deepcopy(base), rank=4)
    whole = logits(model, ids)
    with torch.no_grad():
        first = model(ids[:, :5], use_cache=True)
        rest = model(ids[:, 5:], past_key_values=first.past_key_values, use_cache=True)
    assert torch.cat([first.logits, rest.logits], 1).allclose(whole, atol=1e-5)


def test_bare_model_takes_what_the_file_needs(file, ids):
    bare = build()
    load_lora(bare, file)
    assert {(m.lora.rank, m.lora.scale) for m in adapted(bare).values()} == {(4, 3)}
    assert torch.equal(logits(bare, ids), logits(trained(build(), rank=4, alpha=12), ids))


def test_switching_leaves_nothing_behind(file, ids, tmp_path):
    other = save_lora(trained(build(), seed=9, rank=2, targets=["q_proj"]), tmp_path / "y.pth", dtype=None)
    model, plain = build(), logits(build(), ids)
    seen = []
    for path in (file, other, file, other):
        load_lora(model, path)
        seen.append(logits(model, ids))
    assert torch.equal(seen[0], seen[2]) and torch.equal(seen[1], seen[3]) and not torch.equal(seen[0], seen[1])
    assert len(adapted(model)) == 2
    detach_lora(model)
    assert torch.equal(logits(model, ids), plain) and detach_lora(model) == []
    assert not any(m._forward_hooks for m in model.modules())


def test_a_file_without_settings_is_read_as_minimind_wrote_it(ids, tmp_path):
    model = trained(build(), rank=8, alpha=8, targets="square")  # 倍数 1
    state = {f"module.{k}": v for k, v in lora_state(model, None).items()}
    torch.save(state, tmp_path / "old.pth")
    bare = build()
    assert load_lora(bare, tmp_path / "old.pth") == linear_names(bare, "square")
    assert torch.equal(logits(bare, ids), logits(model, ids))


def test_settings_say_rank_and_scale(file):
    state, settings = read_lora(file)
    assert settings["rank"] == 4 and settings["alpha"] == 12 and settings["hidden_size"] == 32
    assert settings["targets"] == linear_names(build()) and len(state) == 2 * len(settings["targets"])


def test_another_base_of_the_same_shape_is_said_aloud(file, recwarn):
    load_lora(build(), file)
    load_lora(build().half(), file)  # 半精度存过的底子还是同一份
    load_lora(build().bfloat16(), file)  # 舍入过的比不了，不作声
    model = build()
    apply_lora(model, rank=2)
    load_lora(model, file)  # 挂着别的也不影响底子的指纹
    assert not [w for w in recwarn if "另一份底子" in str(w.message)]
    model = build()
    model.model.layers[0].self_attn.q_proj.weight.data[0, 0] += 0.5
    with pytest.warns(UserWarning, match="另一份底子"):
        load_lora(model, file)


def test_half_precision_is_half_as_big_and_close(file, ids, tmp_path):
    model = trained(build(), rank=4, alpha=12)
    half = save_lora(model, tmp_path / "half.pth")
    assert all(v.dtype == torch.float16 for v in read_lora(half)[0].values())
    bare = build()
    load_lora(bare, half)
    assert all(m.lora.A.weight.dtype == torch.float32 for m in adapted(bare).values())
    assert logits(bare, ids).allclose(logits(model, ids), atol=1e-2)
    count = lambda p: sum(v.numel() * v.element_size() for v in read_lora(p)[0].values())
    assert count(half) * 2 == count(file)


class Shell(nn.Module):
    "像 DDP 那样包一层。"

    def __init__(self, module):
        super().__init__()
        self.module = module


@pytest.mark.parametrize("wrap", [Shell, lambda m: torch.compile(m, backend="eager")])
def test_wrappers_leave_no_prefix(wrap, tmp_path):
    model = trained(build(), rank=4)
    a, b = save_lora(wrap(model), tmp_path / "a.pth"), save_lora(model, tmp_path / "b.pth")
    assert read_lora(a)[0].keys() == read_lora(b)[0].keys() and read_lora(a)[1] == read_lora(b)[1]


def test_compiled_equals_eager_also_after_switching(file, ids):
    torch._dynamo.reset()
    model = trained(build(), rank=2, seed=5)
    compiled = torch.compile(model, backend="aot_eager")
    with torch.no_grad():
        assert compiled(ids).logits.allclose(model(ids).logits, atol=1e-5)
        load_lora(model, file)
        assert compiled(ids).logits.allclose(model(ids).logits, atol=1e-5)
        detach_lora(model)
        assert compiled(ids).logits.allclose(build()(ids).logits, atol=1e-5)


def wrong_width(path):
    return build(), save_lora(trained(MiniMindForCausalLM(MiniMindConfig(**{**SHAPE, "hidden_size": 48}))), path)


def deeper(path):
    return build(), save_lora(trained(MiniMindForCausalLM(MiniMindConfig(**{**SHAPE, "num_hidden_layers": 3}))), path)


def half_a_pair(path):
    state = lora_state(trained(build()))
    state.pop(next(iter(state)))
    torch.save(state, path)
    return build(), path


def whole_weights(path):
    torch.save(build().state_dict(), path)
    return build(), path


def nothing(path):
    torch.save({}, path)
    return build(), path


def cut_short(path):
    save_lora(trained(build()), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return build(), path


def missing(path):
    return build(), path


def code(path):
    torch.save({"x": Path}, path)
    return build(), path


def wrong_rank(path):
    state = lora_state(trained(build(), rank=4))
    key = next(k for k in state if k.endswith("A.weight"))
    state[key] = state[key][:2]
    torch.save(state, path)
    return build(), path


def torn_settings(path):
    torch.save({**lora_state(trained(build())), "lora_settings": {"rank": 8}}, path)
    return build(), path


def settings_are_a_list(path):
    torch.save({**lora_state(trained(build())), "lora_settings": [8, 16]}, path)
    return build(), path


def a_vector(path):
    state = lora_state(trained(build()))
    state[next(iter(state))] = torch.zeros(3)
    torch.save(state, path)
    return build(), path


WRONG = {
    wrong_width: "q_proj 是 (32, 32)，文件里是 (48, 48)", deeper: "没有 model.layers.2", half_a_pair: "缺它的一半",
    whole_weights: "不是 LoRA 权重", nothing: "不是 LoRA 权重", cut_short: "读不出来", missing: "找不到 LoRA 文件",
    code: "读不出来", wrong_rank: "秩不同", torn_settings: "没有 alpha",
    settings_are_a_list: "没有 alpha", a_vector: "接不上",
}


@pytest.mark.parametrize("make", WRONG, ids=lambda f: f.__name__)
def test_wrong_files_are_one_sentence_and_change_nothing(make, ids, tmp_path):
    model, path = make(tmp_path / "w.pth")
    trained(model, seed=3, rank=2)
    before = logits(model, ids)
    with pytest.raises(ValueError) as e:
        load_lora(model, path)
    assert WRONG[make] in str(e.value) and str(path) in str(e.value) and "\n" not in str(e.value)
    assert torch.equal(logits(model, ids), before)


@pytest.mark.parametrize(
    "given,says",
    [
        (dict(rank=0), "正整数"), (dict(rank=2.5), "正整数"), (dict(rank=True), "正整数"),
        (dict(targets=["query"]), "没有叫 query"), (dict(targets=[]), "名单"), (dict(targets=["lm_head"]), "lm_head"),
    ],
)
def test_wrong_settings_change_nothing(given, says):
    model = build()
    with pytest.raises(ValueError, match=says):
        apply_lora(model, **given)
    assert not adapted(model) and all(p.requires_grad for p in model.parameters())


def test_attaching_twice_and_saving_nothing_are_refused(tmp_path):
    model = trained(build(), rank=2)
    kept = lora_state(model, None)
    with pytest.raises(ValueError, match="已经挂着"):
        apply_lora(model, rank=4)
    assert all(torch.equal(v, kept[k]) for k, v in lora_state(model, None).items())
    with pytest.raises(ValueError, match="没有挂着"):
        save_lora(build(), tmp_path / "n.pth")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_keeps_the_old_file_and_leaves_no_scraps(file, monkeypatch):
    before = file.read_bytes()

    def broken(state, path):
        Path(path).write_bytes(b"half")
        raise OSError("磁盘满了")

    monkeypatch.setattr(torch, "save", broken)
    with pytest.raises(OSError):
        save_lora(trained(build(), rank=2), file)
    assert file.read_bytes() == before and os.listdir(file.parent) == [file.name]


def test_a_then_b_start_as_in_the_paper():
    torch.manual_seed(0)
    side = LoRA(400, 300, 8)
    assert side.B.weight.eq(0).all() and abs(side.A.weight.std().item() - 0.02) < 0.002


def test_a_mismatched_side_at_inference_is_a_user_error(small, tmp_path):
    model = MiniMindForCausalLM(MiniMindConfig(**{**SHAPE, "vocab_size": 320}))
    base = save_weights(model, tmp_path / "full_sft_32.pth", stage="full_sft", tokenizer_dir=small["tok"])
    _, path = wrong_width(tmp_path / "lora" / "wide_32.pth")
    with pytest.raises(UserError, match="不配套"):
        load_model(base, lora_weight=str(path))
    with pytest.raises(UserError, match="wide_32"):
        load_model(base, lora_weight="nobody")
