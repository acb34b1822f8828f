"""与 transformers 的 Llama、Qwen3 逐位对照，外加缓存、填充、存取、生成的性质。全部用极小的配置。"""

import copy
import inspect
import json
import os
import subprocess
import sys

import pytest
import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from minimind.model import (
    KVCache, MiniMindConfig, MiniMindForCausalLM, MOEFeedForward, RMSNorm, build_attention_mask, precompute_freqs_cis
)

TOL = 1e-4
SIZE = dict(
    hidden_size=64, num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2, vocab_size=97,
    intermediate_size=128, max_position_embeddings=256,
)


def ours(seed=0, **kw):
    torch.manual_seed(seed)
    model = MiniMindForCausalLM(MiniMindConfig(**{**SIZE, **kw}))
    for p in model.parameters():  # 放大权重，免得差别藏在接近 0 的数里
        if p.dim() > 1:
            torch.nn.init.normal_(p, std=0.15)
    return model.eval()


def twin(model, cls=LlamaForCausalLM, config_cls=LlamaConfig, **kw):
    c = model.config
    config = config_cls(
        hidden_size=c.hidden_size, intermediate_size=c.intermediate_size, vocab_size=c.vocab_size,
        num_hidden_layers=c.num_hidden_layers, num_attention_heads=c.num_attention_heads,
        num_key_value_heads=c.num_key_value_heads, head_dim=c.head_dim, rms_norm_eps=c.rms_norm_eps,
        max_position_embeddings=c.max_position_embeddings, tie_word_embeddings=c.tie_word_embeddings,
        pad_token_id=None, **{"rope_parameters": {"rope_type": "default", "rope_theta": c.rope_theta}, **kw},
    )
    other = cls(config).eval()
    missing, unexpected = other.load_state_dict(model.state_dict(), strict=False)
    assert not missing and not unexpected
    return other


def ids(b=2, t=24, seed=1):
    return torch.randint(3, 97, (b, t), generator=torch.Generator().manual_seed(seed))


def gap(a, b):
    return (a - b).abs().max().item()


@pytest.fixture(scope="module")
def pair():
    m = ours()
    return m, twin(m)


# ---- 与独立实现对照 -------------------------------------------------------
@torch.no_grad()
def test_llama_logits(pair):
    m, l = pair
    assert gap(m(ids()).logits, l(ids()).logits) < TOL


@pytest.mark.parametrize("t", [24, 150])
def test_llama_gradients(pair, t):
    """训练走的是另一条路（分块注意力、手写反向的归一化），梯度也要一样。"""
    m, l = copy.deepcopy(pair[0]), copy.deepcopy(pair[1])
    x = ids(2, t)
    ours_out, llama_out = m(x, labels=x), l(x, labels=x)
    assert gap(ours_out.loss, llama_out.loss) < TOL
    ours_out.loss.backward(), llama_out.loss.backward()
    theirs = dict(l.named_parameters())
    for name, p in m.named_parameters():
        assert gap(p.grad, theirs[name].grad) < TOL * max(1, theirs[name].grad.abs().max().item()), name


def test_autocast_training_close_to_fp32(pair):
    m, x = copy.deepcopy(pair[0]), ids(2, 100)
    docs = torch.arange(100)[None].expand(2, -1) // 30
    want = m(x, labels=x, document_ids=docs).loss
    with torch.autocast("cpu", torch.bfloat16):
        got = m(x, labels=x, document_ids=docs).loss
    got.backward()
    assert gap(got, want) < 0.05 and all(p.grad.isfinite().all() for p in m.parameters())


@torch.no_grad()
@pytest.mark.parametrize("side", ["left", "right"])
def test_llama_padding(pair, side):
    m, l = pair
    x, mask = ids(3), torch.ones(3, 24, dtype=torch.long)
    for row, n in enumerate((0, 5, 11)):
        mask[row, :n] = 0
    if side == "right":
        mask = mask.flip(1)
    pos = (mask.cumsum(-1) - 1).clamp(min=0)
    real = mask.bool()
    a, b = m(x, attention_mask=mask).logits, l(x, attention_mask=mask, position_ids=pos).logits
    assert a.isfinite().all()
    assert gap(a[real], b[real]) < TOL
    for row in range(3):  # 填充与不填充一样
        alone = m(x[row][real[row]][None]).logits[0]
        assert gap(a[row][real[row]], alone) < TOL


