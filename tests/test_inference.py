"""推理层的故障与对照：坏文件、错配、截断、批量、流式。课里讲过的原理不在这里重复，这里管边角。"""

import json
import os
import pickle
import subprocess
import sys

import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st

from minimind.inference import (
    ChatSession, SamplingParams, StreamDecoder, ThinkSplitter, adjust_logits, chat_in_terminal, thinking_score,
    describe, generate, left_pad, list_weights, load_model, load_weights, read_state, sample_next,
    save_weights, sidecar_path, split_reasoning, stream,
)
from minimind.inference.int8 import pack_weights, quantize_int8
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

GREEDY = SamplingParams(temperature=0)


@pytest.fixture(scope="module")
def tok():
    return train_tokenizer(["床前明月光，疑是地上霜。", "hello world", "我叫小明"] * 9, 330)


def build(tok, **more):
    torch.manual_seed(0)
    shape = dict(
        hidden_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=len(tok),
        max_position_embeddings=128, initializer_range=0.25,
    )
    return MiniMindForCausalLM(MiniMindConfig(**{**shape, **more})).eval()


@pytest.fixture(scope="module")
def model(tok):
    return build(tok)


@pytest.fixture
def box(tmp_path, tok, model):
    save_tokenizer(tok, tmp_path / "tokenizer" / "t")
    save_weights(model, tmp_path / "full_sft_48.pth", stage="full_sft", tokenizer_dir=tmp_path / "tokenizer" / "t")
    return tmp_path


# ---- 装载 ----


@pytest.mark.parametrize(
    "more", [{}, dict(use_moe=True), dict(qk_norm=True), dict(tie_word_embeddings=False)],
    ids=["稠密", "MoE", "QK 归一化", "不绑定"],
)
def test_round_trip_and_bare_weights(tmp_path, tok, more):
    model, x = build(tok, **more), torch.randint(13, len(tok), (2, 9))
    save_tokenizer(tok, tmp_path / "t")
    path = save_weights(model, tmp_path / "full_sft_48.pth", stage="full_sft", tokenizer_dir=tmp_path / "t")
    half = build(tok, **more)  # 存的是半精度：与权重转一遍半精度的模型逐位相同
    for p in half.parameters():
        p.data = p.data.half().float()
    loaded, _ = load_model(path)
    assert torch.equal(loaded(x).logits, half(x).logits)
    sidecar_path(path).unlink()
    told = dict(rms_norm_eps=1e-5, rope_theta=1e6) | ({} if more.get("qk_norm") else dict(num_attention_heads=4))
    told |= dict(num_experts_per_tok=2) if more.get("use_moe") else {}
    bare, _ = load_model(path, tokenizer_path=tmp_path / "t", **told)
    assert torch.equal(bare(x).logits, half(x).logits)


def test_prefixes_are_stripped_both_ways(tmp_path, tok, model):
    state = {f"module._orig_mod.{k}": v for k, v in model.state_dict().items()}
    torch.save(state, tmp_path / "w.pth")
    fresh = build(tok, initializer_range=0.01)
    load_weights(fresh, tmp_path / "w.pth")
    assert all(torch.equal(a, b) for a, b in zip(fresh.parameters(), model.parameters()))
    save_weights(torch.compile(torch.nn.DataParallel(model)), tmp_path / "s.pth", stage="x")
    assert set(torch.load(tmp_path / "s.pth", weights_only=True)) == set(model.state_dict())


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda s: s.pop("model.norm.weight"), "缺少 model.norm.weight"),
        (lambda s: s.update(extra=torch.zeros(1)), "多出 extra"),
        (lambda s: s.update({"model.norm.weight": torch.zeros(7)}), "形状是 (7,)"),
    ],
)
def test_strict_lists_what_differs(tmp_path, tok, model, damage, words):
    state = dict(model.state_dict())
    damage(state)
    torch.save(state, tmp_path / "w.pth")
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(UserError) as caught:
        load_weights(model, tmp_path / "w.pth")
    assert words in str(caught.value)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters())), "拒绝之后模型必须原样"


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04 broken", pickle.dumps({"a": 1})],
    ids=["空", "文字", "坏压缩包", "裸 pickle"],
)
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_bad_files_say_so(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="w\\."):
        read_state(tmp_path / name)


