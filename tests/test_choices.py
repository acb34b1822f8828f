"选择题：与逐个 token 的算法、与 lm-evaluation-harness 逐位相同；几种卷子各归各；几个模型并排比。"

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind.evaluation.choices import choice_logprobs, evaluate_choices, load_choices, pair_ids
from minimind.evaluation.exam import Mark
from minimind.evaluation.harness import local_task, run_harness
from minimind.inference.load import save_weights
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.serving.compare import clear_winner, radar_svg
from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

WORDS = ["猫怎么叫？喵喵", "the cat says meow", "大的反义词是小", "三加四等于七", "  空 白\n换行"]


@pytest.fixture(scope="module")
def tok():
    return train_tokenizer(WORDS * 30, 420)


@pytest.fixture(scope="module")
def model(tok):
    torch.manual_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    return MiniMindForCausalLM(MiniMindConfig(vocab_size=len(tok), initializer_range=0.3, **shape)).eval()


def one_by_one(model, tok, context, choice):
    "裁判：一个 token 一次前向。"
    ids, start = pair_ids(tok, context, choice)
    with torch.no_grad():
        logs = [torch.log_softmax(model(input_ids=torch.tensor([ids[:k]])).logits[0, -1].double(), 0)[ids[k]]
                for k in range(start, len(ids))]
    return float(sum(logs))


TEXT = st.text("猫怎么叫？喵the cat says\n 小。", min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(TEXT, TEXT.filter(str.strip)), min_size=1, max_size=4))
def test_scores_equal_one_token_at_a_time_in_any_company(tok, model, pairs):
    together = choice_logprobs(model, tok, pairs, batch=3)
    for (context, choice), got in zip(pairs, together.tolist()):
        assert got == pytest.approx(one_by_one(model, tok, context, choice), abs=1e-4)


@given(context=TEXT, choice=TEXT.filter(str.strip))
def test_the_pair_is_the_whole_sentence(tok, context, choice):
    ids, start = pair_ids(tok, context, choice)
    assert tok.decode(ids[1:]) == context + choice and 0 < start <= len(ids)


def test_a_long_context_is_cut_from_the_left_and_a_long_choice_is_refused(tok, model):
    long = "猫怎么叫？" * 60
    short = choice_logprobs(model, tok, [(long, "喵喵")], max_len=32)
    ids, start = pair_ids(tok, long, "喵喵")
    kept = ids[-32:]
    with torch.no_grad():
        logs = torch.log_softmax(model(input_ids=torch.tensor([kept])).logits[0].double(), -1)
    want = sum(float(logs[k - 1, kept[k]]) for k in range(32 - (len(ids) - start), 32))
    assert short.item() == pytest.approx(want, abs=1e-4)
    with pytest.raises(UserError, match="一行最多 8 个"):
        choice_logprobs(model, tok, [("问", "喵喵" * 30)], max_len=8)


def rows(path, n=9):
    items = [
        {"question": f"第{i}题，猫怎么叫？", "choices": ["喵喵", "meow", "小", "三加四"][: 2 + i % 3], "answer": answer}
        for i, answer in zip(range(n), "AB" * n)
    ]
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in items), encoding="utf8")
    return load_choices(path)


def test_chance_and_picks(tok, model, tmp_path):
    report = evaluate_choices(model, tok, rows(tmp_path / "c.jsonl"))
    assert report.chance() == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)
    for s in report.samples:
        best = max(range(len(s["scores"])), key=lambda k: s["scores"][k])
        each = max(range(len(s["scores"])), key=lambda k: s["scores"][k] / len(s["choices"][k].encode()))
        assert s["picked"] == "ABCD"[best] and s["picked_norm"] == "ABCD"[each]
    json.dumps(report.to_dict(), allow_nan=False)
    assert "蒙" in report.table() and "合计" in report.table()


def test_scores_equal_lm_eval(tok, model, tmp_path):
    pytest.importorskip("lm_eval", reason='没有装 lm-eval；pip install "lm-eval[hf]" 之后再跑')
    items = rows(tmp_path / "c.jsonl", 24)
    name = local_task(tmp_path / "c.jsonl", tmp_path / "tasks", tok.bos_token)
    theirs = run_harness(model, tok, [name], folder=tmp_path / "tasks")[name]
    ours = evaluate_choices(model, tok, items).score()
    assert theirs["acc,none"] == ours.accuracy


@given(
    accuracies=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3)), min_size=2, max_size=5),
)
def test_a_winner_is_above_everyone(accuracies):
    marks = [Mark(a, max(0, a - w), min(1, a + w), 10) for a, w in accuracies]
    best = clear_winner(marks)
    if best is not None:
        assert all(marks[best].low > m.high for i, m in enumerate(marks) if i != best)


@given(values=st.lists(st.floats(0, 1), min_size=3, max_size=12), name=st.text(max_size=9))
def test_a_radar_never_leaves_its_picture(values, name):
    svg = radar_svg([name or "x"] * len(values), {"a": values})
    points = [float(x) for part in svg.split('points="')[1:] for x in part.split('"')[0].replace(",", " ").split()]
    assert all(math.isfinite(p) and 0 <= p <= 460 for p in points)


def test_radar_refuses_too_few_and_too_many():
    for n in (2, 13):
        with pytest.raises(UserError, match="3 到 12"):
            radar_svg(["x"] * n, {"a": [0.5] * n})


def test_eval_command_compares_and_writes_a_page(cli, tok, model, tmp_path):
    folder = save_tokenizer(tok, tmp_path / "tok")
    weight = save_weights(model, tmp_path / "out" / "full_sft_32.pth", stage="full_sft", tokenizer_dir=folder)
    rows(tmp_path / "c.jsonl")
    (tmp_path / "t.jsonl").write_text('{"text": "猫会叫。"}\n', encoding="utf8")
    page = tmp_path / "eval.html"
    done = cli(
        "eval", "--weight", f"{weight},{weight}", "--data_path", f"{tmp_path / 'c.jsonl'},{tmp_path / 't.jsonl'}",
        "--report", page, home=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "蒙" in done.stdout and "每字节" in done.stdout
    text = page.read_text(encoding="utf8")
    assert "<script" not in text and "src=" not in text
    assert str(weight) in json.loads(page.with_suffix(".json").read_text(encoding="utf8"))


def test_every_name_and_place_is_checked_before_the_first_exam(cli, nano, tmp_path):
    weight, paper = next(nano[2].glob("full_sft_*.pth")), tmp_path / "c.jsonl"
    paper.write_text(json.dumps({"question": "猫？", "choices": ["喵", "汪"], "answer": "A"}), encoding="utf8")
    where = ["eval", "--data_path", paper, "--weight"]
    for argv, words in (
        ([*where, f"{weight},nope"], "nope"), ([*where, weight, "--report", paper / "r.html"], "写不进去"),
        (["eval", "--tasks", "x", "--report", "r.html"], "--report"), ([*where, weight, "--tasks", "x"], "--data_path"),
    ):
        done = cli(*argv, home=tmp_path)
        assert done.returncode == 2 and words in done.stderr and done.stdout == "", (argv, done.stdout, done.stderr)
        assert done.stderr.count("\n") == 1


def test_the_harness_table_shows_how_sure_it_is():
    from minimind.evaluation.harness import harness_table

    row = {"alias": "x", "acc,none": 0.5, "acc_stderr,none": 0.1, "f1,none": 0.25, "f1_stderr,none": "N/A"}
    assert harness_table({"t": row}).split() == "t acc 0.5000 ± 0.1960 f1 0.2500".split()