@torch.no_grad()
@pytest.mark.parametrize("kind", ["dynamic", "ours"])
@pytest.mark.parametrize("split", [[24], [1] * 24, [7, 1, 16], [23, 1], [5, 5, 5, 9]])
@pytest.mark.parametrize("pad", [0, 4])
def test_cache_any_split(pair, kind, split, pad):
    m, l = pair
    x, mask = ids(), torch.ones(2, 24, dtype=torch.long)
    mask[0, :pad] = 0
    want = l(x, attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp(min=0)).logits
    cache = DynamicCache() if kind == "dynamic" else KVCache(m.config, 2, 24)
    for _ in range(2 if kind == "ours" else 1):  # 第二遍验证 reset 之后从头开始
        start, got = 0, []
        for n in split:
            am = mask[:, : start + n] if pad else None
            got.append(m(x[:, start : start + n], attention_mask=am, past_key_values=cache, use_cache=True).logits)
            start += n
        assert gap(torch.cat(got, 1)[mask.bool()], want[mask.bool()]) < TOL
        if kind == "ours":
            cache.reset()


@torch.no_grad()
@pytest.mark.parametrize("pad", [0, 4])
def test_flash_equals_eager(pad):
    m = ours()
    e = ours(flash_attn=False)
    e.load_state_dict(m.state_dict())
    mask = torch.ones(2, 24, dtype=torch.long)
    mask[1, :pad] = 0
    for am in (None, mask, mask.flip(1)):
        assert gap(m(ids(), attention_mask=am).logits, e(ids(), attention_mask=am).logits) < TOL


@torch.no_grad()
def test_qwen3_qk_norm():
    m = ours(qk_norm=True)
    for layer in m.model.layers:
        torch.nn.init.uniform_(layer.self_attn.q_norm.weight, 0.5, 1.5)
        torch.nn.init.uniform_(layer.self_attn.k_norm.weight, 0.5, 1.5)
    q = twin(m, Qwen3ForCausalLM, Qwen3Config)
    assert gap(m(ids()).logits, q(ids()).logits) < TOL


@torch.no_grad()
def test_yarn():
    m = ours(inference_rope_scaling=True, max_position_embeddings=4096)
    l = twin(
        m,
        rope_parameters=dict(
            rope_type="yarn", rope_theta=1e6, factor=16.0, beta_fast=32.0, beta_slow=1.0,
            original_max_position_embeddings=2048, attention_factor=1.0,
        ),
    )
    assert gap(m(ids(1, 64)).logits, l(ids(1, 64)).logits) < TOL
    cos, sin = precompute_freqs_cis(8, 4096, 1e6, m.config.rope_scaling)
    ref_cos, ref_sin = l.model.rotary_emb(torch.zeros(1), torch.arange(4096)[None])
    assert gap(cos, ref_cos[0]) < 1e-5 and gap(sin, ref_sin[0]) < 1e-5


@torch.no_grad()
def test_yarn_off_within_training_length():
    assert (
        gap(precompute_freqs_cis(8, 2048)[0], precompute_freqs_cis(8, 2048, rope_scaling=MiniMindConfig().yarn)[0]) == 0
    )


def test_greedy_generate(pair):
    m, l = pair
    x, mask = ids(2, 9), torch.ones(2, 9, dtype=torch.long)
    mask[0, :3] = 0
    kw = dict(attention_mask=mask, max_new_tokens=12, do_sample=False, pad_token_id=0, eos_token_id=None)
    want = l.generate(x, **kw)
    assert torch.equal(m.generate(x, **kw), want)
    assert torch.equal(m.generate(x, use_cache=False, **kw), want)
    assert torch.equal(m.generate(x, **kw), want)  # 反复调用不留痕迹
    assert torch.equal(m.generate(x, past_key_values=KVCache(m.config, 2, 32), **kw), want)


def test_decode_step_gets_one_token(pair):
    m, _ = pair
    seen = []
    hook = m.model.layers[0].register_forward_pre_hook(lambda mod, args: seen.append(args[0].shape[1]))
    m.generate(ids(1, 9), max_new_tokens=4, do_sample=False, eos_token_id=None, pad_token_id=0)
    hook.remove()
    assert seen == [9, 1, 1, 1]


