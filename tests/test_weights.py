"""MiniMind 的各代权重：没有身份证也装得分毫不差，认不出就问；从不悄悄装成别的样子。"""

import json

import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM, Qwen3MoeConfig
from transformers import Qwen3MoeForCausalLM
from transformers.models.llama.modeling_llama import LlamaMLP

from minimind.inference import load_model, read_state, save_weights
from minimind.inference.infer import ASKED, _look, infer_config, infer_shape, recognise
from minimind.inference.weights import config_dict
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.model.presets import PRESETS, pi_intermediate_size
from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

H, VOCAB = 64, 6400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tok = train_tokenizer(["床前明月光，疑是地上霜。", "hello world"] * 9, 330)
    return save_tokenizer(tok, tmp_path_factory.mktemp("w"))


class Experts(nn.Module):
    "二代的混合专家，照定义一个 token 一个 token 地算：4 个里选 2 个，归一化，再加 1 个共享的。"

    def __init__(self, h, inner):
        super().__init__()
        config = LlamaConfig(hidden_size=h, intermediate_size=inner)
        self.gate = nn.Linear(h, 4, bias=False)
        self.experts = nn.ModuleList(LlamaMLP(config) for _ in range(4))
        self.shared_experts = nn.ModuleList([LlamaMLP(config)])

    def forward(self, x):
        out = self.shared_experts[0](x)
        for b in range(x.shape[0]):
            for t in range(x.shape[1]):
                p = self.gate(x[b, t]).softmax(-1)
                best = p.argsort(descending=True)[:2]
                for e in best:
                    out[b, t] += p[e] / p[best].sum() * self.experts[e](x[b, t])
        return out


def shared(layers=2, **more):
    return dict(
        hidden_size=H, num_hidden_layers=layers, num_attention_heads=8, vocab_size=VOCAB, rope_theta=1e6,
        tie_word_embeddings=True, initializer_range=0.3, max_position_embeddings=64, **more,
    )


def two(moe=False):
    model = LlamaForCausalLM(LlamaConfig(**shared(intermediate_size=192, num_key_value_heads=2, rms_norm_eps=1e-5)))
    for layer in model.model.layers if moe else ():
        layer.mlp = Experts(H, 192)
        for p in layer.mlp.parameters():
            nn.init.normal_(p, std=0.3)
    return model


def three(moe=False):
    more = dict(num_key_value_heads=4, rms_norm_eps=1e-6, head_dim=8, intermediate_size=256)
    if not moe:
        return Qwen3ForCausalLM(Qwen3Config(**shared(**more)))
    more |= dict(moe_intermediate_size=256, num_experts=4, num_experts_per_tok=1, norm_topk_prob=True)
    return Qwen3MoeForCausalLM(Qwen3MoeConfig(**shared(**more)))


OFFICIAL = {
    "二代": two, "二代混合专家": lambda: two(True), "三代": three, "三代混合专家": lambda: three(True),
}


def reference(name, tmp_path):
    "参照模型，与它的权重（名字与 MiniMind 的相同）；每个参数都不是初值，ε 与归一化的毛病才看得见。"
    torch.manual_seed(0)
    model = OFFICIAL[name]().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(0.1 if p.ndim == 2 and p.shape[0] == VOCAB else 1.0).add_(0.01 * torch.randn_like(p))
    if name != "三代混合专家":
        return model, model.state_dict()
    model.save_pretrained(tmp_path / "hf")  # transformers 在内存里把专家拼在一起，存盘时才分开
    return model, read_state(tmp_path / "hf")


