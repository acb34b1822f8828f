"""int8 与重排：等于朴素版、损失差在百分之一内、共用的词向量、该拒绝的当场拒绝。"""

import copy
import random

import pytest
import torch

from minimind.inference import SamplingParams, generate, left_pad, save_weights
from minimind.inference import int8 as Q
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM

GREEDY = SamplingParams(temperature=0)
SHAPES = {
    "稠密": {}, "MoE": dict(use_moe=True), "QK 归一化": dict(qk_norm=True), "不共用": dict(tie_word_embeddings=False)
}


def build(**more):
    torch.manual_seed(0)
    shape = dict(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=200,
        max_position_embeddings=128, initializer_range=0.1,
    )
    return MiniMindForCausalLM(MiniMindConfig(**{**shape, **more})).eval()


def dequantized(model):
    "裁判：同样的整数与尺子，还原成普通权重，走普通的模型。"
    model = copy.deepcopy(model)
    with torch.no_grad():
        for p in {
            id(m.weight): m.weight for m in model.modules() if type(m) in (torch.nn.Linear, torch.nn.Embedding)
        }.values():
            q, scale = Q.quantize_rows(p)
            p.copy_(Q.dequantize_rows(q, scale))
    return model


@pytest.mark.parametrize("more", SHAPES.values(), ids=SHAPES)
@torch.no_grad()
def test_whole_model_equals_dequantized_weights(more):
    model, x = build(**more), torch.randint(3, 200, (2, 24))
    want = dequantized(model)(x).logits
    got = Q.quantize_int8(copy.deepcopy(model), dtype=torch.float32)(x).logits
    assert got.allclose(want, atol=1e-4)


@pytest.mark.parametrize("rows", [1, 2, 8, Q.FEW_ROWS, Q.FEW_ROWS + 1, 40])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_linear_equals_naive(rows, dtype):
    torch.manual_seed(rows)
    q, scale = Q.quantize_rows(torch.randn(48, 64))
    x = torch.randn(rows, 64).to(dtype)
    want = x.double() @ (q.double() * scale.to(dtype).double()[:, None]).T
    got = Q.int8_linear(x, q, scale.to(dtype))
    assert got.dtype == dtype and got.double().allclose(
        want, atol=2e-2 * float(want.abs().max()) if dtype == torch.bfloat16 else 1e-4
    )


def test_fallback_without_the_kernel(monkeypatch):
    q, scale = Q.quantize_rows(torch.randn(32, 16))
    x, scale = torch.randn(3, 16).bfloat16(), scale.bfloat16()
    fast = Q.int8_linear(x, q, scale)
    monkeypatch.setenv("MINIMIND_PLAIN_CPU", "1")
    assert Q.int8_linear(x, q, scale).allclose(fast, atol=0.1, rtol=0.03)


def test_zero_rows_and_bad_weights():
    q, scale = Q.quantize_rows(torch.zeros(3, 8))
    assert not q.any() and torch.isfinite(scale).all()
    model = build()
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    with pytest.raises(UserError, match="NaN"):
        Q.quantize_int8(model)
    assert (
        type(model.lm_head) is torch.nn.Linear and type(model.model.layers[0].mlp.down_proj) is torch.nn.Linear
    )  # 一层也没换


def test_tied_table_is_shared_and_small():
    model = build()
    full = Q.weight_bytes(model)
    small = Q.quantize_int8(model, dtype=torch.float32)
    assert small.lm_head.q.data_ptr() == small.model.embed_tokens.q.data_ptr()
    assert Q.weight_bytes(small) < 0.3 * full
    untied = Q.quantize_int8(build(tie_word_embeddings=False))
    assert untied.lm_head.q.data_ptr() != untied.model.embed_tokens.q.data_ptr()


@pytest.mark.parametrize("change, word", [(Q.quantize_int8, "量化成 int8"), (Q.pack_weights, "重排")])
def test_saving_is_refused_and_old_file_survives(tmp_path, change, word):
    model, path = build(), tmp_path / "full_sft_64.pth"
    save_weights(model, path, stage="full_sft")
    before = path.read_bytes()
    changed = change(copy.deepcopy(model))
    for save in (
        lambda: save_weights(changed, path, stage="full_sft"),
        lambda: changed.save_pretrained(tmp_path / "hf"),
        lambda: torch.save(changed.state_dict(), path),
        lambda: changed.load_state_dict(model.state_dict()),
    ):
        with pytest.raises(UserError, match="不能"):
            save()
    assert path.read_bytes() == before
    for again in (Q.quantize_int8, Q.pack_weights):
        with pytest.raises(UserError, match="重新装载"):
            again(changed)


@pytest.mark.parametrize("more", SHAPES.values(), ids=SHAPES)
def test_packing_does_not_change_what_is_written(more):
    model = build(**more)
    ids, mask = left_pad([[5, 6, 7, 8], [9], [10, 11]])
    want = generate(model, ids, mask, max_new_tokens=12, params=GREEDY, num_return_sequences=2).tokens
    got = generate(
        Q.pack_weights(copy.deepcopy(model)), ids, mask, max_new_tokens=12, params=GREEDY, num_return_sequences=2
    ).tokens
    assert torch.equal(got, want)


def test_quantized_rows_of_a_batch_do_not_depend_on_each_other():
    small = Q.quantize_int8(build())
    prompts = [[5, 6, 7, 8], [9], [10, 11]]
    batch = generate(small, *left_pad(prompts), max_new_tokens=8, params=GREEDY, eos_token_id=None)
    first = [
        generate(small, torch.tensor([p]), max_new_tokens=1, params=GREEDY, eos_token_id=None).tokens[0, 0]
        for p in prompts
    ]
    assert batch.tokens[:, 0].tolist() == [int(t) for t in first]


def test_loss_difference_after_some_training():
    from minimind.tokenizer.fast import train_tokenizer
    from minimind.world import passage

    texts = [passage(random.Random(i)) for i in range(120)]
    tok = train_tokenizer(texts, 500)
    ids = torch.tensor([i for t in texts for i in tok.encode(t) + [2]])
    held, train = ids[-1024:].view(8, 128), ids[:-1024]
    model = build(
        vocab_size=500, max_position_embeddings=256, zero_init=True, qk_norm=True, initializer_range=0.02
    ).train()
    optimizer = torch.optim.AdamW(model.parameters(), 4e-3)
    for _ in range(60):
        x = torch.stack([train[i : i + 128] for i in torch.randint(len(train) - 128, (8,)).tolist()])
        model(x, labels=x).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        before = float(model.eval()(held, labels=held).loss)
        after = float(Q.quantize_int8(copy.deepcopy(model))(held, labels=held).loss)
        packed = float(Q.pack_weights(copy.deepcopy(model))(held, labels=held).loss)
    assert before < 4.5 and abs(after / before - 1) < 0.01 and abs(packed / before - 1) < 1e-4


def test_threads_sharing_a_model_keep_their_own_positions():
    "角度只备一次，记在各层共用的地方；两个线程在不同的位置上写，谁也不能拿到对方的角度。"
    from concurrent.futures import ThreadPoolExecutor

    model = Q.pack_weights(build())
    prompts = [list(range(5, 5 + n)) for n in (3, 17, 40, 64)]
    write = lambda p: (
        generate(model, torch.tensor([p]), max_new_tokens=24, params=GREEDY, eos_token_id=None).tokens[0].tolist()
    )
    alone = [write(p) for p in prompts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, prompts * 4)) == alone * 4