# ---- 性质 ---------------------------------------------------------------
@torch.no_grad()
def test_packing(pair):
    m, _ = pair
    a, b = ids(1, 10, 3), ids(1, 14, 4)
    docs = torch.tensor([[0] * 10 + [1] * 14])
    x = torch.cat([a, b], 1)
    pos = torch.cat([torch.arange(10), torch.arange(14)])[None]
    want = torch.cat([m(a).logits, m(b).logits], 1)
    assert gap(m(x, document_ids=docs, position_ids=pos).logits, want) < TOL
    assert gap(m(x, document_ids=docs).logits, want) < TOL  # RoPE 只看相对位置
    mask = torch.ones(1, 24, dtype=torch.long)
    mask[:, 20:] = 0
    got = m(x, document_ids=docs, attention_mask=mask).logits
    assert got.isfinite().all() and gap(got[:, :20], want[:, :20]) < TOL


@torch.no_grad()
def test_no_future_leak(pair):
    m, _ = pair
    x, y = ids(), ids()
    y[:, 15:] = 5
    assert gap(m(x).logits[:, :15], m(y).logits[:, :15]) < 1e-6


def test_mask_and_is_causal_never_together():
    pad = torch.tensor([[0, 1, 1]])
    for kw in (
        dict(), dict(attention_mask=pad), dict(attention_mask=torch.ones_like(pad)),
        dict(document_ids=torch.tensor([[0, 0, 1]])),
    ):
        mask, causal = build_attention_mask(3, **kw)
        assert (mask is None) == causal
        if mask is not None:
            assert mask.any(-1).all()  # 没有整行全遮


def test_bad_inputs():
    m = ours()
    with pytest.raises(ValueError, match="max_position_embeddings"):
        m(torch.zeros(1, 257, dtype=torch.long))
    with pytest.raises(ValueError, match="max_len"):
        m(ids(2, 9), past_key_values=KVCache(m.config, 2, 8))
    cache = KVCache(m.config, 2, 16)
    m(ids(2, 5), past_key_values=cache)
    with pytest.raises(ValueError, match="attention_mask"):
        m(ids(2, 3), past_key_values=cache, attention_mask=torch.ones(2, 3, dtype=torch.long))
    for bad in (
        dict(hidden_size=30), dict(num_key_value_heads=3), dict(dropout=1.5), dict(hidden_act="tanh"),
        dict(use_moe=True, num_experts_per_tok=9), dict(hiden_size=64), dict(vocab_size=0),
    ):
        with pytest.raises(ValueError):
            MiniMindConfig(**bad)


COUNTS = dict(small=25_829_888, base=104_030_976, moe=145_029_760, tiny=2_328_704, medium=111_949_440)
COUNTS |= {"small-deep": 21_046_656, "nano": 1_208_880}


@pytest.mark.parametrize("name", COUNTS)
def test_preset_counts(name):
    with torch.device("meta"):
        m = MiniMindForCausalLM(MiniMindConfig.preset(name))
    assert sum(p.numel() for p in m.parameters()) == COUNTS[name]


def test_small_deep_count_at_10000():
    with torch.device("meta"):
        m = MiniMindForCausalLM(MiniMindConfig.preset("small-deep", vocab_size=10000))
    assert sum(p.numel() for p in m.parameters()) == 22_429_056


@torch.no_grad()
@pytest.mark.parametrize("zero_init", [False, True])
@pytest.mark.parametrize("name", ["nano", "tiny", "small", "small-deep", "medium", "base", "moe"])
def test_first_loss(name, zero_init):
    if name in ("medium", "base", "moe"):
        layers = dict(num_hidden_layers=4)  # 宽度才是要紧的，少叠几层省内存
    else:
        layers = {}
    torch.manual_seed(0)
    m = MiniMindForCausalLM(MiniMindConfig.preset(name, zero_init=zero_init, max_position_embeddings=64, **layers))
    x = torch.randint(0, m.config.vocab_size, (2, 64))
    import math

    assert abs(m(x, labels=x).loss.item() - math.log(m.config.vocab_size)) < 0.4


def test_loss_ignores_masked_and_never_nan(pair):
    m, _ = pair
    x = ids()
    labels = x.clone()
    labels[:, :10] = -100
    logits = m(x).logits
    want = torch.nn.functional.cross_entropy(logits[:, 9:-1].flatten(0, 1), x[:, 10:].flatten())
    assert gap(m(x, labels=labels).loss, want) < 1e-5
    assert m(x, labels=torch.full_like(x, -100)).loss.item() == 0
    assert m(x).aux_loss.item() == 0  # 稠密模型也是张量
    assert gap(m(x, logits_to_keep=1).logits, logits[:, -1:]) < 1e-5