def test_pickle_code_never_runs(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "footprint"),)

    torch.save({"w": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "old.pth").write_bytes(pickle.dumps({"w": Evil()}))
    for name in ("evil.pth", "old.pth"):
        with pytest.raises(UserError):
            read_state(tmp_path / name)
    assert not (tmp_path / "footprint").exists()


def test_mismatches_are_refused(box, tok):
    other = train_tokenizer(["zzz qqq xyz 完全不同的文字"] * 9, 330)
    save_tokenizer(other, box / "other")
    with pytest.raises(UserError, match="不配套"):
        load_model("full_sft", save_dir=box, tokenizer_path=box / "other")
    with pytest.raises(UserError, match="rope_theta"):
        load_weights(build(tok, rope_theta=1e4), box / "full_sft_48.pth")
    with pytest.raises(UserError, match="full_sft_48"):
        load_model("dpo", save_dir=box)
    with pytest.raises(UserError, match="32"):
        load_model(box / "full_sft_48.pth", hidden_size=32)
    (box / "full_sft_48.json").write_text("[]")
    with pytest.raises(UserError, match="full_sft_48.json"):
        load_model("full_sft", save_dir=box)


def test_tokenizer_folder_missing_names_it(box):
    os.rename(box / "tokenizer", box / "gone")
    with pytest.raises(UserError, match="tokenizer_path"):
        load_model("full_sft", save_dir=box)


def test_interrupted_save_keeps_the_old_file(box, tok, monkeypatch):
    before = (box / "full_sft_48.pth").read_bytes()
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(OSError("断电")))
    with pytest.raises(OSError):
        save_weights(build(tok), box / "full_sft_48.pth", stage="full_sft")
    assert (box / "full_sft_48.pth").read_bytes() == before
    assert list_weights(box) == ["full_sft_48.pth"]


def test_transformers_folder_and_foreign_layout(tmp_path, tok, model):
    model.save_pretrained(tmp_path / "hf")
    tok.save_pretrained(tmp_path / "hf")
    x = torch.randint(13, len(tok), (1, 7))
    assert torch.equal(load_model(tmp_path / "hf")[0](x).logits, model(x).logits)
    config = json.loads((tmp_path / "hf" / "config.json").read_text())
    (tmp_path / "hf" / "config.json").write_text(json.dumps({**config, "model_type": "gpt2"}))
    with pytest.raises(UserError, match="gpt2"):
        load_model(tmp_path / "hf")


def test_qwen3_folder_loads(tmp_path, tok):
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    theirs = Qwen3ForCausalLM(
        Qwen3Config(
            hidden_size=48, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, head_dim=12,
            num_key_value_heads=2, vocab_size=len(tok), max_position_embeddings=128, tie_word_embeddings=True,
        )
    ).eval()
    theirs.save_pretrained(tmp_path)
    save_tokenizer(tok, tmp_path)
    x = torch.randint(13, len(tok), (2, 11))
    assert torch.allclose(load_model(tmp_path)[0](x).logits, theirs(x).logits, atol=1e-5)


def test_face_gives_the_function_in_any_import_order():
    for first in ("import minimind.inference.chat", "import minimind.inference.generate", ""):
        code = (
            f"{first}\nfrom minimind.inference import generate, stream\nassert callable(generate) and callable(stream)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


# ---- 采样 ----


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 400), st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, 0.1, 1.0, 5.0]), st.floats(0.5, 3),
    st.integers(0, 10**6),
)
def test_any_valid_setting_leaves_a_choice(k, p, m, t, r, seed):
    torch.manual_seed(seed)
    x, seen = torch.randn(3, 50) * 8, torch.randint(0, 50, (3, 4))
    out = adjust_logits(x, SamplingParams(t, k, p, m, r), seen)
    assert (out > -torch.inf).any(-1).all() and not out.isnan().any()
    token = sample_next(x, SamplingParams(t, k, p, m, r), seen)
    assert token.shape == (3,) and (out.gather(1, token[:, None]) > -torch.inf).all()


@pytest.mark.parametrize(
    "bad",
    [
        dict(temperature=-0.1), dict(temperature=float("inf")), dict(top_k=-1), dict(top_k=1.5), dict(top_p=-0.1),
        dict(top_p=1.01), dict(min_p=2), dict(repetition_penalty=0), dict(top_p=float("nan")),
    ],
)
def test_out_of_range_raises(bad):
    with pytest.raises(UserError, match=next(iter(bad))):
        SamplingParams(**bad)


