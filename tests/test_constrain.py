"""约束解码：随机的权重也写得出合 schema 的 JSON 与调用；标签拼出来也管；没有约束时一步不变。"""

import json
import random
import sys

import jsonschema
import pytest
import torch
from hypothesis import example, given, settings, strategies as st

from minimind.inference.chat import parse_calls
from minimind.inference.constrain import Watch, json_constraint, tidy_schema, tool_constraint
from minimind.inference.generate import generate, stream
from minimind.inference.sampling import SamplingParams
from minimind.inference.tools import Registry, execute, use_tools, world_tools
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.tokenizer.fast import train_tokenizer
from minimind.world.tools import agent_row

HOT = SamplingParams(temperature=1.0, top_p=1.0)


@pytest.fixture(scope="module")
def tok():
    rows = [json.dumps(agent_row(random.Random(i)), ensure_ascii=False) for i in range(60)]
    return train_tokenizer([*rows, *[">{"] * 99, *["</think>\n"] * 9], 1000)


@pytest.fixture(scope="module")
def model(tok):
    torch.manual_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1)
    return MiniMindForCausalLM(MiniMindConfig(vocab_size=len(tok) + 24, **shape)).eval()  # 词表比分词器大


def walk(tok, rule, seed=0, most=400):
    "照约束随机地写到许结束为止：（编号，写完了没有）。"
    rng, ids = random.Random(seed), []
    while len(ids) < most and not rule.done:
        ids.append(rng.choice(rule.mask().nonzero().squeeze(-1).tolist()))
        rule.accept(ids[-1])
    return [i for i in ids if i != tok.eos_token_id], rule.done


words = st.text(alphabet="abc城市x_", min_size=1, max_size=5)
leaves = st.one_of(
    st.just({"type": "integer"}), st.just({"type": "boolean"}), st.just({"type": "null"}),
    st.integers(-99, 99).map(lambda n: {"type": "integer", "minimum": n, "maximum": n + abs(n)}),
    st.builds(lambda n: {"type": "string", "maxLength": n}, st.integers(0, 8)),
    st.builds(lambda e: {"enum": e}, st.lists(words, min_size=1, max_size=3, unique=True)),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.builds(lambda s, n: {"type": "array", "items": s, "maxItems": n}, inner, st.integers(0, 3))
    | st.builds(
        lambda p, n: {"type": "object", "properties": p, "required": [*p][:n]},
        st.dictionaries(words, inner, max_size=3), st.integers(0, 3),
    )
    | st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner),
    max_leaves=6,
)


@given(schemas, st.integers(0, 2**30))
@settings(max_examples=80, deadline=None)
def test_whatever_is_written_fits_the_schema(tok, schema, seed):
    ids, done = walk(tok, json_constraint(tok, schema), seed)
    assert done
    jsonschema.validate(json.loads(tok.decode(ids)), schema)


@given(st.integers(0, 2**30), st.sampled_from([True, *world_tools().tools]))
@settings(max_examples=60, deadline=None)
def test_a_forced_call_is_always_one_that_can_be_made(tok, seed, force):
    rule = tool_constraint(tok, world_tools().schemas(), force, parallel=False, longest=9)
    ids, done = walk(tok, rule, seed)
    (call,) = parse_calls(tok.decode(ids))
    assert done and not call.error and (force is True or call.name == force)
    (said,) = execute([call], world_tools())
    assert "参数" not in said and "没有工具" not in said


def test_valid_with_and_broken_without(tok, model):
    ask, tools = torch.tensor([[tok.bos_token_id, *tok.encode("天气？")]] * 8), world_tools().schemas()
    rules = [tool_constraint(tok, tools, True, parallel=False, longest=6) for _ in range(8)]
    g = torch.Generator().manual_seed(0)
    tied = generate(model, ask, params=HOT, max_new_tokens=200, constraints=rules, generator=g)
    assert tied.finished.all() and all(r.done for r in rules)
    assert all(not c.error for t in tied.texts(tok) for c in parse_calls(t))
    g = torch.Generator().manual_seed(0)
    free = generate(model, ask, params=HOT, max_new_tokens=200, generator=g)
    assert not [c for t in free.texts(tok) for c in parse_calls(t) if not c.error]


def test_a_free_row_is_the_same_in_constrained_company(tok, model):
    ask = torch.tensor([[5, 6, 7]] * 3)
    rules = [None, json_constraint(tok, {"type": "integer"}), None]
    plain = generate(model, ask, params=SamplingParams(temperature=0), max_new_tokens=12)
    mixed = generate(model, ask, params=SamplingParams(temperature=0), max_new_tokens=12, constraints=rules)
    assert mixed.rows()[0] == plain.rows()[0] and mixed.rows()[2] == plain.rows()[2]
    assert mixed.rows()[1] != plain.rows()[1]