def test_gradient_checkpointing_same_gradients():
    a, b = ours().train(), ours().train()
    b.gradient_checkpointing_enable()
    for m in (a, b):
        m(ids(), labels=ids()).loss.backward()
    assert b.model.gradient_checkpointing
    for p, q in zip(a.parameters(), b.parameters()):
        assert gap(p.grad, q.grad) < 1e-5


# ---- MoE ----------------------------------------------------------------
def moe_config(**kw):
    return MiniMindConfig(**{**SIZE, "use_moe": True, **kw})


def naive_moe(layer, x):
    index, weight, _ = layer.gate(x)
    flat, y = x.flatten(0, 1), torch.zeros_like(x).flatten(0, 1)
    for n in range(len(flat)):
        for j, w in zip(index[n], weight[n]):
            y[n] += w * layer.experts[int(j)](flat[n])
    return y.view_as(x) + sum(e(x) for e in getattr(layer, "shared_experts", ()))


@pytest.mark.parametrize("kw", [{}, dict(norm_topk_prob=False), dict(n_shared_experts=0), dict(num_experts_per_tok=1)])
@pytest.mark.parametrize("train", [True, False])
def test_moe_equals_naive(kw, train):
    torch.manual_seed(0)
    layer = MOEFeedForward(moe_config(**kw)).train(train)
    x = torch.randn(2, 7, 64)
    assert gap(layer(x)[0], naive_moe(layer, x)) < 1e-5


def test_moe_starved_expert_has_gradient():
    torch.manual_seed(0)
    layer = MOEFeedForward(moe_config(num_experts_per_tok=1))
    layer(torch.randn(1, 1, 64))[0].sum().backward()
    assert all(p.grad is not None for p in layer.parameters())


def test_moe_aux_alone_reaches_router():
    layer = MOEFeedForward(moe_config())
    layer(torch.randn(2, 7, 64))[1].backward()
    assert layer.gate.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("how", ["weights", "autocast"])
def test_moe_bf16(how):
    torch.manual_seed(0)
    m = MiniMindForCausalLM(moe_config())
    x = ids()
    if how == "weights":
        m = m.bfloat16()
    with torch.autocast("cpu", torch.bfloat16, enabled=how == "autocast"):
        out = m(x, labels=x)
    (out.loss + out.aux_loss).backward()
    assert out.loss.isfinite() and all(p.grad.isfinite().all() for p in m.parameters())


def test_deepcopy_after_training_step():
    m = MiniMindForCausalLM(moe_config())
    out = m(ids(), labels=ids())
    (out.loss + out.aux_loss).backward()
    copy.deepcopy(m)


# ---- 存取 ---------------------------------------------------------------
@pytest.mark.parametrize(
    "kw",
    [
        {}, dict(qk_norm=True, zero_init=True), dict(use_moe=True),
        dict(inference_rope_scaling=True, max_position_embeddings=4096), dict(tie_word_embeddings=False),
    ],
)
def test_save_load_same_logits(tmp_path, kw):
    m = ours(**kw)
    m.save_pretrained(tmp_path)
    again, info = MiniMindForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    assert torch.equal(again.model.freqs_cos, m.model.freqs_cos) and torch.equal(
        again.model.freqs_sin, m.model.freqs_sin
    )
    with torch.no_grad():
        assert gap(again.eval()(ids()).logits, m(ids()).logits) == 0


FRESH = """
import sys, json, torch
sys.modules["minimind"] = None  # 装作没有装过这门课
from transformers import AutoModelForCausalLM, AutoConfig
m = AutoModelForCausalLM.from_pretrained(sys.argv[1], trust_remote_code=True).eval()
assert "minimind." not in type(m).__module__.split("transformers_modules")[0]
x = torch.tensor(json.loads(sys.argv[2]))
torch.set_grad_enabled(False)
said = m.generate(x, max_new_tokens=5, do_sample=False, eos_token_id=None, pad_token_id=0)
torch.save((m(x).logits, said), sys.argv[1] + "/out.pt")
"""