def test_half_precision_logits_sample():
    x = torch.randn(4, 3000, dtype=torch.bfloat16)
    assert sample_next(x, SamplingParams(top_p=0.5)).shape == (4,)


# ---- 生成 ----


def prompts(tok, n=6):
    g = torch.Generator().manual_seed(1)
    return [torch.randint(13, len(tok), (k,), generator=g).tolist() for k in (1, 9, 3, 17, 5, 2)[:n]]


@pytest.mark.parametrize(
    "more", [{}, dict(use_moe=True), dict(flash_attn=False), dict(use_rope=False)],
    ids=["稠密", "MoE", "逐步注意力", "无 RoPE"],
)
@pytest.mark.parametrize("penalty", [1.0, 1.4])
def test_greedy_equals_transformers(tok, more, penalty):
    model = build(tok, **more)
    ids, mask = left_pad(prompts(tok))
    ours = generate(
        model, ids, mask, max_new_tokens=25, params=SamplingParams(temperature=0, repetition_penalty=penalty),
        num_return_sequences=2,
    )
    rows = [
        model.generate(
            torch.tensor([p]), max_new_tokens=25, do_sample=False, eos_token_id=2, pad_token_id=0,
            repetition_penalty=penalty,
        )[0, len(p) :].tolist()
        for p in prompts(tok)
    ]
    assert ours.rows()[::2] == rows and ours.rows()[1::2] == rows


def test_each_step_feeds_one_token_and_finished_rows_leave(tok, model):
    fed = []
    hook = model.get_input_embeddings().register_forward_hook(lambda m, i, o: fed.append(tuple(i[0].shape)))
    stops = list(range(13, len(tok), 5))  # 停止词多一些，各行先后写完
    try:
        out = generate(
            model, *left_pad(prompts(tok)), max_new_tokens=60, stop_ids=stops, num_return_sequences=8,
            params=SamplingParams(temperature=2.0, top_p=1.0), generator=torch.Generator().manual_seed(0),
        )
    finally:
        hook.remove()
    assert fed[0] == (6, 17), "提示只该算一次，不为每个样本重算"
    assert all(t == 1 for _, t in fed[1:]) and fed[1][0] == 48 and fed[-1][0] < 48
    assert len(fed) == out.tokens.shape[1], "写完最后一个词之后不该再算"
    for row, done in zip(out.rows(), out.finished.tolist()):
        assert done == (row[-1] in {2, *stops}) and not {2, *stops} & set(row[:-1])


def test_shrinking_does_not_change_greedy_rows(tok, model):
    stops = list(range(13, len(tok), 4))
    batch = generate(model, *left_pad(prompts(tok)), max_new_tokens=50, params=GREEDY, stop_ids=stops)
    for p, row in zip(prompts(tok), batch.rows()):
        assert list(stream(model, p, max_new_tokens=50, params=GREEDY, stop_ids=stops)) == row


def test_generate_is_repeatable_and_restores_training_mode(tok):
    model = build(tok, dropout=0.3).train()
    ids, mask = left_pad(prompts(tok))
    a, b = (generate(model, ids, mask, max_new_tokens=9, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(a.tokens, b.tokens) and model.training
    model(a.sequences, attention_mask=a.attention_mask, labels=a.sequences).loss.backward()  # 采到的 token 还能参加求导


@pytest.mark.parametrize(
    "case, words",
    [
        (lambda m: generate(m, torch.full((1, 128), 20)), "上下文只有 128"),
        (lambda m: generate(m, torch.full((1, 20), 20), context=20), "上下文只有 20"),
        (lambda m: generate(m, torch.full((2, 4), 20), torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])), "左边补齐"),
        (lambda m: generate(m, torch.full((2, 4), 20), torch.zeros(2, 4)), "左边补齐"),
        (lambda m: generate(m, torch.full((2, 4), 20), torch.ones(2, 3)), "形状"),
        (lambda m: generate(m, torch.zeros(0, 4, dtype=torch.long)), "非空"),
        (lambda m: generate(m, torch.full((1, 4), 20), max_new_tokens=0), "至少"),
        (lambda m: generate(m, torch.full((1, 4), 20), num_return_sequences=0), "至少"),
        (lambda m: left_pad([[1], []]), "空"),
        (lambda m: list(stream(m, [])), "非空"),
    ],
)
def test_bad_requests_get_one_sentence(model, case, words):
    with pytest.raises(UserError, match=words):
        case(model)