def same(model, other, atol=2e-4):
    x = torch.randint(0, VOCAB, (2, 9), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        a, b = model(x).logits, other(x).logits
    assert b.std() > 0.1 and torch.allclose(a, b, atol=atol), (a - b).abs().max()


@pytest.mark.parametrize("name", OFFICIAL)
def test_bare_weights_of_both_series_load_exactly(name, tmp_path, folder, capsys):
    theirs, state = reference(name, tmp_path)
    torch.save(state, tmp_path / "full_sft_64.pth")
    ours, _ = load_model(tmp_path / "full_sft_64.pth", tokenizer_path=folder)
    same(ours, theirs)
    assert "没有身份证" in capsys.readouterr().err, "认成了什么，要说一声"


@pytest.mark.parametrize("name", ["二代", "三代", "三代混合专家"])
def test_folders_written_by_transformers_load_exactly(name, tmp_path, folder):
    theirs, _ = reference(name, tmp_path)
    theirs.save_pretrained(tmp_path / "hf")
    same(load_model(tmp_path / "hf", tokenizer_path=folder)[0], theirs)


@pytest.mark.parametrize("moe", [False, True])
def test_three_series_own_folder(moe, tmp_path, folder):
    "三代自己的 config.json：model_type 也是 minimind，没有 qk_norm，专家的名字不同。"
    theirs, state = reference("三代混合专家" if moe else "三代", tmp_path)
    (tmp_path / "own").mkdir()
    torch.save(state, tmp_path / "own" / "pytorch_model.bin")
    raw = dict(
        model_type="minimind", hidden_size=H, num_hidden_layers=2, use_moe=moe, dropout=0.0, vocab_size=VOCAB,
        num_attention_heads=8, num_key_value_heads=4, head_dim=8, hidden_act="silu", intermediate_size=256,
        max_position_embeddings=64, rms_norm_eps=1e-6, rope_theta=1e6, tie_word_embeddings=True, num_experts=4,
        num_experts_per_tok=1, moe_intermediate_size=256, norm_topk_prob=True, router_aux_loss_coef=5e-4,
        inference_rope_scaling=False, rope_scaling=None,
    )
    (tmp_path / "own" / "config.json").write_text(json.dumps(raw), encoding="utf8")
    same(load_model(tmp_path / "own", tokenizer_path=folder)[0], theirs)


def bare(config):
    "这份配置的权重文件，只要形状：meta 设备上不占内存。"
    with torch.device("meta"):
        state = dict(MiniMindForCausalLM(config).state_dict())
    if config.tie_word_embeddings:
        del state["lm_head.weight"]
    else:
        state = {k: torch.empty(v.shape) if "embed" in k or "lm_head" in k else v for k, v in state.items()}
        state["lm_head.weight"] += 1
    return state


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_itself_or_asks(name):
    config = MiniMindConfig.preset(name)
    state = bare(config)
    try:
        found = infer_config(state)
    except UserError as e:
        assert "tiny" in str(e) or "small-deep" in str(e), "只有这两个与二代同形"
        assert name in ("tiny", "small-deep")
        found = infer_config(state, preset=name)
    assert {k: getattr(found, k) for k in ASKED} == {k: getattr(config, k) for k in ASKED}
    assert _look(found) == _look(config)


@st.composite
def configs(draw):
    heads = draw(st.sampled_from([2, 4, 8, 16]))
    hidden = heads * draw(st.sampled_from([4, 8, 16, 32, 64]))
    moe, top = draw(st.booleans()), draw(st.integers(1, 3))
    inner = draw(st.sampled_from([None, pi_intermediate_size(hidden), 96]))
    return MiniMindConfig(
        hidden_size=hidden, num_attention_heads=heads, intermediate_size=inner, use_moe=moe, num_experts_per_tok=top,
        num_key_value_heads=draw(st.sampled_from([k for k in (1, 2, 4, 8, 16) if heads % k == 0])),
        num_hidden_layers=draw(st.integers(1, 3)), vocab_size=draw(st.sampled_from([330, 2048, 6400])),
        qk_norm=draw(st.booleans()), n_routed_experts=draw(st.integers(3, 5)), n_shared_experts=draw(st.integers(0, 2)),
        tie_word_embeddings=draw(st.booleans()), rms_norm_eps=draw(st.sampled_from([1e-5, 1e-6])),
        max_position_embeddings=64,
    )


def households(c):
    "两代 MiniMind 在这份配置的宽与层数上的样子。"
    size = dict(hidden_size=c.hidden_size, num_hidden_layers=c.num_hidden_layers, use_moe=c.use_moe)
    out = []
    for build in (MiniMindConfig, lambda **k: MiniMindConfig.preset("minimind3", vocab_size=c.vocab_size, **k)):
        try:
            out.append(build(**size))
        except ValueError:
            pass
    return out + [MiniMindConfig.preset(name) for name in PRESETS]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(configs())
def test_whatever_wrote_it_is_recognised_or_asked_about(c):
    state, twins = bare(c), [h for h in households(c) if _look(h) == _look(c)]
    numbers = lambda x: [getattr(x, k) for k in ASKED if x.use_moe or k != "num_experts_per_tok"]
    told = dict(zip(ASKED, (getattr(c, k) for k in ASKED)))
    if not twins:  # 谁家也不像：非问不可
        with pytest.raises(UserError, match="--rms_norm_eps"):
            infer_config(state)
    else:          # 像谁就是谁；不止一家就问
        answers = {tuple(numbers(h)) for h in twins}
        if len(answers) > 1:
            with pytest.raises(UserError, match="不止一家"):
                infer_config(state)
        else:
            assert tuple(numbers(infer_config(state))) in answers
    exact = infer_config(state, **told)  # 都说清了，就分毫不差
    assert numbers(exact) == numbers(c) and _look(exact) == _look(c)


@pytest.mark.parametrize(
    "given, words",
    [
        (dict(num_attention_heads=5), "不符"),
        (dict(num_attention_heads=64, rms_norm_eps=1e-5, rope_theta=1e6), "不符"),
        (dict(num_attention_heads=4, num_key_value_heads=4), "不符"), (dict(num_hidden_layers=3), "num_hidden_layers"),
        (dict(num_key_value_heads=5), "不符"), (dict(preset="huge"), "huge"), (dict(preset="base"), "不符"),
    ],
)
def test_wrong_numbers_are_refused(given, words):
    with pytest.raises(UserError, match=words):
        infer_config(bare(MiniMindConfig(hidden_size=48, num_hidden_layers=2, num_attention_heads=4)), **given)


@pytest.mark.parametrize(
    "state, words",
    [
        ({"tok_embeddings.weight": 0, "layers.0.attention.wq.weight": 0, "output.weight": 0}, "v1"),
        ({"transformer.wte.weight": 0}, "不是 MiniMind"),
        ({"model.embed_tokens.weight": 0}, "q_proj"),
        ({"model.embed_tokens.weight": 0, "model.layers.0.mlp.gate.weight": 0,
          "model.layers.0.mlp.experts.gate_up_proj": 0}, "q_proj|experts"),
    ],
)
def test_other_files_are_named(state, words):
    with pytest.raises(UserError, match=words):
        infer_shape({k: torch.zeros(8, 4) for k in state})


def test_keywords_act_or_are_refused(tmp_path, folder):
    model = MiniMindForCausalLM(MiniMindConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=4, vocab_size=330, max_position_embeddings=4096
    ))
    more = dict(max_seq_len=340)
    path = save_weights(model, tmp_path / "full_sft_32.pth", stage="full_sft", tokenizer_dir=folder, extra=more)
    long, _ = load_model(path, inference_rope_scaling=True)
    assert long.trained_length == 340
    assert long.config.rope_scaling["factor"] == 16
    assert not torch.equal(long.model.freqs_cos, load_model(path)[0].model.freqs_cos)
    long.save_pretrained(tmp_path / "long")
    short, _ = load_model(tmp_path / "long", inference_rope_scaling=False, tokenizer_path=folder)
    assert short.config.rope_scaling is None
    assert load_model(path, max_position_embeddings=128)[0].model.freqs_cos.shape[0] == 128
    for told in (dict(rms_norm_eps=1e-6), dict(num_attention_heads=8), dict(preset="small"), dict(hidden_size=64)):
        with pytest.raises(UserError, match="full_sft_32"):
            load_model(path, **told)
    with pytest.raises(TypeError, match="num_heads"):
        load_model(path, num_heads=4)
    assert load_model(path, num_attention_heads=4, rms_norm_eps=1e-5)[0].config.num_attention_heads == 4


