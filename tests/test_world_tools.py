"""小世界的工具对话：该按才按，照说明书写，考的没教过，提示放得下。"""

import json
import random
from collections import Counter

import pytest

from minimind.dataset.formats import RowProblem, check_turns
from minimind.tokenizer.render import render
from minimind.world import tools


@pytest.fixture(scope="module")
def rows():
    rng = random.Random(5)
    return [tools.agent_row(rng) for _ in range(1500)]


@pytest.fixture(scope="module")
def exam():
    rng = random.Random(6)
    return [tools.agent_test(rng) for _ in range(500)]


def offered(row):
    return {t["function"]["name"]: t["function"] for t in json.loads(row["conversations"][0]["tools"])}


def calls_of(row):
    return [c for t in row["conversations"] for c in json.loads(t.get("tool_calls") or "[]")]


def test_half_of_the_questions_need_no_tool(rows):
    pairs = [(a, b) for r in rows for a, b in zip(r["conversations"], r["conversations"][1:]) if a["role"] == "user"]
    share = sum(bool(b.get("tool_calls")) for _, b in pairs) / len(pairs)
    assert 0.45 < share < 0.6


def test_calls_follow_the_schema_on_offer(rows):
    for row in rows:
        have = offered(row)
        for call in calls_of(row):
            assert list(call["arguments"]) == have[call["name"]]["parameters"]["required"], row


def test_names_change_often_but_the_exam_keeps_them(rows, exam):
    renamed = [name not in tools.SPECS for r in rows for name in offered(r)]
    assert 0.15 < sum(renamed) / len(renamed) < 0.4
    assert all(name in {**tools.SPECS, **tools.UNSEEN} for e in exam for name in offered(e))


def test_results_answer_the_calls_one_by_one(rows):
    for row in rows:
        turns = row["conversations"]
        for i, turn in enumerate(turns):
            n = len(json.loads(turn.get("tool_calls") or "[]"))
            assert [t["role"] for t in turns[i + 1 : i + 1 + n]] == ["tool"] * n
        assert turns[-1]["role"] == "assistant" and turns[-1]["content"]


def test_every_kind_is_taught_and_examined(rows, exam):
    rng = random.Random(7)
    for kind in tools.SHARES:
        made = tools.tool_dialogue(rng, kind, more=3)
        check_turns(made["turns"])
    assert {e["skill"] for e in exam} == set(tools.EXAM_KINDS)
    assert max(Counter(len(calls_of(r)) for r in rows)) > 3  # 接连几问


def test_exam_values_phrases_and_schemas_were_never_taught(rows, exam):
    free = {"to", "receiver", "day", "date"}  # 人名与日子谁都会用到
    values = lambda calls: {v for c in calls for k, v in c["arguments"].items() if k not in free}
    taught = values([c for r in rows for c in calls_of(r)])
    for e in exam:
        assert e["skill"] == "unseen_schema" or not values(e["calls"]) & taught, e
    said = {t["content"] for r in rows for t in r["conversations"] if t["role"] == "user"}
    assert not said & {e["conversations"][-1]["content"] for e in exam}
    assert not set(tools.UNSEEN) & {name for r in rows for name in offered(r)}


def test_exam_states_calls_and_results(exam):
    for e in exam:
        needs = e["skill"] not in ("no_call", "missing")
        assert bool(e["calls"]) == needs and len(e["results"]) == len(e["calls"])
        assert e["conversations"][-1]["role"] == "user"


def test_four_digit_results_are_copied(rows):
    copied = 0
    for row in rows:
        turns = row["conversations"]
        for a, b in zip(turns, turns[1:]):
            if a["role"] == "tool" and b["role"] == "assistant" and sum(c.isdigit() for c in a["content"]) == 4:
                copied += "".join(c for c in a["content"] if c.isdigit()) in b["content"]
    assert copied > 200


def test_same_place_same_weather():
    assert tools.weather("巴黎") == tools.weather("巴黎") and len({tools.weather(c) for c in tools.CITIES}) > 20
    with pytest.raises(ValueError, match="月亮"):
        tools.weather("月亮")
    with pytest.raises(ValueError, match="词典"):
        tools.translate("月亮上的鱼")


def test_an_empty_system_message_needs_tools():
    talk = [{"role": "user", "content": "一"}, {"role": "assistant", "content": "二"}]
    schema = tools.schema("a", "试", ["x"])
    check_turns([{"role": "system", "content": "", "tools": json.dumps([schema])}, *talk])
    with pytest.raises(RowProblem, match="是空的"):
        check_turns([{"role": "system", "content": ""}, *talk])


def test_nobody_asks_the_same_question_both_ways(rows):
    "同一句问话，摆着同样的工具，不会一次要按、一次不用按。"
    seen = {}
    for row in rows:
        turns, have = row["conversations"], json.dumps(sorted(f["description"] for f in offered(row).values()))
        for a, b in zip(turns, turns[1:]):
            if a["role"] == "user":
                seen.setdefault((a["content"], have), set()).add(bool(b.get("tool_calls")))
    assert not [k for k, v in seen.items() if len(v) > 1]


def test_the_prompt_stays_short(rows):
    from minimind.tokenizer.fast import train_tokenizer

    tok = train_tokenizer(["世界"], 300)
    longest = max(len(render(tok, r["conversations"][:2])) for r in rows)
    assert longest < 1300  # 个字符：模板约五百，一样工具两百
