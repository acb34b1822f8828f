"拉长上下文：转速、打开与不打开、超过练过的长度说一声、向量直接进模型。"

import json

import pytest
import torch
from transformers import DynamicCache

from minimind.inference.generate import generate, room
from minimind.lab import long_context as lab
from minimind.learning.paths import ROOT
from minimind.model import MiniMindConfig, MiniMindForCausalLM, precompute_freqs_cis
from minimind.model.yarn import yarn_frequencies

YARN = dict(factor=4.0, original_max_position_embeddings=32)


def small(**more):
    torch.manual_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=50)
    return MiniMindForCausalLM(MiniMindConfig(**shape, max_position_embeddings=128, **more)).eval()


def test_nothing_changes_within_the_original_length():
    told = dict(factor=4.0, original_max_position_embeddings=64, attention_factor=1.3)
    for end, same in ((64, True), (65, False)):
        plain, asked = precompute_freqs_cis(16, end), precompute_freqs_cis(16, end, 1e6, told)
        assert all(torch.equal(a, b) is same for a, b in zip(plain, asked))


def test_the_two_ends_and_between():
    slowed = yarn_frequencies(64, 1e4, 8.0, 2048)
    ratio = yarn_frequencies(64, 1e4, 1.0, 2048) / slowed
    assert ratio[0] == 1 and ratio[-1].isclose(torch.tensor(8.0)) and (ratio.diff() >= -1e-5).all()


def test_longer_than_trained_says_so_once(capsys):
    model = small()
    model.trained_length = 16
    ids = torch.randint(3, 50, (1, 20))
    room(model, 16, 4)
    assert capsys.readouterr().err == ""
    for _ in range(2):
        generate(model, ids, max_new_tokens=2)
    said = capsys.readouterr().err
    assert said.count("练的时候一行只有 16 个") == 1 and "--inference_rope_scaling 1" in said
    longer = small(rope_scaling=YARN)
    longer.trained_length = 16
    generate(longer, ids, max_new_tokens=2)
    assert capsys.readouterr().err == ""


def test_vectors_instead_of_ids():
    model, ids = small(), torch.randint(0, 50, (2, 9))
    vectors = model.model.embed_tokens(ids).detach().requires_grad_()
    want = model(ids).logits
    out = model(inputs_embeds=vectors, labels=ids)
    assert torch.equal(out.logits, want)
    out.loss.backward()
    assert vectors.grad[:, :-1].abs().sum(-1).gt(0).all()
    cache = DynamicCache()
    with torch.no_grad():
        first = model(inputs_embeds=vectors[:, :5], past_key_values=cache, use_cache=True).logits
        rest = model(input_ids=ids[:, 5:], past_key_values=cache, use_cache=True).logits
    assert torch.allclose(torch.cat((first, rest), 1), want, atol=1e-5)
    for given in (dict(), dict(input_ids=ids, inputs_embeds=vectors)):
        with pytest.raises(ValueError, match="只给其中一个"):
            model(**given)


def test_a_haystack_has_the_length_and_depth_it_was_asked_for():
    import random

    tok = lab.small_tokenizer()
    for length in (64, 128, 512):
        places = []
        for depth in (0.0, 0.5, 1.0):
            hay, asks, right = lab.haystack(random.Random(3), tok, length, depth)
            assert len(hay) + max(map(len, asks)) == length
            name, text = tok.decode(asks[right]).split("喜欢")[0], tok.decode(hay)
            places.append(text.index(f"{name}喜欢{lab.LIKES[right]}。") / len(text))
        assert places == sorted(places) and places[0] == 0


def test_committed_results_show_yarn_helps():
    rows = json.loads((ROOT / "benchmarks/long_context.json").read_text(encoding="utf8"))["rows"]
    at = {(r["种子"], r["办法"]): r for r in rows}
    assert {seed for seed, _ in at} == {0, 1, 2}
    for seed in range(3):
        assert at[seed, "YaRN ×4"]["2–4L"] < at[seed, "不管"]["2–4L"]


def test_bench_long_quick(tmp_path, capsys):
    lab.bench_long(quick=True, save=True, folder=tmp_path)
    rows = json.loads((tmp_path / "long_context.json").read_text(encoding="utf8"))["rows"]
    assert len(rows) == 16 and all(r["4–8L"] > 0 for r in rows)
    data = json.loads((tmp_path / "long_context_data.json").read_text(encoding="utf8"))
    assert len(data[0]["curves"]["不管"]) == 64 * 8 // lab.BIN - 1
    assert len(data[0]["needle"]["不管"]) == 4