@pytest.mark.parametrize("kw", [{}, dict(use_moe=True, qk_norm=True)])
def test_fresh_process_without_minimind(tmp_path, kw):
    m = ours(**kw)
    m.save_pretrained(tmp_path / "模型")
    x = ids(1, 8)
    env = {
        **os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_MODULES_CACHE": str(tmp_path / "mods"),
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path / "模型"), json.dumps(x.tolist())], cwd=tmp_path, env=env,
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    logits, tokens = torch.load(tmp_path / "模型" / "out.pt")
    with torch.no_grad():
        assert gap(logits, m(x).logits) == 0
    assert torch.equal(tokens, m.generate(x, max_new_tokens=5, do_sample=False, eos_token_id=None, pad_token_id=0))


@pytest.mark.parametrize("tile", [1, 3 * 16, 2**18])
def test_norm_gradients_do_not_depend_on_the_tile(monkeypatch, tile):
    monkeypatch.setattr("minimind.model.norm.TILE", tile)  # 一次一行、三行（除不尽）、一次做完
    torch.manual_seed(0)
    norm, x = RMSNorm(16), torch.randn(2, 5, 16, requires_grad=True)
    torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
    plain = torch.nn.functional.rms_norm(x, (16,), norm.weight, norm.eps)
    dy = torch.randn_like(plain)
    for got, want in zip(
        torch.autograd.grad(norm(x), (x, norm.weight), dy), torch.autograd.grad(plain, (x, norm.weight), dy)
    ):
        assert got.allclose(want, atol=1e-6)


def test_bf16_norm_close_to_fp32():
    torch.manual_seed(0)
    x = torch.randn(8, 512) * 30
    n = RMSNorm(512)
    want = n(x)
    assert gap(n.bfloat16()(x.bfloat16()).float(), want) < 0.03


@torch.no_grad()
def test_minigpt_switches():
    x, y = ids(1, 8), ids(1, 8)
    m = ours(use_rope=False)
    y[:, [1, 2]] = y[:, [2, 1]]
    assert gap(m(x).logits[:, -1], m(y).logits[:, -1]) < 1e-3 or m.config.num_hidden_layers > 1
    assert ours(use_gqa=False).model.layers[0].self_attn.k_proj.out_features == 64
    assert MiniMindConfig(attention_dropout=0.1, hidden_act="swiglu").attention_dropout == 0.1


def test_state_dict_keys():
    keys = set(ours(use_moe=True).state_dict())
    for want in (
        "model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight",
        "model.layers.0.input_layernorm.weight", "model.layers.2.mlp.gate.weight",
        "model.layers.0.mlp.experts.3.up_proj.weight", "model.norm.weight",
        "model.layers.0.mlp.shared_experts.0.down_proj.weight", "lm_head.weight",
    ):
        assert want in keys
    assert not any("freqs" in k for k in keys)