def test_rows_and_constraints_must_match(tok, model):
    with pytest.raises(UserError, match="2 项"):
        generate(model, torch.tensor([[5]]), constraints=[None, None])
    samples = [json_constraint(tok, {"enum": ["甲"]}), json_constraint(tok, {"enum": ["乙"]})]
    out = generate(model, torch.tensor([[5]]), num_return_sequences=2, constraints=samples, max_new_tokens=20)
    assert out.texts(tok) == ['"甲"', '"乙"']
    one = list(stream(model, [5], constraints=[json_constraint(tok, {"enum": ["丙"]})]))
    assert tok.decode(one[:-1]) == '"丙"'


def test_a_spelled_tag_wakes_the_constraint(tok):
    rule = tool_constraint(tok, world_tools().schemas())
    for char in "<tool_call>":
        (token,) = tok.backend_tokenizer.encode(char).ids
        assert rule.mask()[token]
        rule.accept(token)
    assert rule.mask().sum() < 5 and not rule.mask()[tok.eos_token_id]


def test_no_token_jumps_past_the_tag(tok):
    rule, over = tool_constraint(tok, world_tools().schemas()), tok.get_vocab()[">{"]
    assert rule.mask()[over]
    for char in "好<tool_call":
        for token in tok.backend_tokenizer.encode(char).ids:
            rule.accept(token)
    assert not rule.mask()[over]
    rule.accept(tok.backend_tokenizer.encode("好").ids[0])
    assert rule.mask()[over]


@given(st.lists(st.sampled_from(["<", "<tool", "_call", ">", "好", "<tool_call", "tool_call>"]), max_size=8))
@settings(max_examples=200, deadline=None)
def test_the_watch_sees_what_the_text_says(tok, parts):
    watch, text, ids = Watch(tok, ("<tool_call>",)), "", tok.backend_tokenizer
    for part in parts:
        for token in ids.encode(part).ids:
            if not watch.mask()[token]:
                return
            text += tok.decode([token])
            assert watch.push(token) == text.endswith("<tool_call>")
            if text.endswith("<tool_call>"):
                return


def test_free_until_called_and_again_after(tok):
    rule = tool_constraint(tok, world_tools().schemas())
    call = '<tool_call>\n{"name": "translator", "arguments": {"text": "苹果"}}\n</tool_call>'
    for token in tok.encode("好的。" + call + "\n" + call):
        assert rule.mask()[token]
        rule.accept(token)
    assert rule.mask()[tok.eos_token_id] and not rule.done
    rule.accept(tok.eos_token_id)
    assert rule.done


def test_one_call_only_when_not_parallel(tok):
    rule = tool_constraint(tok, world_tools().schemas(), parallel=False)
    for token in tok.encode('<tool_call>\n{"name": "translator", "arguments": {"text": "大"}}\n</tool_call>'):
        rule.accept(token)
    assert rule.done and rule.mask().nonzero().tolist() == [[tok.eos_token_id]]


@pytest.mark.parametrize("close", ["</think>", "</ultra_think>"])
def test_thinking_is_free_and_then_bound(tok, close):
    for rule in (
        json_constraint(tok, {"type": "boolean"}, thinking=True),
        tool_constraint(tok, world_tools().schemas(), True, thinking=True),
    ):
        for token in tok.encode("想一想"):
            assert rule.mask().sum() > len(tok) // 2 and not rule.mask()[tok.eos_token_id]
            rule.accept(token)
        rule.accept(tok.get_vocab()[close])
        assert rule.mask().sum() < 40
        for token in tok.encode("\n\n"):
            rule.accept(token)
    assert tok.decode(rule.mask().nonzero().squeeze(-1)) == "<tool_call>"


def test_optional_and_odd_parameters_are_kept(tok):
    registry = Registry()

    @registry.tool
    def odd(items: list[str], deep: dict, many: list, note: str | None = None) -> str:
        "各种类型"
        return "好"

    for seed in range(20):
        ids, done = walk(tok, tool_constraint(tok, registry.schemas(), True, parallel=False, longest=3), seed, 3000)
        if done:  # 没有上限的 dict 可以一直写下去
            (call,) = parse_calls(tok.decode(ids))
            assert execute([call], registry) == ["好"]


def test_references_stay_inside_their_tool(tok):
    parameters = {"type": "object", "properties": {"x": {"$ref": "#/$defs/y"}}, "$defs": {"y": {"enum": ["是"]}}}
    tools = [{"name": n, "parameters": parameters | {"required": ["x"]}} for n in ("a", 'b"引号')]
    for seed in range(6):
        (call,) = parse_calls(tok.decode(walk(tok, tool_constraint(tok, tools, True, parallel=False), seed)[0]))
        assert call.arguments == {"x": "是"} and call.name in ("a", 'b"引号')


def test_a_schema_is_not_changed():
    inner = {"a": {"type": "string", "nullable": True}, "nullable": {"type": "string"}}
    schema = {"type": "object", "properties": inner}
    before = json.dumps(schema)
    out = tidy_schema(schema, 5)
    assert json.dumps(schema) == before and out["properties"]["nullable"] == {"type": "string", "maxLength": 5}