def test_context_truncates_and_flags(model):
    out = generate(model, torch.full((1, 120), 20), max_new_tokens=500, eos_token_id=None)
    assert out.tokens.shape == (1, 8) and out.truncated.all() and out.mask.sum() == 8


def test_bfloat16_generates(tok):
    model = build(tok).to(torch.bfloat16)
    assert generate(model, *left_pad(prompts(tok)), max_new_tokens=5).tokens.shape[0] == 6


# ---- 给人看的数字：来自文件 ----


@pytest.mark.parametrize(
    "more", [{}, dict(use_moe=True), dict(qk_norm=True), dict(tie_word_embeddings=False)],
    ids=["稠密", "MoE", "QK 归一化", "不绑定"],
)
def test_describe_counts_the_file_whatever_happens_to_the_model(tmp_path, tok, more):
    model = build(tok, **more)
    whole = sum(p.numel() for p in model.parameters())
    save_weights(model, path := tmp_path / "full_sft_48.pth", stage="full_sft")
    bare = tmp_path / "bare.pth"
    torch.save({k: v.clone() for k, v in model.state_dict().items()}, bare)  # 没有身份证，绑定的也各存一份
    about = describe(path)
    assert about == dict(
        stage="full_sft", params=whole, num_hidden_layers=2, hidden_size=48, vocab_size=len(tok),
        use_moe="use_moe" in more,
    )
    assert describe(bare) == about | dict(stage="")
    pack_weights(model) if "use_moe" not in more else quantize_int8(model)
    assert describe(path) == about


def test_describe_believes_the_card_and_counts_safetensors(tmp_path, tok, model):
    from safetensors.torch import save_file

    save_weights(model, path := tmp_path / "dpo_48.pth", stage="dpo", extra=dict(params=1234567))
    assert describe(path)["params"] == 1234567
    state = {k: v for k, v in model.state_dict().items() if k != "lm_head.weight"}
    save_file(state, tmp_path / "bare.safetensors")
    assert describe(tmp_path / "bare.safetensors")["params"] == sum(p.numel() for p in model.parameters())
    with pytest.raises(UserError, match="没有找到"):
        describe(tmp_path / "pretrain_7.pth")
    (tmp_path / "dpo_48.json").write_text("{")
    with pytest.raises(UserError, match="JSON"):
        describe(path)


# ---- 对话 ----


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
def test_streamed_text_is_exact(tok, text):
    decoder = StreamDecoder(tok)
    specials = set(tok.all_special_ids)
    ids = [i for i in tok.encode(text, add_special_tokens=False)]
    pieces = [decoder.push(i) for i in ids]
    if not specials & set(ids):
        assert "".join(pieces) == text and all("\ufffd" not in p for p in pieces) or "\ufffd" in text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<think>", "</think>", "<answer>", "</answer>", "<ultra_think>", "</ultra_think>", "<", "</", "think>",
                "a", "\n", "你好", "<thin", "<ultra",
            ]
        ),
        max_size=12,
    ),
    st.integers(1, 6),
)
def test_splitter_does_not_depend_on_the_cut(parts, size):
    text = "".join(parts)
    splitter, out = ThinkSplitter(), []
    for i in range(0, len(text), size):
        out += splitter.push(text[i : i + size])
    out += splitter.finish()
    joined = tuple("".join(t for k, t in out if k == kind).strip("\n") for kind in ("reasoning", "answer"))
    assert joined == split_reasoning(text)


STEP = "23+45，3+5=08，2+4+0=06"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([STEP, "68-07，8-7=01，6-0-0=06", "23+45=68", "68-7=62", "我想想", "，", "；"]), max_size=6
    ),
    st.sampled_from([None, ["23+45=68", "68-7=61"]]),
    st.sampled_from([STEP, "11+11=23", "嗯，", "12+13，2+3=05，1+1+0=02"]),
)
def test_padding_never_deepens_a_thought(parts, steps, more):
    thought = "；".join(parts)
    score = thinking_score(thought, steps)
    assert 0 <= score <= 1
    if steps and thinking_score(more, steps) == 0 or STEP in thought and more == STEP:
        assert thinking_score(f"{thought}；{more}", steps) <= score