def test_recognise_says_who():
    state = bare(MiniMindConfig.preset("minimind3-moe", hidden_size=128))
    assert list(recognise(state, infer_shape(state))) == ["MiniMind 三代"]
    config = infer_config(state)
    assert config_dict(config)["seq_aux"] is False and config.aux_loss_alpha == 5e-4


def run_chat(capsys, *argv):
    from minimind.cli import app
    from minimind.learning.command import run_command

    code = run_command(app, ["chat", "--ask", "hello", "--max_new_tokens", "4", *map(str, argv)], prog="minimind")
    return code, capsys.readouterr()


def test_chat_turns_yarn_on(tmp_path, folder, capsys, monkeypatch):
    from minimind import cli

    config = MiniMindConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=4, vocab_size=330)
    path = save_weights(
        MiniMindForCausalLM(config), tmp_path / "full_sft_32.pth", stage="full_sft", tokenizer_dir=folder
    )
    found, plain = [], cli.open_model
    monkeypatch.setattr(cli, "open_model", lambda **where: found.append(plain(**where)) or found[-1])
    for flag in (["--inference_rope_scaling", 0], ["--inference_rope_scaling", 1], ["--inference_rope_scaling"]):
        code, said = run_chat(capsys, "--weight", path, *flag)
        assert code == 0, said.err
    (off, _), (on, _), (bare, _) = found
    assert off.config.rope_scaling is None and on.config.rope_scaling["factor"] == 16
    assert bare.config.rope_scaling == on.config.rope_scaling
    assert not torch.equal(off.model.freqs_cos, on.model.freqs_cos)


