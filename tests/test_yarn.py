"拉长上下文：转速、打开与不打开、超过练过的长度说一声、向量直接进模型。"

import json
import math

import pytest
import torch
from transformers import DynamicCache

from minimind.inference.generate import generate, room
from minimind.inference.layouts import config_from_folder, layout_config
from minimind.inference.load import _adjusted
from minimind.lab import long_context as lab
from minimind.learning.errors import UserError
from minimind.learning.paths import ROOT
from minimind.model import MiniMindConfig, MiniMindForCausalLM, precompute_freqs_cis
from minimind.model.yarn import yarn_frequencies

YARN = dict(factor=4.0, original_max_position_embeddings=32)


def small(**more):
    torch.manual_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=50)
    return MiniMindForCausalLM(MiniMindConfig(**shape, max_position_embeddings=128, **more)).eval()


@pytest.mark.parametrize("given, words", [
    (dict(rope_scaling=YARN | dict(factor=0)), "factor"), (dict(rope_scaling=YARN | dict(factor=-3.0)), "factor"),
    (dict(rope_scaling=YARN | dict(factor=math.nan)), "factor"), (dict(rope_scaling=YARN | dict(factor="4")), "factor"),
    (dict(rope_scaling=dict(original_max_position_embeddings=0)), "original_max"),
    (dict(rope_scaling=YARN | dict(type="linear")), "linear"), (dict(rope_scaling=YARN | dict(fator=4.0)), "fator"),
    (dict(rope_scaling="yarn"), "字典"), (dict(rope_scaling=YARN | dict(beta_slow=0)), "beta_slow"),
    (dict(inference_rope_scaling="0"), "开关"), (dict(flash_attn="false"), "开关"),
])
def test_what_yarn_cannot_use_is_refused(given, words, tmp_path):
    "倍数不对、别的种类、不认识的键、写成字符串的开关：构造配置、载入时改、文件夹里写着，都是一句话。"
    with pytest.raises(ValueError, match=words):
        MiniMindConfig(**given)
    raw = layout_config(MiniMindConfig(hidden_size=32, num_attention_heads=4), "minimind") | given
    (tmp_path / "config.json").write_text(json.dumps(raw), encoding="utf8")
    with pytest.raises(UserError, match=words):
        config_from_folder(tmp_path)
    with pytest.raises(UserError, match=words):
        _adjusted(MiniMindConfig(), given, "x")


@pytest.mark.parametrize("rope, words", [
    (dict(type="linear", factor=2.0), "linear"), (dict(rope_type="yarn", factor=0), "factor=0"),
    (dict(rope_type="yarn"), "factor=None"), (dict(type="yarn", factor=-1.0), "factor=-1"),
])
def test_what_other_layouts_stretch_is_refused(rope, words, tmp_path):
    "别家的文件夹（旧写法里种类叫 type）：拉长的办法我们没有，或倍数不对，一句话。"
    raw = layout_config(MiniMindConfig(hidden_size=32, num_attention_heads=4), "llama") | dict(rope_parameters=None)
    rope = dict(original_max_position_embeddings=32) | rope
    (tmp_path / "config.json").write_text(json.dumps(raw | dict(rope_scaling=rope)), encoding="utf8")
    with pytest.raises(UserError, match=words):
        config_from_folder(tmp_path)


def test_switched_off_stays_off():
    stretched = MiniMindConfig(rope_scaling=YARN)
    for off in (False, 0):
        assert _adjusted(stretched, dict(inference_rope_scaling=off), "x").rope_scaling is None


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
