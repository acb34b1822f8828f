"""评估层：尺子要准（与手算相同、与分批无关），判分要严（答案、对手、数字、思考），区间要老实。"""

import json
import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings, strategies as st

from minimind.evaluation import (
    Report, ask, bits_per_byte, evaluate_questions, final_answer, load_items, plot_reports, score, text_bits, wilson
)
from minimind.evaluation.exam import open_paper
from minimind.evaluation.exact_match import Score, chinese_number, last_number
from minimind.evaluation.tool_use import _results, judge
from minimind.inference.tools import Call
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.tokenizer.fast import token_bytes, train_tokenizer
from minimind.world.files import write_world

U = lambda s: {"role": "user", "content": s}


@pytest.fixture(scope="module")
def tok():
    return train_tokenizer(["法国的首都是巴黎。三加四等于七。🐦", "<think>\n3+4=7\n</think>\n7"] * 30, 400)


@pytest.fixture(scope="module")
def model(tok):
    torch.manual_seed(0)
    return MiniMindForCausalLM(
        MiniMindConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=len(tok)
        )
    ).eval()


class Uniform(torch.nn.Module):
    def __init__(self, v):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(v))

    def forward(self, input_ids, attention_mask=None):
        return SimpleNamespace(logits=self.w.expand(*input_ids.shape, -1))


# ---- 比特 / 字节 ---------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=4).filter(
        lambda t: any(t)
    ),
    max_len=st.integers(2, 9),
)
def test_uniform_model_costs_log2_vocab_per_token_over_raw_bytes(tok, texts, max_len):
    from minimind.dataset.datasets import encode_plain

    ids = [i for row in encode_plain(tok, texts) for i in row]
    raw = sum(len(t.encode()) for t in texts)
    assert sum(len(token_bytes(tok)[i]) for i in ids) == raw
    assert bits_per_byte(Uniform(len(tok)), tok, texts, max_len, batch=2) == pytest.approx(
        len(ids) * math.log2(len(tok)) / raw, rel=1e-5
    )


def test_bits_equal_a_loop_over_single_tokens_and_ignore_batching(tok, model):
    texts = ["法国的首都是巴黎。", "三", "", "三加四等于七。" * 9]
    bits = text_bits(model, tok, texts, 512, batch=3)
    for text, got in zip(texts, bits):
        ids, want = [tok.bos_token_id] + tok(text)["input_ids"], 0.0
        for t in range(1, len(ids)):
            with torch.no_grad():
                want -= math.log2(
                    torch.softmax(model(input_ids=torch.tensor([ids[:t]])).logits[0, -1].double(), -1)[ids[t]]
                )
        assert float(got) == pytest.approx(want, rel=1e-4, abs=1e-6)
    assert torch.allclose(bits, text_bits(model, tok, texts, 512, batch=1), rtol=1e-5)


def test_bits_leave_the_model_as_it_was_and_refuse_nothing_to_measure(tok, model):
    model.train()
    bits_per_byte(model, tok, ["三"])
    assert model.training
    model.eval()
    bits_per_byte(model, tok, ["三"])
    assert not model.training
    for texts, n in [([], 8), (["", ""], 8), (["三"], 1)]:
        with pytest.raises(UserError):
            bits_per_byte(model, tok, texts, n)


# ---- 判分 ---------------------------------------------------------------------------------------------------

PARIS = {"answers": ["巴黎", "Paris"], "match": "contains", "wrong": ["伦敦", "London"]}
NUMBER = {"answers": ["14"], "match": "number"}
CASES = [
    ("是巴黎。", PARIS, True), ("It's PARIS!", PARIS, True), ("Ｐａｒｉｓ", PARIS, True), ("Parisian", PARIS, False),
    ("巴黎和伦敦", PARIS, False), ("伦敦", PARIS, False), ("", PARIS, False),
    ("<think>\n伦敦？不是\n</think>\n\n巴黎", PARIS, True), ("<think>\n巴黎", PARIS, False),
    ("<think>巴黎</think>伦敦", PARIS, False), ("<answer>\n巴黎\n</answer>", PARIS, True),
    ("<answer>巴黎", PARIS, True), ("伦敦不对<answer>巴黎</answer>", PARIS, True), ("Londoner 在 Paris", PARIS, True),
    ("8+6=14", NUMBER, True), ("14，因为 8+6", NUMBER, False), ("十四", NUMBER, True), ("114", NUMBER, False),
    ("14.0", NUMBER, True), ("-14", NUMBER, False), ("不知道", NUMBER, False), ("共１４个。", NUMBER, True),
    ("<think>14</think>不知道", NUMBER, False), ("巴黎。", {"answers": ["巴黎"], "match": "exact"}, True),
    ("是巴黎", {"answers": ["巴黎"], "match": "exact"}, False),
    ("新德里", {"answers": ["新德里"], "wrong": ["德里"]}, True),
    ("新德里，德里", {"answers": ["新德里"], "wrong": ["德里"]}, False),
]


@pytest.mark.parametrize("text,item,want", CASES)
def test_score(text, item, want):
    assert score(text, item) is want


def test_unknown_match_is_refused():
    with pytest.raises(UserError, match="contains"):
        score("a", {"answers": ["a"], "match": "regex"})


@given(st.integers(0, 99999))
def test_numbers_written_with_digits_or_commas_are_read_back(n):
    for text in (f"{n}", f"{n:,}", f"等于{n}。", f"共 {n:,} 元", f"1+1={n}"):
        assert last_number(text) == n
    assert last_number(f"是 -{n}") == -n