def test_chat_takes_the_missing_numbers(tmp_path, folder, capsys):
    config = MiniMindConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=16, max_position_embeddings=64)
    path = tmp_path / "full_sft_64.pth"
    torch.save(MiniMindForCausalLM(config).state_dict(), path)
    where = ["--weight", path, "--tokenizer_path", folder]
    code, said = run_chat(capsys, *where)
    assert code == 2 and "--num_attention_heads" in said.err and "Traceback" not in said.err
    told = ["--num_attention_heads", 16, "--rms_norm_eps", 1e-5, "--rope_theta", 1e6]
    code, said = run_chat(capsys, *where, *told)
    assert code == 0 and "num_attention_heads 16" in said.err
    assert run_chat(capsys, *where, *told, "--num_hidden_layers", 3)[0] == 2
    assert run_chat(capsys, *where, "--preset", "huge")[0] == 2


def test_training_takes_them_too(tmp_path, folder):
    from minimind.trainer.arguments import TrainArgs, make_args
    from minimind.trainer.stage import init_model

    _, state = reference("三代混合专家", tmp_path)
    torch.save(state, tmp_path / "pretrain_64_moe.pth")
    args = dict(
        from_weight="pretrain", save_dir=str(tmp_path), hidden_size=64, use_moe=1, tokenizer_path=str(folder),
    )
    config = init_model(make_args(TrainArgs, **args), torch.device("cpu"))[0].config
    assert (config.num_experts_per_tok, config.rms_norm_eps, config.aux_loss_alpha) == (1, 1e-6, 5e-4)
    made = init_model(make_args(TrainArgs, preset="minimind3", num_hidden_layers=1, hidden_size=64, rope_theta=1e4,
                                tokenizer_path=str(folder)), torch.device("cpu"))[0].config
    assert (made.num_key_value_heads, made.intermediate_size, made.rope_theta) == (4, 256, 1e4)
    with pytest.raises(UserError, match="num_attention_heads"):
        init_model(make_args(TrainArgs, num_attention_heads=4, **args), torch.device("cpu"))


