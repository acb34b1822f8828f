"消融：每种写法造得出、参数数得对、练得动；断了能续，坏了的记录那一次重跑；写错了一句话说清。"

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minimind.lab import ablations as lab
from minimind.lab.step_time import fake_batch
from minimind.learning.errors import UserError
from minimind.trainer.arguments import PretrainArgs, make_args

BASE = 1_208_880  # nano，词表 2048；见 README 的预设表
SAME = {n: BASE for n in ("base", "sinusoids", "nopos", "mha", "mqa", "gelu", "relu2", "no_zero_init", "adamw",
                          "adamw_slow", "adamw_slower", "cosine")}
COUNTS = SAME | {
    "layernorm": BASE + 9 * 144,                          # 九处各多一条平移
    "learned": BASE + 320 * 144 - 4 * 3 * 144 * 26,       # 位置表，前馈收窄 26
    "no_qk_norm": BASE - 4 * 2 * 36,                      # 四层，各少两条
    "untied": BASE + 2048 * 144,                          # 多一块输出头
    "wide": 2048 * 192 + 2 * (3 * 192**2 + 3 * 192 * 512 + 2 * 192 + 2 * 48) + 192,
    "deep": 2048 * 104 + 8 * (3 * 104**2 + 3 * 104 * 294 + 2 * 104 + 2 * 26) + 104,
    "untied_narrow": 2 * 2048 * 128 + 4 * (3 * 128**2 + 3 * 128 * 316 + 2 * 128 + 2 * 32) + 128,
    "moe_active": BASE + 4 * (5 * 3 * 144 * 128 + 4 * 144 - 3 * 144 * 384),
    "moe_total": BASE + 4 * (5 * 3 * 144 * 76 + 4 * 144 - 3 * 144 * 384),
}


def test_every_variant_is_counted():
    assert set(COUNTS) == set(lab.VARIANTS) == {"base", *(v for k in lab.KINDS.values() for v in k.others)}


@pytest.mark.parametrize("name", lab.VARIANTS)
def test_variant_has_its_parameters_and_trains_two_steps(name):
    torch.manual_seed(0)
    model = lab.build(lab.VARIANTS[name])
    total, used = lab.sizes(model)
    assert total == COUNTS[name] and used <= total
    optimizer = lab.VARIANTS[name].train.get("optimizer", "muon")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    step = lab.one_step(model, fake_batch(2048, 2, 64, document=20), optimizer=optimizer)
    losses = [step() for _ in range(3)]
    value = lambda out: float(out["loss_sum"]) / float(out["weight"])
    assert value(losses[2]) < value(losses[0]) and math.isfinite(value(losses[2]))
    learnt = {k for k, p in model.named_parameters() if p.requires_grad}
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    still = learnt - moved
    assert not still and moved <= learnt | {"lm_head.weight"}, f"没有动的：{sorted(still)}"


@pytest.mark.parametrize("name", ["learned", "sinusoids"])
def test_positions_restart_with_each_document(name):
    "拼在一行里的第二篇，与单独放一行时，输出相同。"
    torch.manual_seed(0)
    model = lab.build(lab.VARIANTS[name]).eval()
    for block in model.model.layers:  # 从零开始的投影会让注意力没有输出
        torch.nn.init.normal_(block.self_attn.o_proj.weight, std=0.1)
    first, second = torch.randint(3, 2048, (1, 7)), torch.randint(3, 2048, (1, 9))
    packed = dict(
        position_ids=torch.cat([torch.arange(7), torch.arange(9)])[None],
        document_ids=torch.tensor([[0] * 7 + [1] * 9]),
    )
    with torch.no_grad():
        together = model(torch.cat([first, second], 1), **packed).logits[:, 7:]
        single = model(second).logits
    assert together.allclose(single, atol=1e-4)


def test_an_absolute_position_moves_the_answer_and_none_does_not():
    torch.manual_seed(0)
    a, b = torch.randint(3, 2048, (2,)).tolist()
    for name, differs in (("learned", True), ("nopos", False)):
        model = lab.build(lab.VARIANTS[name]).eval()
        torch.nn.init.normal_(model.model.layers[0].self_attn.o_proj.weight, std=0.1)
        with torch.no_grad():
            one, other = (model(torch.tensor([ids])).logits[0, -1] for ids in ([a, b, 5], [b, a, 5]))
        assert one.allclose(other, atol=1e-3) != differs, name


@given(gaps=st.lists(st.floats(-1, 1), min_size=2, max_size=10))
def test_the_interval_holds_the_mean_and_turns_with_the_sign(gaps):
    middle, low, high = lab.mean_interval(gaps)
    assert low <= middle <= high
    turned = lab.mean_interval([-g for g in gaps])
    assert math.isclose(turned[1], -high, abs_tol=1e-9)
    words = {"更好": "更差", "更差": "更好", "未定": "未定"}
    if min(abs(low), abs(high)) > 1e-9:
        assert lab.verdict(turned[1], turned[2]) == words[lab.verdict(low, high)]


