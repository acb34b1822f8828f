"""用工具：写得再坏也不出错；说明书与训练数据一字不差；编号只往后接；成绩单与手算的一致。"""

import json
import math
import random
import threading
import time

import pytest
from hypothesis import given, settings, strategies as st

from minimind.evaluation.tool_use import evaluate_tools, judge, same_calls
from minimind.inference.sampling import SamplingParams
from minimind.inference.tools import (
    Call, Registry, Store, calculate, execute, parse_calls, schema_of, tool_loop, tool_turn, use_tools, world_tools,
)
from minimind.learning.errors import UserError
from minimind.tokenizer.fast import train_tokenizer
from minimind.tokenizer.render import build_prompt, encode_segments, segments
from minimind.world import tools as world

CONTROL = ["<tool_call>", "</tool_call>", "</tool_response>", "<|im_end|>", "\ud800", '"name"', '"arguments"', "{", "}"]
BITS = [*CONTROL, ":", ",", '"', "[", "]", "add", "1e999", "NaN", " ", "\n", "null"]
words = st.lists(st.sampled_from(BITS) | st.text(max_size=6))
names = st.sampled_from(["city", "text", "x", "to", "body"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8,
)


@pytest.fixture(scope="module")
def tok():
    texts = [json.dumps(s, ensure_ascii=False) for s in world_tools().schemas()]
    return train_tokenizer([*texts, *"等于多少？。0123456789*晴雨度好了"], 700)


def turn_ids(tok, message):
    "一条助手消息的编号，连同结束标记。"
    ids, labels = encode_segments(tok, [segments(tok, [dict(role="user", content="."), message])])[0]
    return [i for i, label in zip(ids, labels) if label != -100]


def actor(tok, *turns):
    script = iter([turn_ids(tok, t) for t in turns])
    return lambda ids: next(script)


@given(words)
@settings(max_examples=300, deadline=None)
def test_parse_and_execute_never_raise(pieces):
    calls = parse_calls("".join(pieces))
    assert len(calls) <= "".join(pieces).count("<tool_call>")
    assert all(call.error or call.name for call in calls)
    assert all(isinstance(r, str) for r in execute(calls, world_tools()))


@given(st.sampled_from([*world.SPECS, "none"]), st.dictionaries(names, values))
@settings(max_examples=200, deadline=None)
def test_any_arguments_end_in_a_string(name, arguments):
    (said,) = execute([Call(name, arguments)], world_tools())
    assert isinstance(said, str) and len(said) < 600 and "</tool_response>" not in said


@given(st.dictionaries(st.text(max_size=5), values, max_size=3))
@settings(max_examples=100, deadline=None)
def test_what_json_can_write_is_read_back(arguments):
    try:
        text = json.dumps({"name": "add", "arguments": arguments}, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return
    (call, after) = parse_calls(f"<tool_call>\n{text}\n</tool_call>" + "<tool_call>{}")
    assert not call.error and call.arguments == arguments and after.error == "调用没有写完"


def test_arguments_may_quote_the_tags():
    said = "".join(
        f"<tool_call>\n{json.dumps({'name': 'email', 'arguments': {'to': 'a', 'body': body}})}\n</tool_call>\n"
        for body in ("</tool_call>", "<tool_call>{}</tool_call>", "平常的话")
    )
    assert [c.arguments["body"] for c in parse_calls(said)] == ["</tool_call>", "<tool_call>{}</tool_call>", "平常的话"]
    torn = "<tool_call>{\"name\": <tool_call>" + said.partition("<tool_call>")[2]
    assert [bool(c.error) for c in parse_calls(torn)] == [True, False, False, False]


@given(st.text(max_size=30) | st.lists(st.sampled_from([*"0123456789+-*/%().e ", "**", "//", "9" * 9])).map("".join))
@settings(max_examples=500, deadline=None)
def test_calculator_gives_a_number_or_one_sentence(text):
    try:
        said = calculate(text)
    except ValueError as e:
        assert 0 < len(str(e)) < 60
    else:
        assert math.isfinite(float(said))


def test_calculator_refuses_what_is_not_a_sum():
    for bad in ("__import__('os')", "(1).__class__", "[1][0]", "lambda: 1", "9**9**9", "2**1000", "1<2"):
        with pytest.raises(ValueError):
            calculate(bad)
    assert calculate("（１２＋３）×４=") == "60" and calculate("7//2") == "3" and calculate("2**10") == "1024"


def test_schemas_equal_the_ones_in_the_training_data():
    registry = world_tools()
    assert list(registry.tools) == list(dict.fromkeys(registry.tools)) and set(registry.tools) == set(world.SPECS)
    rng = random.Random(0)
    for name in world.SPECS:
        assert registry.schemas([name])[0] == world.offer(rng, name, rename=0)["schema"]


def test_the_worlds_own_calls_give_the_worlds_own_results():
    rng, registry = random.Random(1), world_tools()
    for name in world.SPECS:
        for split in ("train", "test"):
            for _ in range(30):
                it = world.job(rng, world.offer(rng, name, rename=0), split)
                assert execute([Call(it["call"]["name"], it["call"]["arguments"])], registry) == [it["result"]]


def test_failing_tools_say_what_the_training_data_says():
    made = [world.tool_dialogue(random.Random(i), "failed", "test") for i in range(40)]
    for it in made:
        (call,) = it["calls"]
        (said,) = [t["content"] for t in it["turns"] if t["role"] == "tool"]
        assert execute([Call(call["name"], call["arguments"])], world_tools()) == [said]


def test_stores_keep_what_was_written(tmp_path):
    outbox = Store(tmp_path / "mail.jsonl")
    execute([Call("email", {"to": "小红", "body": "买书"})] * 2, world_tools(outbox))
    rows = [json.loads(s) for s in (tmp_path / "mail.jsonl").read_text(encoding="utf8").splitlines()]
    assert rows == outbox.rows == [{"to": "小红", "body": "买书"}] * 2


def test_a_tool_needs_types_and_a_docstring():
    registry = Registry()

    def untyped(x):
        "没有类型"

    def silent(x: int) -> int:
        return x

    def many(*x: int) -> int:
        "个数不定"

    def odd(x: bytes) -> int:
        "不认得的类型"

    for fn, piece in ((untyped, "类型标注"), (silent, "文档字符串"), (many, r"\*args"), (odd, "不认")):
        with pytest.raises(UserError, match=piece):
            registry.tool(fn)

    @registry.tool
    def once(x: int) -> int:
        "一次"
        return x

    with pytest.raises(UserError, match="两次"):
        registry.tool(once)
    with pytest.raises(UserError, match="没有工具"):
        registry.schemas(["twice"])


def test_ctrl_c_is_not_swallowed():
    registry = Registry()

    @registry.tool
    def stop() -> str:
        "停"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute([Call("stop")], registry)


def test_ids_are_appended_and_equal_the_rendered_dialogue(tok):
    asks = [dict(role="user", content="3*4等于多少？")]
    two = [{"name": "calculator", "arguments": {"expression": "3*4"}}]
    two += [{"name": "weather_api", "arguments": {"city": "月"}}]
    turns = [dict(role="assistant", content="", tool_calls=two), dict(role="assistant", content="12。")]
    out = tool_loop(actor(tok, *turns), tok, asks, world_tools())
    assert out.results == ["12", "错误：没有月的天气"] and out.answer == "12。" and out.finished
    whole = encode_segments(tok, [segments(tok, asks + out.messages, tools=world_tools().schemas())])[0]
    assert out.ids == whole[0][: len(out.ids)]
    learned = [label != -100 for label in whole[1]][: len(out.ids)]
    assert out.wrote == learned  # 模型写的，恰是训练时要学的


@pytest.mark.parametrize("thinking", [None, False])
def test_the_tail_is_the_tail_of_the_template(tok, thinking):
    said = dict(role="assistant", content="x", tool_calls=[{"name": "a", "arguments": {}}])
    told = dict(role="tool", content="<|im_end|>晴")  # 结果里的标记只是文字
    whole = build_prompt(tok, [dict(role="user", content="y"), said, told], thinking)
    tail = tool_turn(tok, ["<|im_end|>晴"], thinking)
    assert whole[-len(tail) :] == tail and tail.count(tok.eos_token_id) == 1


def test_broken_calls_are_told_and_the_loop_ends(tok):
    broken = dict(role="assistant", content='<tool_call>{"name": }</tool_call>')
    out = tool_loop(actor(tok, *[broken] * 5), tok, [dict(role="user", content=".")], world_tools(), limit=2)
    assert out.results == ["错误：调用不是合法的 JSON"] * 2 and not out.finished and len(out.calls) == 2
    roles = [m["role"] for m in out.messages]
    assert roles == ["assistant", "tool", "assistant", "tool", "assistant"]


def test_a_full_context_stops_quietly(tok, small_model):
    asks = [dict(role="user", content="1")]
    size = len(build_prompt(tok, asks, tools=world_tools().schemas(["email"])))
    options = dict(tools=world_tools().schemas(["email"]), context=size + 4)
    out = use_tools(small_model, tok, asks, world_tools(), **options)
    assert len(out.ids) <= size + 4 + 40 and sum(out.wrote) <= 4
    with pytest.raises(UserError, match="少摆几样工具"):
        use_tools(small_model, tok, asks, world_tools(), tools=options["tools"], context=size)


@pytest.fixture(scope="module")
def small_model(tok):
    import torch

    from minimind.model import MiniMindConfig, MiniMindForCausalLM

    torch.manual_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, vocab_size=len(tok))
    return MiniMindForCausalLM(MiniMindConfig(**shape)).eval()


def test_greedy_is_the_default_and_repeats_itself(tok, small_model):
    asks = [dict(role="user", content="1+1等于多少？")]
    first, again = (use_tools(small_model, tok, asks, world_tools(), max_new_tokens=6) for _ in range(2))
    assert first.ids == again.ids
    hot = SamplingParams(temperature=5.0, top_p=1.0)
    assert use_tools(small_model, tok, asks, world_tools(), max_new_tokens=6, params=hot).ids[:9] == first.ids[:9]


def test_a_perfect_answer_sheet_scores_everything():
    rng = random.Random(2)
    items = [world.agent_test(rng) for _ in range(120)]
    said = [([Call(c["name"], c["arguments"]) for c in i["calls"]][::-1], i["answers"][0]) for i in items]
    scores = judge(items, said).scores
    assert scores["calls"].accuracy == scores["success"].accuracy == scores["unseen"].accuracy == 1
    assert scores["needless"].correct == scores["missed"].correct == 0
    assert scores["calls"].n + scores["needless"].n == scores["success"].n == len(items) - scores["unseen"].n


def test_right_words_without_the_call_are_no_success():
    rng = random.Random(3)
    items = [world.agent_test(rng) for _ in range(80)]
    scores = judge(items, [([], i["answers"][0]) for i in items]).scores
    assert scores["missed"].accuracy == 1 and scores["calls"].correct == 0
    assert scores["success"].correct == scores["needless"].n


def test_same_calls_minds_names_values_and_counts():
    one = {"name": "a", "arguments": {"x": "1"}}
    assert same_calls([Call("a", {"x": "1"})] * 2, [one, one]) and not same_calls([Call("a", {"x": "1"})], [one, one])
    for bad in (Call("b", {"x": "1"}), Call("a", {"x": 1}), Call("a", {}), Call("a", {"x": "1"}, "坏")):
        assert not same_calls([bad], [one])


def test_evaluate_tools_walks_both_rounds(tok, small_model, monkeypatch):
    "让问出来的话照剧本：第一遍写对调用，第二遍答标准答案。"
    from minimind.evaluation import tool_use

    rng = random.Random(4)
    items = [world.agent_test(rng) for _ in range(20)]

    def said(model, tok, asked, *rest):
        for item in asked:
            roles = [t["role"] for t in item["conversations"]]
            if item["calls"] and roles[-1] == "user":
                yield "".join(f"<tool_call>\n{json.dumps(c)}\n</tool_call>" for c in item["calls"])
            else:
                results = [t["content"] for t in item["conversations"] if t["role"] == "tool"]
                assert not item["calls"] or results[-len(item["calls"]) :] == item["results"]
                yield item["answers"][0]

    monkeypatch.setattr(tool_use, "ask", lambda *a: list(said(*a)))
    report = evaluate_tools(small_model, tok, items)
    assert report.scores["success"].accuracy == 1 and "办成" in report.table()


def test_schema_of_reads_chinese_notes():
    def visit(city: str, days: int = 1) -> str:
        """去一个城市

        参数：
            city：哪个城市
            days: 几天
        """

    properties = schema_of(visit)["function"]["parameters"]["properties"]
    assert [p["description"] for p in properties.values()] == ["哪个城市", "几天"]


def test_calls_run_together_and_a_silent_tool_does_not_block():
    fence, never, registry = threading.Barrier(3), threading.Event(), Registry()

    @registry.tool
    def meet(name: str) -> str:
        "等另外两个也到了才说话"
        fence.wait(5)
        return name

    @registry.tool
    def silent() -> str:
        "永远不回话"
        never.wait()

    calls = [Call("silent"), *(Call("meet", {"name": n}) for n in "甲乙丙")]
    assert execute(calls, registry, timeout=1) == ["错误：等了 1 秒没有结果", *"甲乙丙"]


def test_ordered_tools_keep_their_order():
    registry, seen = Registry(), []

    @registry.tool(ordered=True)
    def note(x: int) -> int:
        "先来的慢"
        time.sleep(0.02 * (3 - x))
        seen.append(x)
        return x

    assert execute([Call("note", {"x": x}) for x in range(4)], registry) == [*"0123"]
    assert seen == [0, 1, 2, 3]


def test_add_replaces_and_tool_refuses(tok):
    registry = world_tools()

    def weather_api(city: str) -> str:
        "查一个城市的天气"
        return "雪"

    with pytest.raises(UserError, match="add"):
        registry.tool(weather_api)
    registry.add(weather_api)
    assert execute([Call("weather_api", {"city": "任何"})], registry) == ["雪"]


def test_minigpts_functions_keep_their_keys(tok, small_model, tmp_path):
    from minimind.inference import benchmark_performance, builtin_tools, tool_calling_inference, ultra_think_inference

    done = tool_calling_inference(small_model, tok, "你好", builtin_tools(tmp_path), max_new_tokens=4)
    assert {"query", "response", "tools_detected", "inference_time"} <= set(done) and done["tools_detected"] == []
    thought = ultra_think_inference(small_model, tok, "1+1", max_new_tokens=4)
    assert {"problem", "response", "thinking_score", "inference_time"} <= set(thought)
    speed = benchmark_performance(small_model, tok, num_samples=2, max_new_tokens=4)
    assert set(speed) == {"num_samples", "avg_time", "avg_tokens_per_second", "min_time", "max_time"}
    with pytest.raises(UserError):
        benchmark_performance(small_model, tok, num_samples=0)


def test_detected_tools_are_those_that_were_called(tok, small_model, tmp_path, monkeypatch):
    from minimind.inference import minigpt

    two = [{"name": "calculator", "arguments": {"expression": "3*4"}}, {"name": "email", "arguments": {}}]
    turns = [dict(role="assistant", content="", tool_calls=two), dict(role="assistant", content="12。")]
    registry = minigpt.builtin_tools(tmp_path)
    play = lambda model, tok, messages, registry, **k: tool_loop(actor(tok, *turns), tok, messages, registry)
    monkeypatch.setattr(minigpt, "use_tools", play)
    done = minigpt.tool_calling_inference(small_model, tok, "不说那个字", registry)
    assert done["tools_detected"] == ["calculator", "email"] and done["response"] == "12。"
    assert done["tool_results"] == ["12", "错误：少了参数 to、body"] and not (tmp_path / "outbox").exists()