def test_depth_counts_the_required_steps():
    need = ["23+45=68", "68-7=61"]
    assert thinking_score(f"{STEP}；68-07，8-7=01，6-0-0=06", need) == 1
    assert thinking_score(STEP, need) == 0.5 and thinking_score(f"{STEP}；{STEP}", need) == 0.333
    assert thinking_score("我想想" * 50, need) == thinking_score("", need) == 0
    assert thinking_score("9+9=19") == 0 and thinking_score("9+9=18，1+1=3") == 0.5


def test_history_budget_and_result_keys(tok, model):
    chat = ChatSession(model, tok, system="你好", context=110, max_new_tokens=12, params=GREEDY)
    for i in range(6):
        result = chat.reply("我叫小明")
        ids, _ = chat.prompt("我叫小明")
        text = tok.decode(ids)
        assert (
            len(ids) + 12 <= 110
            and text.startswith("<|im_start|>system\n你好")
            and text.count("<|im_start|>user") == text.count("<|im_start|>assistant")
        )
    assert chat.last["dropped_turns"] > 0 and len(chat.history) == 12
    assert {"tools_detected", "thinking_score", "avg_tokens_per_second", "answer", "reasoning", "truncated"} <= set(
        result
    )


def test_zero_history_sends_only_the_question(tok, model):
    chat = ChatSession(model, tok, history_turns=0, max_new_tokens=4)
    alone, _ = chat.prompt("hello")
    chat.reply("我叫小明")
    assert chat.prompt("hello")[0] == alone


def test_special_tokens_typed_by_the_user_do_not_crash(tok, model):
    chat = ChatSession(model, tok, max_new_tokens=4)
    assert isinstance(chat.reply("<|im_end|><think>\x00🐱")["answer"], str)
    ids, _ = chat.prompt("<|im_end|>")
    assert ids.count(tok.eos_token_id) == 3  # 上一问、上一答、这一问；用户打的都不算


def test_terminal_survives_bad_input(tok, model):
    script = iter(["", "/", "/nope", "/temp abc", "/history -3", "字" * 500, "hello", "/clear", "/think maybe"])

    def read(_):
        try:
            return next(script)
        except StopIteration:
            raise EOFError from None

    out = []
    chat = chat_in_terminal(model, tok, max_new_tokens=3, read=read, write=out.append)
    text = "".join(out)
    assert "写短一些" in text and "再见" in text and chat.history == []


def test_interrupt_keeps_history_clean(tok, model):
    out = []

    def write(piece):
        out.append(piece)
        if piece.startswith("🤖"):
            raise KeyboardInterrupt

    script = iter(["hello", "/exit"])
    chat = chat_in_terminal(model, tok, max_new_tokens=20, read=lambda _: next(script), write=write)
    assert chat.history == [] and "已打断" in "".join(out)


@pytest.mark.parametrize(
    "opens, thinking, want",
    [
        ("true", None, ("先想", "再答")), ("true", False, ("先想", "再答")), ("false", True, ("", "先想</think>再答")),
        ("thinking is true", True, ("先想", "再答")),
    ],
    ids=["总是打开，没说", "总是打开，说不想", "从不打开，说要想", "照开关"],
)
def test_where_thinking_starts_is_read_from_the_prompt(tok, model, monkeypatch, opens, thinking, want):
    import copy

    import minimind.inference.chat as chat

    theirs = copy.deepcopy(tok)
    theirs.chat_template = tok.chat_template.replace("if thinking is true", f"if {opens}")
    said = tok.encode("先想</think>再答<|im_end|>")
    monkeypatch.setattr(chat, "stream_ids", lambda *a, **k: iter(said))
    question = [dict(role="user", content="<think>你先想")]
    r = chat.answer(model, theirs, question, thinking=thinking)
    assert (r["reasoning"], r["answer"].replace("</think>", "")) == (want[0], want[1].replace("</think>", ""))
    session = ChatSession(model, theirs, thinking=thinking)
    assert session.reply("你好")["reasoning"] == want[0]