@given(st.integers(0, 99))
def test_chinese_numbers_below_one_hundred(n):
    digits = "零一二三四五六七八九"
    tens, ones = divmod(n, 10)
    word = digits[n] if n < 10 else ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")
    assert chinese_number(word) == n and last_number(f"等于{word}。") == n


@settings(max_examples=100)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_rate_stays_inside_and_is_symmetric(kn):
    k, n = kn
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1 and low < high
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


# ---- 出题与成绩单 -----------------------------------------------------------------------------------------------

ITEMS = [
    {
        "id": f"{i}", "skill": "甲" if i % 3 else "乙", "conversations": [U("三加" * (i % 7 + 1))], "answers": ["7"],
        "match": "number",
    }
    for i in range(20)
]


def test_answers_do_not_depend_on_batching_or_order_or_padding(tok, model):
    alone = ask(model, tok, ITEMS, 6, batch=1)
    assert ask(model, tok, ITEMS, 6, batch=7) == alone
    assert ask(model, tok, ITEMS[::-1], 6, batch=20) == alone[::-1]
    assert all(a.startswith("<think>\n") for a in ask(model, tok, ITEMS[:2], 3, thinking=True))


def test_report_adds_up_and_survives_json(tok, model):
    r = evaluate_questions(model, tok, ITEMS, 4, name="x")
    assert {k: s.n for k, s in r.by_skill.items()} == {"甲": 13, "乙": 7} and r.overall.n == 20 == len(r.samples)
    assert r.overall.correct == sum(s["ok"] for s in r.samples) and len(r.wrong()) == 20 - r.overall.correct
    d = json.loads(json.dumps(r.to_dict(samples=True), allow_nan=False))
    assert d["overall"]["n"] == 20 and "合计" in r.table() and len(d["samples"]) == 20
    json.dumps(Report().to_dict(), allow_nan=False)
    assert Report().table()


def test_before_and_after_picture_has_a_bar_for_every_skill():
    import matplotlib

    matplotlib.use("Agg")
    ax = plot_reports({"训练前": Report({"甲": Score(1, 9)}), "训练后": Report({"甲": Score(8, 9), "乙": Score(9, 9)})})
    assert len(ax.patches) == 6 and [t.get_text() for t in ax.get_yticklabels()] == sorted(["甲", "乙"]) + ["合计"]
    matplotlib.pyplot.close("all")


def test_every_world_question_accepts_its_own_answer_and_refuses_the_rivals(tmp_path):
    paths = write_world(tmp_path, 0, scale=0.02)
    items = load_items(paths["test_generated"])
    assert len({i["skill"] for i in items}) > 10
    for i in items:
        for a in i["answers"]:
            assert score(a, i) and score(f"答案是{a}。", i) or i.get("match") == "exact", i
        assert not any(score(w, i) for w in i.get("wrong") or [] if w not in i["answers"]), i


def test_question_files_say_which_line_is_bad(tmp_path):
    for text, word in [
        ("", "一道题也没有"), ("{", "JSON"), ('{"id": 1, "skill": "a", "conversations": []}', "conversations"),
        ("{}", "answers"),
    ]:
        (tmp_path / "q.jsonl").write_text(text)
        with pytest.raises(UserError, match=word) as e:
            load_items(tmp_path / "q.jsonl")
        assert "q.jsonl" in str(e.value)


GOOD = dict(id="1", skill="a", conversations=[U("问")], answers=["答"], wrong=["错"], match="exact")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda v: st.lists(v, max_size=2) | st.dictionaries(st.sampled_from(["role", "name", "x"]), v), max_leaves=5,
)
CALLED = GOOD | dict(calls=[dict(name="calculator", arguments={"expression": "1+1"})], results=["2"])


@given(key=st.sampled_from(sorted(CALLED)), value=JSON)
def test_any_value_in_a_question_file_is_taken_or_refused(tmp_path_factory, key, value):
    "收下的题就考得完：判分、汇总、成绩表都不出错。"
    path = tmp_path_factory.getbasetemp() / "odd.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in (CALLED, CALLED | {key: value})), encoding="utf8")
    try:
        items = load_items(path)
    except UserError as e:
        assert "odd.jsonl:2" in str(e)
        return
    calls = [[Call(c["name"], c["arguments"]) for c in item["calls"]] for item in items]
    assert judge(items, [(c, "答") for c in calls]).table()
    assert all(len(_results(c, item, None)) == len(c) for c, item in zip(calls, items))


@pytest.mark.parametrize("change, word", [
    (dict(skill=5), "skill"), (dict(skill=["x"]), "skill"), (dict(answers="巴黎"), "列表"), (dict(wrong=5), "wrong"),
    (dict(match="zzz"), "match"), (dict(conversations=[1]), "conversations"), (dict(calls=None), "有的没有"),
    (dict(calls="x"), "calls"), (dict(results=None), "results"), (dict(results=[]), "results"),
    (dict(conversations=[*GOOD["conversations"], dict(role="assistant", content="答")]), "问题"),
])
def test_a_misshapen_question_is_named_by_its_line(tmp_path, change, word):
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in (CALLED, CALLED | change)), encoding="utf8")
    with pytest.raises(UserError, match=f"q.jsonl:2.*{word}"):
        load_items(path)


def test_empty_columns_are_no_columns(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(GOOD | dict(calls=None, results=None, wrong=None)), encoding="utf8")
    assert open_paper(path).kind == "questions"


def test_final_answer_of_nested_and_repeated_tags():
    assert (
        final_answer("<think>a</think><think>b</think>c") == "c"
        and final_answer("<answer>1</answer><answer>2</answer>") == "1"
    )