def test_the_table_of_t_is_right():
    "逐个由 t 分布的密度积分：中间正好是 95%。"
    for n, t in lab.T95.items():
        x = torch.linspace(-t, t, 200_001, dtype=torch.float64)
        shape = math.exp(math.lgamma((n + 1) / 2) - math.lgamma(n / 2)) / math.sqrt(n * math.pi)
        inside = torch.trapezoid(shape * (1 + x**2 / n) ** (-(n + 1) / 2), x)
        assert abs(float(inside) - 0.95) < 5e-5


@pytest.mark.parametrize("count", [1, 11])
def test_one_run_is_refused(count):
    with pytest.raises(UserError, match="2 到 10"):
        lab.mean_interval([0.1] * count)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("ablations")


def test_a_broken_file_runs_only_what_is_missing(home, capsys, monkeypatch):
    few = dict(names=["base", "layernorm"], steps=2, seeds=2, folder=home, scale=0.02)
    first, file = lab.run_all(**few), home / "runs.jsonl"
    lines = file.read_text(encoding="utf8").splitlines()
    assert len(lines) == 4 and {r["steps"] for r in map(json.loads, lines)} == {2}
    file.write_text("\n".join([lines[0], lines[1][:40], *lines[2:]])[:-30], encoding="utf8")  # 坏了两行，没有换行结尾
    capsys.readouterr()
    asked, real = [], lab.run_one
    monkeypatch.setattr(lab, "run_one", lambda name, seed, *rest: asked.append((name, seed)) or real(name, seed, *rest))
    again = lab.run_all(**few)
    said = capsys.readouterr().out
    assert asked == [("layernorm", 0), ("layernorm", 1)] and "第 2 行读不懂" in said and "第 4 行读不懂" in said
    bits = lambda found: {n: [r["bits"] for r in runs] for n, runs in found.items()}
    assert bits(again) == bits(first)
    asked.clear()
    lab.run_all(**few)
    assert asked == []
    lab.run_all(**few | dict(steps=1, seeds=2, names=["base"]))
    assert asked == [("base", 0), ("base", 1)]  # 步数不同，是另一次


def test_a_saved_table_says_how_it_was_made(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "home", lambda: home / "h")
    rows = lab.ablate("norm", 2, 2, save=True, folder=str(tmp_path), rounds=1, scale=0.02)
    saved = json.loads((tmp_path / "ablations_norm.json").read_text(encoding="utf8"))
    assert saved["command"] == "minimind ablate --what norm --steps 2 --seeds 2 --save"
    assert saved["rows"] == json.loads(json.dumps(rows)) and [r["写法"] for r in rows] == ["RMSNorm", "LayerNorm"]
    assert rows[1]["差"] == pytest.approx(sum(rows[1][f"种子 {s}"] - rows[0][f"种子 {s}"] for s in (0, 1)) / 2)
    assert (home / "h" / "out" / "ablations" / "runs.jsonl").exists() and "LayerNorm" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv, said",
    [
        (["--what", "nrom"], "nrom 不认识"), (["--what", "norm,x y"], "x y 不认识"), ([], "--what"),
        (["--what", "norm", "--seeds", "1"], "晃动"), (["--what", "norm", "--steps", "0"], "至少 1"),
    ],
)
def test_a_wrong_word_is_one_sentence(cli, tmp_path, argv, said):
    done = cli("ablate", *argv, home=tmp_path)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not list(Path(tmp_path).iterdir())


def test_the_list_names_every_kind(cli, tmp_path):
    done = cli("ablate", "--list", home=tmp_path)
    assert done.returncode == 0 and all(name in done.stdout for name in lab.KINDS)


def test_the_committed_results_follow_from_their_seeds():
    file = Path(lab.__file__).parents[2] / "benchmarks" / "ablations.json"
    saved = json.loads(file.read_text(encoding="utf8"))
    assert saved["command"].startswith("minimind ablate --what ") and len(saved["rows"]) >= 13
    bases = {r["零件"]: r for r in saved["rows"] if "差" not in r}
    for row in (r for r in saved["rows"] if "差" in r):
        seeds = [k for k in row if k.startswith("种子")]
        found = lab.mean_interval([row[k] - bases[row["零件"]][k] for k in seeds])
        assert len(seeds) >= 3 and found == pytest.approx((row["差"], row["下限"], row["上限"]))
        assert lab.verdict(*found[1:]) == row["结论"]
        name = next(n for n, v in lab.VARIANTS.items() if v.title == row["写法"])
        assert (row["参数"], row["用到的"]) == lab.sizes(lab.build(lab.VARIANTS[name]))


def test_the_slow_start_of_adamw_has_its_own_rate():
    args = lab.args_of(lab.VARIANTS["adamw_slow"], 3, 7, {"pretrain": "x.jsonl", "tokenizer": "t"}, Path("y"))
    usual = make_args(PretrainArgs, preset="nano", data_path="x.jsonl")
    assert (args.optimizer, args.learning_rate, args.seed, args.max_steps) == ("adamw", 2e-3, 3, 7)
    assert args.schedule == usual.schedule == "wsd" and usual.learning_rate == 3 * args.learning_rate
