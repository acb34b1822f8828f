"""生成与分词器的测速：跑得通、存得下、比的是同一件事；快路不改变写出来的东西。"""

import json

import pytest
import torch

from minimind.inference import SamplingParams, generate, left_pad, stream
from minimind.lab import generation, tokenizer_speed
from minimind.model import KVCache, MiniMindConfig, MiniMindForCausalLM
from minimind.model.attention import attend, eager_attention
from minimind.trainer.arguments import run_command

GREEDY = SamplingParams(temperature=0)


def build(**more):
    torch.manual_seed(0)
    shape = dict(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=8, num_key_value_heads=2, vocab_size=200,
        max_position_embeddings=128, initializer_range=0.2,
    )
    return MiniMindForCausalLM(MiniMindConfig(**{**shape, **more})).eval()


@pytest.mark.parametrize("module, name", [(generation, "generate"), (tokenizer_speed, "tokenizer")])
def test_quick_run_saves(monkeypatch, tmp_path, capsys, module, name):
    from minimind.lab import bench

    monkeypatch.setattr(bench, "ROOT", tmp_path)
    assert run_command(module.command, ["--quick", "--save"]) == 0
    saved = json.loads((tmp_path / "benchmarks" / f"{name}.json").read_text(encoding="utf8"))
    assert saved["rows"] and saved["command"] == f"minimind bench {name} --quick" and saved["machine"]["threads"]
    assert (tmp_path / "benchmarks" / f"{name}.md").is_file()


def test_bad_options_are_one_sentence(tmp_path, capsys):
    assert run_command(tokenizer_speed.command, ["--data_path", str(tmp_path / "no.jsonl")]) == 2
    (tmp_path / "a.jsonl").write_text('{"txt": 1}\n', encoding="utf8")
    assert run_command(tokenizer_speed.command, ["--data_path", str(tmp_path / "a.jsonl")]) == 2
    assert "a.jsonl:1" in capsys.readouterr().err
    assert run_command(generation.command, ["--rounds", "0"]) == 2


def test_twins_write_the_same():
    config = MiniMindConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=200, initializer_range=0.2
    )
    ours, theirs = generation.twins(config)
    prompt = torch.randint(13, 200, (3, 9))
    assert torch.equal(generation.write(ours, prompt, 16), generation.write_theirs(theirs, prompt, 16))


@pytest.mark.parametrize("heads, kv", [(8, 8), (8, 2), (4, 1)])
@pytest.mark.parametrize("masked", [False, True])
def test_one_query_equals_eager(heads, kv, masked):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, heads, 1, 16), torch.randn(3, kv, 20, 16), torch.randn(3, kv, 20, 16)
    mask = None
    if masked:
        mask = torch.ones(3, 1, 1, 20, dtype=torch.bool)
        mask[1, ..., :7] = False
    assert attend(q, k, v, mask).allclose(eager_attention(q, k, v, mask), atol=1e-5)


def test_cache_writes_in_place():
    config = build().config
    cache = KVCache(config, 2, 6)
    x = torch.randn(2, config.num_key_value_heads, 6, config.head_dim)
    first = cache.update(x[:, :, :4], x[:, :, :4], 1)[0]
    again, value = cache.update(x[:, :, 4:], -x[:, :, 4:], 1)
    assert torch.equal(again, x) and first.data_ptr() == again.data_ptr() and torch.equal(value[:, :, 4:], -x[:, :, 4:])
    with pytest.raises(ValueError, match="放不下"):
        cache.update(x[:, :, :1], x[:, :, :1], 1)


def test_no_stop_words_and_compiled_shell_change_nothing():
    model, (ids, mask) = build(), left_pad([[5, 6, 7], [9]])
    want = generate(model, ids, mask, max_new_tokens=10, params=GREEDY, eos_token_id=None)
    assert want.tokens.shape == (2, 10) and want.truncated.all()
    calls = []

    def backend(graph, _):
        return lambda *args: calls.append(1) or graph.forward(*args)

    shell = torch.compile(model, backend=backend)
    got = generate(shell, ids, mask, max_new_tokens=10, params=GREEDY, eos_token_id=None)
    assert torch.equal(got.tokens, want.tokens) and len(calls) == 9  # 九个单步走编译过的，预填走原来的
    assert (
        list(stream(shell, [5, 6, 7], max_new_tokens=10, params=GREEDY, eos_token_id=None)) == want.tokens[0].tolist()
    )


def test_greedy_neither_sorts_nor_softmaxes(monkeypatch):
    def forbidden(*a, **k):
        raise AssertionError("贪心不该排序或归一化")

    model = build()
    prompt = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        model(prompt)
    for name in ("sort", "softmax", "topk", "multinomial"):
        monkeypatch.setattr(torch.Tensor, name, forbidden, raising=False)
    monkeypatch.setattr(torch, "multinomial", forbidden)
    assert generate(model, prompt, max_new_tokens=4, params=GREEDY).tokens.shape[1] >= 1
