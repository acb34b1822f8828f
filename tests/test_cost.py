"参数一个不差，激活与实测对得上；账单的每一行都说怎么来的。"

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minimind.evaluation.cost import (
    MACHINES, activation_bytes, active_params, bill, cache_bytes, fits_table, hours_of, largest_batch, parts,
    state_bytes_of, token_flops, training_bytes,
)
from minimind.lab.step_time import fake_batch
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.model.presets import PRESETS
from minimind.trainer.memory import saved_bytes, state_bytes
from minimind.trainer.runtime import autocast
from minimind.trainer.stage import language_model_loss

CPU = torch.device("cpu")
EXACT = {"small": 25_829_888, "base": 104_030_976, "moe": 145_029_760, "small-deep": 21_046_656, "medium": 111_949_440}


def count(config):
    with torch.device("meta"):
        return sum(p.numel() for p in MiniMindForCausalLM(config).parameters())


@pytest.mark.parametrize("name", PRESETS)
def test_parameters_are_exact(name):
    config = MiniMindConfig.preset(name)
    total = sum(parts(config).values())
    assert total == count(config) and total == EXACT.get(name, total)
    assert (active_params(config) < total) == config.use_moe


shapes = st.builds(
    dict, hidden_size=st.sampled_from([32, 48, 64]), num_hidden_layers=st.integers(1, 3),
    num_attention_heads=st.sampled_from([2, 4]), num_key_value_heads=st.sampled_from([1, 2]), qk_norm=st.booleans(),
    vocab_size=st.integers(50, 300), tie_word_embeddings=st.booleans(), use_moe=st.booleans(),
    n_routed_experts=st.integers(2, 4), n_shared_experts=st.integers(0, 2), num_experts_per_tok=st.integers(1, 2),
)


@given(shape=shapes)
def test_parameters_of_any_shape_are_exact(shape):
    config = MiniMindConfig(**shape)
    assert sum(parts(config).values()) == count(config)
    states = state_bytes(MiniMindForCausalLM(config), "adamw")
    assert list(state_bytes_of(config).values()) == [states[k] for k in ("weights", "gradients", "optimizer")]


@pytest.mark.parametrize("name", ["nano", "tiny"])
def test_muon_keeps_one_momentum_for_matrices(name):
    config = MiniMindConfig.preset(name)
    assert state_bytes_of(config, "muon")["优化器"] == state_bytes(MiniMindForCausalLM(config), "muon")["optimizer"]


def kept(config, length, dtype, few=2, many=3):
    "多一行多留多少字节，除以一行的 token 数。"
    model = MiniMindForCausalLM(config).train()
    made = [
        saved_bytes(model, fake_batch(config.vocab_size, k, length), language_model_loss, autocast(CPU, dtype))[0]
        for k in (few, many)
    ]
    return (made[1] - made[0]) / length / (many - few)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "shape",
    [
        dict(hidden_size=64, num_hidden_layers=2), dict(hidden_size=128, num_hidden_layers=1, qk_norm=True),
        dict(hidden_size=128, num_hidden_layers=2, intermediate_size=700, num_key_value_heads=8),
    ],
    ids=["窄", "归一化", "宽前馈"],
)
def test_activations_equal_what_autograd_keeps(shape, dtype):
    config = MiniMindConfig(vocab_size=500, **shape)
    for length in (128, 192):
        told = activation_bytes(config, length, dtype is torch.bfloat16)
        assert told == pytest.approx(kept(config, length, dtype), rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_activations_of_experts_are_within_a_fifth(dtype):
    torch.manual_seed(0)
    config = MiniMindConfig(vocab_size=500, hidden_size=128, num_hidden_layers=2, use_moe=True)
    told = activation_bytes(config, 128, dtype is torch.bfloat16)
    assert told == pytest.approx(kept(config, 128, dtype, 2, 12), rel=0.2)


def test_flops_cache_money_and_fit():
    small, moe = MiniMindConfig.preset("small"), MiniMindConfig.preset("moe")
    assert token_flops(small, 512) == 6 * count(small) + 6 * 8 * 512 * 512 == 3 * token_flops(small, 512, train=False)
    assert token_flops(moe, 512) < 6 * count(moe)
    assert cache_bytes(small, 100, heads=8) == 4 * cache_bytes(small, 100)
    assert hours_of(small, 2e9, 512, 100) == pytest.approx(2 * hours_of(small, 1e9, 512, 100))
    rows = largest_batch(small, 512, 8)
    need = lambda n: sum(training_bytes(small, n, 512).values())
    assert need(rows) <= 7 * 2**30 < need(rows + 1)
    assert all(line.how in ("数", "算") for line in bill(moe, tokens=1e9, tflops=100, price=3))


@pytest.mark.parametrize("machine", MACHINES)
def test_what_fits_which_machine(machine):
    "显卡、CPU、Mac 各一张表，预设与 334M 各一行；每一格再多一行就放不下。"
    rows = {row["模型"]: row for row in fits_table(256, machine)}
    assert [*rows] == [*PRESETS, "334M"] and rows["334M"]["参数"] == "334.6M"
    sizes, spare, gpu = MACHINES[machine]
    for name in ("nano", "base"):
        for size in sizes:
            n, room = rows[name][f"{size} GB"], (size - spare(size)) * 2**30
            need = lambda n: sum(
                training_bytes(MiniMindConfig.preset(name), n, 256, half=gpu, scores=not gpu).values()
            )
            assert need(n) <= room < need(n + 1)
    assert fits_table(100_000, machine)[-1]["8 GB"] == "放不下"


def test_info_prints_bills(cli, tmp_path):
    money = ("--tokens", "1e9", "--tflops", 100)
    done = cli("info", "--compare", "small", "base", "moe", "--seq_len", 340, *money, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("25,829,888", "104,030,976", "145,029,760", "小时", "不是量的"))
    fits = cli("info", "--fits", 1, home=tmp_path)
    assert all(word in fits.stdout for word in ("显卡：", "CPU：", "Mac：", "334M", "没有在 Mac 上量过")), fits.stderr
    wrong = cli("info", "--preset", "huge", home=tmp_path)
    assert wrong.returncode == 2 and "没有预设 huge" in wrong.stderr
    for argv, words in (
        (["--preset", "base", "--tokens", "1e9"], "还缺 --tflops"),
        (["--preset", "base", "--tflops", 9], "还缺 --tokens"),
        (["--preset", "base", "--price", 3], "还缺 --tokens、--tflops"),
        (["--seq_len", 64], "--seq_len 要说算哪个预设"),
        (["--tokens", "1e9", "--tflops", 100], "--preset"), (["--fits", 1, "--batch_size", 2], "--batch_size"),
    ):
        idle = cli("info", *argv, home=tmp_path)
        assert idle.returncode == 2 and words in idle.stderr and idle.stderr.count("\n") == 1, (argv, idle.stderr)
    assert cli("info", "--fits", 1, "--seq_len", 64, home=tmp_path).returncode == 0
    stray = cli("info", "small", home=tmp_path)
    assert stray.returncode == 2 and "--compare small" in stray.stderr