def test_the_page_loads_it_with_the_same_options(tmp_path, folder, monkeypatch):
    from streamlit.testing.v1 import AppTest

    import minimind.serving.web as web
    from minimind.cli import load_options, web_command

    monkeypatch.setattr(web, "OUT", tmp_path)
    config = MiniMindConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=16, max_position_embeddings=64)
    torch.save(MiniMindForCausalLM(config).state_dict(), tmp_path / "full_sft_64.pth")
    told = load_options(
        str(tmp_path / "full_sft_64.pth"), save_dir="", use_moe="0", lora_weight="", device="cpu",
        tokenizer_path=str(folder), num_attention_heads=16, rms_norm_eps=1e-5, rope_theta=1e6, preset="",
    )
    argv = web_command("127.0.0.1", 8501, str(tmp_path / "full_sft_64.pth"), told)

    def show(argv):
        monkeypatch.setattr("sys.argv", ["page.py", *argv])
        return AppTest.from_file(web.PACKAGE / "serving" / "page.py", default_timeout=30).run()

    shown = show(argv[argv.index("--weight") :])
    assert not shown.exception and not shown.error
    web.cached_model.clear()
    assert "没有身份证" in show(["--weight", str(tmp_path / "full_sft_64.pth")]).error[0].value


def tokenizer_like(series, folder):
    "词条恰好 6400、特殊 token 的位置与那一代相同的分词器。"
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    from minimind.tokenizer.fast import CONTROL_TOKENS

    special = CONTROL_TOKENS + [f"<|buffer{i}|>" for i in range(3, 36)] * (series == 3)
    if series == 3:
        special[25:27] = ["<think>", "</think>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = special + letters + [f"词{i}" for i in range(VOCAB - len(special) - len(letters))]
    core = Tokenizer(models.BPE(vocab={w: i for i, w in enumerate(words)}, merges=[]))
    core.pre_tokenizer, core.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    core.add_special_tokens([AddedToken(w, special=True) for w in special])
    folder.mkdir()
    core.save(str(folder / "tokenizer.json"))
    marks = dict(bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|endoftext|>")
    (folder / "tokenizer_config.json").write_text(json.dumps(marks))
    return folder


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_tokenizer_of_the_other_series_is_refused(name, tmp_path):
    _, state = reference(name, tmp_path)
    torch.save(state, tmp_path / "full_sft_64.pth")
    folders = {n: tokenizer_like(n, tmp_path / f"t{n}") for n in (2, 3)}
    mine = 2 if name.startswith("二代") else 3
    assert load_model(tmp_path / "full_sft_64.pth", tokenizer_path=folders[mine])
    with pytest.raises(UserError, match="混用只会胡说"):
        load_model(tmp_path / "full_sft_64.pth", tokenizer_path=folders[5 - mine])


def test_a_tokenizer_that_lives_with_its_weights_is_trusted(tmp_path):
    "在二代的形状上用三代的分词器练过的模型，存成文件夹、或带着指纹，照样装得回来。"
    folder = tokenizer_like(3, tmp_path / "t3")
    model = MiniMindForCausalLM(MiniMindConfig(hidden_size=64, num_hidden_layers=1, max_position_embeddings=64))
    path = save_weights(model, tmp_path / "full_sft_64.pth", stage="full_sft", tokenizer_dir=folder)
    assert load_model(path)
    model.save_pretrained(tmp_path / "hf")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "hf" / name).write_bytes((folder / name).read_bytes())
    assert load_model(tmp_path / "hf")
    with pytest.raises(UserError, match="混用只会胡说"):
        load_model(tmp_path / "hf", tokenizer_path=folder)
