"""阶段的接口：三个玩具阶段在一个与两个进程上走、断在中间、接着走。"""

import json
import math
import sys
from pathlib import Path

import pytest
import torch

from minimind.trainer.arguments import TrainArgs, make_args
from minimind.trainer.loop import Loop, train_stage
from minimind.trainer.runtime import setup_seed

sys.path.insert(0, str(Path(__file__).parent))
import toy_stages  # noqa: E402
from stage_runs import final, journal, on_two_processes, same, without_python_random  # noqa: E402

STAGES = {"Critic": toy_stages.Critic, "Pairs": toy_stages.Pairs, "Tracker": toy_stages.Tracker}
CPU = torch.device("cpu")


def given(small, home: Path, **more) -> dict:
    return {
        **dict(
            hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=4, accumulation_steps=2, epochs=6,
            max_steps=6, dtype="float32", num_workers=0, log_interval=1, learning_rate=1e-2, device="cpu",
            schedule="constant", tokenizer_path=str(small["tok"]), save_dir=str(home / "out"), save_weight="toy",
            replay_path=str(small["sft"]), replay_weight=0.1,  # 每一步都混一批旧数据：它的位置也要活过断电
        ),
        **more,
    }


def run_here(name, small, home, **more):
    return train_stage(STAGES[name], make_args(TrainArgs, **given(small, home, **more)))


@pytest.fixture(scope="module")
def two(small, tmp_path_factory):
    "两个 gloo 进程，三个阶段各走一遍完整的、一遍断在中间又接上的；返回 {阶段: (完整的, 断过的) 文件夹}。"
    homes = {name: (tmp_path_factory.mktemp(f"{name}-two"), tmp_path_factory.mktemp(f"{name}-cut")) for name in STAGES}
    runs = []
    for name, (whole, cut) in homes.items():
        runs += [(name, given(small, whole)), (name, given(small, cut, max_steps=3))]
        runs += [(name, given(small, cut, from_resume=1))]
    on_two_processes(runs)
    return homes


@pytest.mark.parametrize("name", STAGES)
def test_stage_learns_and_logs_its_own_numbers(name, small, tmp_path):
    result = run_here(name, small, tmp_path)
    assert result.steps == 6 and all(math.isfinite(v) for v in result.journal["loss"])
    card = json.loads(result.weight_path.with_suffix(".json").read_text(encoding="utf8"))
    assert card["stage"] == STAGES[name].name
    assert all(0 < v < 10 for v in result.journal["replay"])
    assert result.journal[STAGES[name].divisor] and result.weight_path.name == "toy_32.pth"


def test_pairs_start_at_ln_2_and_rise(small, tmp_path):
    result = run_here("Pairs", small, tmp_path)
    assert result.journal["loss"][0] == pytest.approx(math.log(2), rel=1e-5)      # 除以对数，不是 token 数
    assert result.journal["pairs"][0] == 8 and result.journal["loss"][-1] < 0.5
    assert result.journal["accuracy"][-1] > result.journal["accuracy"][0]


def test_two_models_two_rates_and_rollouts_once(small, tmp_path):
    args = make_args(TrainArgs, **given(small, tmp_path))
    setup_seed(args.seed)
    loop = Loop(toy_stages.Critic(args, CPU)).ready()
    assert loop.stage.rollouts == 0                                                # 称内存不生成
    rates = {g["base_lr"] for g in loop.optimizer.param_groups}
    assert rates == {1e-2, 5e-2} and set(loop.models) == {"actor", "critic"}
    result = loop.run()
    assert loop.stage.rollouts == result.steps == 6                                # 每步生成一次，更新两次
    assert result.journal["rows"][0] == 2 * 8 and "grad_norm_critic" in result.journal.records[0]
    assert not set(torch.load(result.weight_path, weights_only=True)) & {"table.weight", "critic.table.weight"}


@pytest.mark.parametrize("name", STAGES)
def test_resumed_in_the_middle_is_the_same_run(name, small, tmp_path):
    run_here(name, small, tmp_path / "a")
    run_here(name, small, tmp_path / "b", max_steps=3)
    run_here(name, small, tmp_path / "b", from_resume=1)
    whole, rest = final(tmp_path / "a"), final(tmp_path / "b")
    for key in ("model", "modules", "optimizer", "stage", "rng", "replay", "step", "samples"):
        assert same(whole[key], rest[key]), key
    assert [r["loss"] for r in journal(tmp_path / "a")] == [r["loss"] for r in journal(tmp_path / "b")]


@pytest.mark.parametrize("name", STAGES)
def test_two_processes_walk_the_same_way_and_resume(name, small, tmp_path, two):
    run_here(name, small, tmp_path, batch_size=8)
    whole, cut = two[name]
    for a, b in zip(journal(tmp_path), journal(whole), strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=2e-4), (a, b)
    one, other = without_python_random(final(whole)), without_python_random(final(cut))
    for state in (
        one,
        other,
    ):  # DDP 走第一步时才导入的库会用掉几个 random 模块的数，训练不用它；torch 与 numpy 的要相同
        state["rng"] = [{k: v for k, v in r.items() if k != "python"} for r in state["rng"]]
    for key in ("model", "modules", "optimizer", "stage", "rng", "replay", "step", "samples"):
        assert same(one[key], other[key]), key
    assert [r["loss"] for r in journal(whole)] == [r["loss"] for r in journal(cut)]


def test_replay_is_divided_by_its_own_tokens_and_weighted(small, tmp_path):
    "权重为 0 等于不混；权重越大，新数据的损失降得越慢、旧数据的越快。"
    runs = {
        w: run_here("Pairs", small, tmp_path / str(w), replay_weight=w, epochs=9, max_steps=12) for w in (0, 0.1, 10)
    }
    assert "replay" not in runs[0].journal.records[0]
    assert runs[0.1].journal["replay"][0] == pytest.approx(runs[10].journal["replay"][0], rel=1e-5)
    assert runs[10].journal["replay"][-1] < runs[0.1].journal["replay"][-1]
    assert runs[10].journal["loss"][-1] > runs[0].journal["loss"][-1]


def test_changed_rate_is_the_new_one_after_a_resume(small, tmp_path):
    run_here("Critic", small, tmp_path, max_steps=2)
    args = make_args(TrainArgs, **given(small, tmp_path, learning_rate=1e-4, from_resume=1))
    loop = Loop(toy_stages.Critic(args, CPU)).ready()
    assert {g["base_lr"] for g in loop.optimizer.param_groups} == {1e-4, 5e-4}


def test_making_a_loop_touches_nothing(small, tmp_path):
    args = make_args(TrainArgs, **given(small, tmp_path))
    Loop(toy_stages.Pairs(args, CPU))
    assert not (tmp_path / "out").exists() and not (tmp_path / "checkpoints").exists()


def test_nan_names_the_model_and_keeps_the_weights(small, tmp_path):
    from minimind.learning.errors import UserError

    path = run_here("Critic", small, tmp_path, max_steps=1).weight_path
    before = path.read_bytes()
    with pytest.raises(UserError, match="梯度|损失"):
        run_here("Critic", small, tmp_path, learning_rate=1e18, grad_clip=1e18)
    assert path.read_bytes() == before