# ---- 关键字：收下的都起作用 ------------------------------------------------
KEYWORDS = {  # 前向的每个关键字：给什么，怎样看出它起了作用
    "input_ids": (lambda x: dict(input_ids=x.flip(1)), lambda a, b: gap(a.logits, b.logits) > 1e-3),
    "attention_mask": (
        lambda x: dict(attention_mask=(torch.arange(x.shape[1]) >= 3).long().expand_as(x)),
        lambda a, b: gap(a.logits, b.logits) > 1e-3,
    ),
    "position_ids": (
        lambda x: dict(position_ids=3 * torch.arange(x.shape[1]).expand_as(x)),
        lambda a, b: gap(a.logits, b.logits) > 1e-3,
    ),
    "past_key_values": (lambda x: dict(past_key_values=DynamicCache()), lambda a, b: b.past_key_values is not None),
    "use_cache": (lambda x: dict(use_cache=True), lambda a, b: b.past_key_values.get_seq_length() == a.logits.shape[1]),
    "labels": (lambda x: dict(labels=x), lambda a, b: b.loss > 0),
    "logits_to_keep": (lambda x: dict(logits_to_keep=2), lambda a, b: b.logits.shape[1] == 2),
    "document_ids": (
        lambda x: dict(document_ids=(torch.arange(x.shape[1]) // 6).expand_as(x)),
        lambda a, b: gap(a.logits, b.logits) > 1e-3,
    ),
    "inputs_embeds": (
        lambda x: dict(input_ids=None, inputs_embeds=torch.randn(*x.shape, 64)),
        lambda a, b: gap(a.logits, b.logits) > 1e-3,
    ),
    "num_items_in_batch": (lambda x: dict(labels=x, num_items_in_batch=1), lambda a, b: b.loss > 40),
    "loss_only": (lambda x: dict(labels=x, loss_only=True), lambda a, b: b.logits is None and b.loss > 0),
    "log_probs": (lambda x: dict(labels=x, log_probs=True), lambda a, b: b.log_probs.shape == a.logits.shape[:2]),
    "output_attentions": (lambda x: dict(output_attentions=True), lambda a, b: len(b.attentions) == 3),
    "output_hidden_states": (lambda x: dict(output_hidden_states=True), lambda a, b: len(b.hidden_states) == 4),
    "return_dict": (lambda x: dict(return_dict=False), lambda a, b: type(b) is tuple and torch.equal(b[0], a.logits)),
}


def test_every_keyword_of_forward_is_in_the_table():
    for model in (MiniMindForCausalLM, MiniMindForCausalLM(MiniMindConfig(**SIZE)).model):
        names = set(inspect.signature(model.forward).parameters) - {"self"}
        assert names <= set(KEYWORDS), "新的关键字也要有一行：它做了什么"


@pytest.mark.parametrize("name", KEYWORDS)
@torch.no_grad()
def test_every_keyword_acts(name):
    give, acted = KEYWORDS[name]
    model, x = ours().eval(), ids()
    assert acted(model(x), model(**{"input_ids": x, **give(x)}))


@pytest.mark.parametrize("name", ["output_attention", "cache_position", "token_type_ids", "whatever", "labls"])
def test_unknown_keywords_raise(name):
    model, x = ours().eval(), ids()
    with pytest.raises(TypeError, match=name):
        model(x, **{name: True})
    with pytest.raises(TypeError, match=name):
        model.model(x, **{name: True})
    with pytest.raises(ValueError, match=name):
        model.generate(x, max_new_tokens=1, **{name: True})


@pytest.mark.parametrize("pad", [None, "left", "right"])
@pytest.mark.parametrize("packed", [False, True])
@torch.no_grad()
def test_attention_maps_are_llamas(pad, packed):
    from minimind.inference.int8 import pack_weights

    model = ours().eval()
    llama = twin(model)
    llama.set_attn_implementation("eager")
    x, mask = ids(), torch.ones(2, 24, dtype=torch.long)
    if pad:
        mask[0, slice(None, 5) if pad == "left" else slice(-5, None)] = 0
    where = dict(attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp(min=0))
    want = llama(x, **where, output_attentions=True)
    got = (pack_weights(model) if packed else model)(x, **where, output_attentions=True)
    real = mask.bool()[:, None, :, None].expand(-1, 8, -1, 24)  # 空位自己的那几行没人用
    assert len(got.attentions) == 3 and gap(got.logits[mask.bool()], want.logits[mask.bool()]) < 1e-4
    for a, b in zip(got.attentions, want.attentions):
        assert gap(a[real], b[real]) < 1e-5


@torch.no_grad()
def test_generate_gives_maps_and_states():
    model, x = ours().eval(), ids()
    how = dict(max_new_tokens=3, do_sample=False, pad_token_id=0, eos_token_id=None, return_dict_in_generate=True)
    out = model.generate(x, **how, output_attentions=True, output_hidden_states=True, output_scores=True)
    assert [a[0].shape for a in out.attentions] == [(2, 8, 24, 24), (2, 8, 1, 25), (2, 8, 1, 26)]
    assert all(len(step) == 3 for step in out.attentions) and len(out.hidden_states) == 3
    assert all(m.sum(-1).allclose(torch.ones(m.shape[:-1])) for step in out.attentions for m in step)
    assert torch.equal(out.sequences, model.generate(x, **how).sequences)


def test_config_switches_act(tmp_path):
    model, x = ours().eval(), ids()
    model.save_pretrained(tmp_path)
    eager = MiniMindForCausalLM.from_pretrained(tmp_path, attn_implementation="eager", output_attentions=True).eval()
    assert not eager.model.layers[0].self_attn.flash and len(eager(x).attentions) == 3
    assert gap(eager(x).logits, model(x).logits) < 1e-4
    model.config.return_dict = False
    assert type(model(x)) is tuple
    with pytest.raises(ValueError, match="labels"):
        model(x, loss_only=True)


def test_checkpointing_gives_maps_too():
    model, x = ours().train(), ids()
    model.gradient_checkpointing_enable()
    out = model(x, labels=x, output_attentions=True)
    out.loss.backward()
    assert len(out.attentions) == 3 and model.model.layers[0].self_attn.q_proj.weight.grad is not None