@pytest.mark.parametrize(
    "make, piece",
    [
        (lambda tok: json_constraint(tok, {"type": "strin"}), "JSON schema 用不了"),
        (lambda tok: json_constraint(tok, {"type": "string", "not": {}}), "JSON schema 用不了"),
        (lambda tok: json_constraint(tok, {"const": "\ud800"}), "JSON schema 用不了"),
        (lambda tok: json_constraint(tok, {"items": {"type": "integer", "multipleOf": 1000003}}), "四位有效数字"),
        (lambda tok: json_constraint(tok, {"allOf": [{"multipleOf": 1.000003}]}), "四位有效数字"),
        (lambda tok: tool_constraint(tok, [{"name": "f", "parameters": [1]}]), "工具 f 的 parameters"),
        (lambda tok: tool_constraint(tok, [{"name": "f", "parameters": True}]), "工具 f 的 parameters"),
        (lambda tok: json_constraint(tok, []), "应是一个对象"),
        (lambda tok: tool_constraint(tok, []), "一样工具也没有"),
        (lambda tok: tool_constraint(tok, world_tools().schemas(), "fly"), "没有工具 fly"),
    ],
)
def test_one_sentence_for_each_mistake(tok, make, piece):
    with pytest.raises(UserError, match=piece) as told:
        make(tok)
    assert "\n" not in str(told.value)


HUGE = {"type": "string", "pattern": "^" + "a?" * 2000 + "a" * 2000 + "$"}  # 编得出来，写到一半才发觉太大


def test_a_rule_that_gives_out_while_writing_says_one_line(tok):
    rule = json_constraint(tok, HUGE)
    with pytest.raises(UserError) as told:
        for _ in range(20):
            rule.accept(int(rule.mask().nonzero()[0]))
    assert "\n" not in str(told.value) and len(str(told.value)) < 260


odd = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 9999)
    | st.sampled_from(["object", "string", "array", "integer", "a", "#", "#/$defs/a", "", "((", "\ud800", 0.5]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "type", "properties", "items", "anyOf", "oneOf", "allOf", "$ref", "$defs", "enum", "const", "pattern",
            "maxLength", "minItems", "required", "additionalProperties", "nullable", "multipleOf", "prefixItems", "a",
        ]), inner, max_size=4,
    ),
    max_leaves=10,
)


@given(odd, st.booleans())
@settings(max_examples=120, deadline=None)
@example([1], True)
@example({"properties": ["a"]}, False)
@example({"anyOf": 5}, True)
@example({"$defs": [1]}, True)
def test_any_json_is_a_schema_or_one_sentence(tok, thing, as_tool):
    try:
        rule = tool_constraint(tok, [{"name": "f", "parameters": thing}]) if as_tool else json_constraint(tok, thing)
        assert rule.mask().any()
    except UserError as told:
        assert "\n" not in str(told)


def test_without_the_library_one_sentence(tok, monkeypatch):
    from minimind.inference import constrain

    monkeypatch.setitem(sys.modules, "llguidance", None)
    monkeypatch.setattr(constrain, "_SHELVES", type(constrain._SHELVES)())
    with pytest.raises(UserError, match="pip install"):
        json_constraint(tok, {"type": "integer"})


def test_use_tools_with_a_constraint_calls_well(tok, model):
    force = lambda tok, tools: tool_constraint(tok, tools, True, parallel=False, longest=6)
    asks = [dict(role="user", content="?")]
    out = use_tools(model, tok, asks, world_tools(), limit=1, constrain=force, params=HOT, max_new_tokens=200)
    assert len(out.calls) == 1 and not out.calls[0].error


def test_the_exam_hands_each_question_its_own_tools(tok, model, monkeypatch):
    from minimind.evaluation import tool_use
    from minimind.world.tools import agent_test

    items, seen = [agent_test(random.Random(i)) for i in range(6)], []
    monkeypatch.setattr(tool_use, "tool_constraint", lambda tok, tools: seen.append(tools))
    tool_use.evaluate_tools(model, tok, items, constrain=True, max_new_tokens=2)
    offered = lambda item: json.loads(item["conversations"][0]["tools"])
    assert sorted(map(str, seen)) == sorted(str(offered(item)) for item in items)
    seen.clear()
    tool_use.evaluate_tools(model, tok, items, max_new_tokens=2)
    assert not seen


def test_bench_constrain_saves_what_it_measured(tmp_path):
    from minimind.lab.constrained import command
    from minimind.learning.command import run_command

    assert run_command(command, ["--quick", "--save", "--folder", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "constrain.json").read_text(encoding="utf8"))["rows"]
    assert [row["写法"] for row in rows] == ["不管", "管"]
    good, total = rows[1]["温度 1 合法"].split("/")
    assert good == total
