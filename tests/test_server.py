"""OpenAI 接口的服务器：官方客户端说了算，怪请求不许崩，走掉的不白算，坏了的不装好。"""

import asyncio
import copy
import json
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
import schemathesis
import torch
from conftest import ROOT, command_env
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi
from starlette.testclient import TestClient

from minimind.inference.batching import Engine
from minimind.inference.int8 import pack_weights
from minimind.inference.weights import save_weights
from minimind.learning.errors import UserError
from minimind.serving import protocol, server as serving
from minimind.serving.remote import ApiChat, api_base
from minimind.serving.server import Service, create_app, running
from minimind.world.facts import CAPITALS

ASK = [{"role": "user", "content": "法国的首都是哪里？"}]
ADD = [{"role": "user", "content": "12加34等于几？"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "calculator", "description": "计算算式",
        "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]},
    },
}
CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "%s"}}\n</tool_call>'


def fresh(nano):
    "一台新机器：一台只能由一个程序来转。"
    model, tok, _ = nano
    return Service(Engine(model), tok, ("minimind", "full_sft"), most=80)


@pytest.fixture(scope="module")
def service(nano):
    return fresh(nano)


@pytest.fixture(scope="module")
def url(service):
    with running(create_app(service)) as server:
        yield server.url


@pytest.fixture(scope="module")
def client(url):
    return openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=30)


@pytest.fixture(autouse=True)
def nothing_left_behind(request):
    "每个测试之后，服务器都应当空下来。"
    yield
    if "url" in request.fixturenames:
        assert idle(request.getfixturevalue("service"))


def idle(service, within=10.0):
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not service.driver.mail and not service.engine.busy:
            return True
        time.sleep(0.01)
    return False


def chat(client, messages=ASK, **more):
    return client.chat.completions.create(**dict(model="minimind", messages=messages, temperature=0) | more)


def gathered(pieces):
    "流式的块 → (内容, 思考, 调用, 停的原因, 用量)。"
    content, thought, calls, finish, usage = "", "", [], None, None
    for piece in pieces:
        usage = piece.usage or usage
        for choice in piece.choices:
            content += choice.delta.content or ""
            thought += getattr(choice.delta, "reasoning_content", None) or ""
            calls += choice.delta.tool_calls or []
            finish = choice.finish_reason or finish
    return content, thought, calls, finish, usage


class Script:
    "只许照着写的约束：让小模型说任何要它说的话。"

    def __init__(self, tok, text):
        self.left, self.vocab = tok.encode(text), len(tok)

    @property
    def done(self):
        return not self.left

    def mask(self):
        return torch.arange(self.vocab) == self.left[0]

    def accept(self, token):
        assert self.left.pop(0) == token


class Endless:
    "永远说不完：只不许写结束标记。"

    done = False

    def __init__(self, tok):
        self.allowed = torch.arange(len(tok)) != tok.eos_token_id

    def mask(self):
        return self.allowed

    def accept(self, token):
        pass


@pytest.fixture
def endless(service, monkeypatch):
    "聊天的请求都说不完；交出收到的行。"
    rows, submit = [], service.engine.submit
    monkeypatch.setattr(serving, "constraint_of", lambda req, tok: Endless(tok))
    monkeypatch.setattr(service.engine, "submit", lambda row: rows.append(submit(row)))
    return rows


def scripted(monkeypatch, text):
    monkeypatch.setattr(serving, "constraint_of", lambda req, tok: Script(tok, text))


# ---- 官方客户端 --------------------------------------------------------------------------------------------------


def test_models_and_health(client, url, service):
    import httpx

    assert [m.id for m in client.models.list()] == ["minimind", "full_sft"]
    assert httpx.get(f"{url}/health").json() == {"status": "ok", "busy": 0}


@pytest.mark.parametrize("thinking", [None, True, False, "ultra"])
def test_streaming_and_whole_answers_agree(client, thinking):
    how = dict(messages=ADD, max_tokens=60, extra_body={"open_thinking": thinking})
    whole = chat(client, **how)
    content, thought, calls, finish, usage = gathered(
        chat(client, **how, stream=True, stream_options={"include_usage": True})
    )
    message = whole.choices[0].message
    assert (content, thought) == (message.content, getattr(message, "reasoning_content", ""))
    assert finish == whole.choices[0].finish_reason and usage == whole.usage and not calls
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    if thinking is True:
        assert content == "46。" and thought.startswith("12+34")


def test_chat_template_kwargs_turn_thinking_off(client):
    off = chat(client, ADD, extra_body={"chat_template_kwargs": {"enable_thinking": False}})
    assert not getattr(off.choices[0].message, "reasoning_content", None)


def test_a_stop_word_across_tokens_is_cut_exactly(client):
    said = chat(client, extra_body={"open_thinking": False}).choices[0].message.content
    for i in range(len(said)):
        how = dict(stop=said[i : i + 2], extra_body={"open_thinking": False})
        assert chat(client, **how).choices[0].message.content == said[: said.index(said[i : i + 2])]
        assert gathered(chat(client, **how, stream=True))[0] == said[: said.index(said[i : i + 2])]


def test_n_answers_repeat_with_the_seed(client):
    how = dict(messages=[{"role": "user", "content": "讲个故事"}], n=3, seed=11, temperature=1.5, max_tokens=12)
    first, second = ([c.message.content for c in chat(client, **how).choices] for _ in range(2))
    assert first == second and len(set(first)) > 1
    assert [c.message.content for c in chat(client, **how | {"seed": 12}).choices] != first


def test_log_probabilities_spell_the_answer(client):
    how = dict(logprobs=True, top_logprobs=2, extra_body={"open_thinking": False})
    choice = chat(client, **how).choices[0]
    entries = choice.logprobs.content
    assert b"".join(bytes(e.bytes) for e in entries).decode() == choice.message.content
    assert all(len(e.top_logprobs) == 2 and e.top_logprobs[0].logprob == e.logprob <= 0 for e in entries)  # 贪心
    streamed = [c.logprobs.content for p in chat(client, **how, stream=True) for c in p.choices if c.logprobs]
    assert [e.token for part in streamed for e in part] == [e.token for e in entries]
    assert chat(client).choices[0].logprobs is None


def test_completions_continue_plain_text_and_several_prompts(client):
    say = lambda prompt, **more: client.completions.create(model="full_sft", prompt=prompt, temperature=0, **more)
    one, two = say("法国的首都", max_tokens=6), say(["法国的首都", "中国的首都"], max_tokens=6)
    assert two.choices[0].text == one.choices[0].text and [c.index for c in two.choices] == [0, 1]
    assert one.choices[0].finish_reason in ("stop", "length") and one.usage.completion_tokens <= 6
    assert "".join(p.choices[0].text for p in say("法国的首都", max_tokens=6, stream=True)) == one.choices[0].text
    legacy = say("法国的首都", max_tokens=4, logprobs=1).choices[0].logprobs
    assert len(legacy.tokens) == len(legacy.token_logprobs) == len(legacy.text_offset) == len(legacy.top_logprobs)


def test_parallel_tool_calls(client, monkeypatch):
    scripted(monkeypatch, f"算一下。{CALL % '1+2'}\n{CALL % '5-3'}")
    message = chat(client, tools=[TOOL]).choices[0]
    assert message.finish_reason == "tool_calls" and message.message.content == "算一下。"
    assert [json.loads(c.function.arguments)["expression"] for c in message.message.tool_calls] == ["1+2", "5-3"]
    content, _, calls, finish, _ = gathered(chat(client, tools=[TOOL], stream=True))
    assert content == "算一下。" and finish == "tool_calls" and [c.index for c in calls] == [0, 1]
    assert len({c.id for c in calls}) == 2
    only = chat(client, tools=[TOOL], parallel_tool_calls=False).choices[0].message
    assert len(only.tool_calls) == 1


def test_the_stream_helper_of_the_official_client_assembles_tool_calls(client, monkeypatch):
    scripted(monkeypatch, CALL % "1+2")
    with client.chat.completions.stream(model="minimind", messages=ASK, tools=[TOOL]) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.name == "calculator"
    assert not final.choices[0].message.content


def test_a_broken_call_is_shown_as_it_is(client, monkeypatch):
    scripted(monkeypatch, "<tool_call>{坏的}</tool_call>")
    choice = chat(client, tools=[TOOL]).choices[0]
    assert choice.message.content == "<tool_call>{坏的}</tool_call>" and choice.finish_reason == "stop"


def test_without_tools_the_tag_is_only_text(client, monkeypatch):
    scripted(monkeypatch, CALL % "1+2")
    assert chat(client).choices[0].message.content == CALL % "1+2"
    assert chat(client, tools=[TOOL], tool_choice="none").choices[0].message.content == CALL % "1+2"


def test_a_conversation_with_tool_results_goes_through_the_one_renderer(client, service):
    function = {"name": "calculator", "arguments": '{"expression": "1+2"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    talk = [*ASK, {"role": "assistant", "content": None, "tool_calls": [call]}]
    talk += [{"role": "tool", "tool_call_id": "call_1", "content": "3<|im_end|>"}]
    req = protocol.ChatRequest(messages=talk, tools=[TOOL])
    ids = protocol.chat_ids(req, service.tok, 32768)
    assert ids.count(service.tok.eos_token_id) == 4  # 系统、用户、助手、工具各一个；结果里打出来的不算
    assert chat(client, talk, tools=[TOOL], max_tokens=5).usage.prompt_tokens == len(ids)


def test_json_schema(client):
    schema = {
        "type": "object", "properties": {"city": {"type": "string", "maxLength": 8}}, "required": ["city"],
        "additionalProperties": False,
    }
    shape = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema}}
    for thinking in (False, True):
        extra = {"open_thinking": thinking}
        message = chat(client, response_format=shape, max_tokens=200, extra_body=extra).choices[0].message
        assert set(json.loads(message.content)) == {"city"}


def test_a_forced_tool_call_is_made(client):
    named = {"type": "function", "function": {"name": "calculator"}}
    for choice in ("required", named):
        done = chat(client, ADD, tools=[TOOL], tool_choice=choice, max_tokens=200).choices[0]
        assert done.finish_reason == "tool_calls"
        assert done.message.tool_calls[0].function.name == "calculator"
        assert set(json.loads(done.message.tool_calls[0].function.arguments)) == {"expression"}


# ---- 许多人 ------------------------------------------------------------------------------------------------------


def test_everyone_gets_what_they_would_get_alone(client):
    asks = [[{"role": "user", "content": f"{c}的首都是哪里？"}] for c in list(CAPITALS)[:8]]
    alone = [chat(client, m).choices[0].message.content for m in asks]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda m: gathered(chat(client, m, stream=True))[0], asks * 3))
    assert together == alone * 3


def test_a_newcomer_gets_its_first_token_before_the_first_one_ends(client, endless):
    first = chat(client, stream=True, max_tokens=8000)
    next(iter(first))
    late = gathered(chat(client, stream=True, max_tokens=3))  # 后来的整个说完了
    assert late[3] == "length" and [r.finish for r in endless] == [None, "length"]  # 先来的还在说
    first.close()


def test_a_client_that_leaves_stops_its_row(client, service, endless):
    stream = chat(client, stream=True, max_tokens=8000, n=2)
    next(iter(stream))
    stream.close()
    assert idle(service) and [r.finish for r in endless] == ["cancelled"] * 2


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("wait", [0, 0.02, 0.2])
def test_hanging_up_at_any_moment_frees_the_slot(url, service, endless, streamed, wait):
    body = json.dumps(dict(messages=ASK, max_tokens=8000, stream=streamed)).encode()
    host, port = url.removeprefix("http://").split(":")
    for _ in range(3):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            line.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            time.sleep(wait)
    assert idle(service) and {r.finish for r in endless} <= {"cancelled"}


def test_too_many_requests_are_told_to_come_back(client, service):
    with pytest.raises(openai.RateLimitError) as caught:
        client.completions.create(model="minimind", prompt=["从前"] * 6, n=16)
    assert caught.value.code == "overloaded" and caught.value.response.headers["retry-after"] == "1"


def test_when_the_engine_breaks_everyone_hears_of_it_and_the_next_one_is_served(client, service, monkeypatch, capfd):
    def broken():
        raise ZeroDivisionError("秘密的细节")

    with monkeypatch.context() as m:
        m.setattr(service.engine, "step", broken)
        with pytest.raises(openai.InternalServerError) as caught:
            chat(client)
        assert "秘密" not in str(caught.value) and caught.value.code == "internal_error"
        with pytest.raises(openai.APIError):
            list(chat(client, stream=True))
    assert chat(client).choices[0].message.content == "巴黎。"
    assert "秘密的细节" in capfd.readouterr().err


# ---- 坏请求 ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def web(nano):
    service = fresh(nano)
    with TestClient(create_app(service, max_body=100_000), raise_server_exceptions=False) as web:
        web.service = service
        yield web


SHAPE = {"message", "type", "param", "code"}
BAD = {  # 名字 → (请求体, 状态码, 错在哪个参数)
    "没有消息": (dict(messages=[]), 400, "messages"),
    "不是对象": ([], 400, None),
    "温度": (dict(messages=ASK, temperature="热"), 400, "temperature"),
    "没做的参数": (dict(messages=ASK, frequency_penalty=1), 400, "frequency_penalty"),
    "没有这个模型": (dict(messages=ASK, model="gpt"), 404, "model"),
    "角色": (dict(messages=[{"role": "王"}]), 400, None),
    "空停止词": (dict(messages=ASK, stop=[""]), 400, "stop"),
    "太多停止词": (dict(messages=ASK, stop=["a"] * 17), 400, "stop"),
    "工具没有名字": (dict(messages=ASK, tools=[{}]), 400, None),
    "要调的工具不在": (dict(messages=ASK, tools=[TOOL], tool_choice={"function": {"name": "x"}}), 400, "tool_choice"),
    "没有工具却要调": (dict(messages=ASK, tool_choice="required"), 400, "tool_choice"),
    "格式": (dict(messages=ASK, response_format={"type": "xml"}), 400, "response_format"),
    "schema": (dict(messages=ASK, response_format={"type": "json_schema"}), 400, "response_format"),
    "又要调又要 JSON": (
        dict(messages=ASK, tools=[TOOL], tool_choice="required", response_format={"type": "json_object"}), 400,
        "response_format",
    ),
    "思考的开关": (dict(messages=ASK, chat_template_kwargs={"open_thinking": "想"}), 400, "chat_template_kwargs"),
    "图片": (dict(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), 400, None),
    "放不下": (dict(messages=[{"role": "user", "content": "长" * 33000}]), 400, "messages"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_answered_in_the_shape_of_openai(web, name):
    body, status, param = BAD[name]
    answer = web.post("/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert answer.status_code == status and error["param"] == param and set(error) == SHAPE
    assert (error["code"] == "context_length_exceeded") == (name == "放不下")


SHAPES = [[1], "abc", True, 5, {"properties": []}, {"properties": ["a"]}, {"anyOf": 5}, {"anyOf": None}, {"$defs": [1]}]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_wrong_schema_is_never_a_fault_of_the_server(web, shape):
    tool = {"type": "function", "function": {"name": "f", "parameters": shape}}
    form = {"type": "json_schema", "json_schema": {"schema": shape}}
    for more in ({"tools": [tool]}, {"tools": [tool], "tool_choice": "required"}, {"response_format": form}):
        answer = web.post("/v1/chat/completions", json=dict(messages=ASK, max_tokens=1, **more))
        assert answer.status_code < 500, answer.text


class Bomb:
    "许写任何词，写第一个就出错的约束。"

    done = False

    def __init__(self, size):
        self.size = size

    def mask(self):
        return torch.ones(self.size, dtype=torch.bool)

    def accept(self, token):
        raise UserError("约束算不下去了")


def test_one_persons_constraint_ends_only_its_own_row(url, service, monkeypatch):
    "写到一半才发觉不行的约束：它的主人得一句 400，同车的人照写。"
    bomb = lambda req, tok: Bomb(len(tok)) if req.response_format else None
    monkeypatch.setattr(serving, "constraint_of", bomb)
    long = dict(messages=ASK, max_tokens=150, ignore_eos=True, temperature=0)
    with ThreadPoolExecutor(2) as pool, httpx.Client(base_url=url, timeout=60) as web:
        ask = lambda **more: web.post("/v1/chat/completions", json=long | more)
        others = [pool.submit(ask, stream=stream) for stream in (False, True)]
        wait_for(lambda: len(service.engine.rows) == 2)
        refused = ask(response_format={"type": "json_object"})
        assert len(service.engine.rows) == 2  # 同车的还在写
        assert refused.status_code == 400 and "约束" in refused.json()["error"]["message"]
        for other in others:
            assert other.result().status_code == 200 and '"error"' not in other.result().text


def test_a_row_that_cannot_board_is_told_alone(nano):
    "上不了车（放不下）的那一行自己收信，别人不受牵连。"
    service = fresh(nano)

    async def both():
        driver = serving.Driver(service.engine)
        good, bad = serving.Row([1, 40, 41], 5), serving.Row([], 5)
        mail = driver.submit([good, bad])
        letters = [await asyncio.wait_for(mail.get(), 20) for _ in range(1 + 1)]
        while not any(w.finish and w.row is good for w in letters):
            letters.append(await asyncio.wait_for(mail.get(), 20))
        driver.close()
        return [w.row is bad for w in letters if isinstance(w, serving.Broken)], good.finish

    assert asyncio.run(both()) == ([True], "length")


RAW = {  # 名字 → (请求体的字节, 状态码)
    "不是 JSON": (b"{", 400), "空的": (b"", 400), "不是 UTF-8": (b'{"messages": "\xff"}', 400),
    "套得太深": (b'{"messages":' + b"[" * 40000 + b"]" * 40000 + b"}", 400),
    "工具套得太深": (
        b'{"messages":[{"role":"user","content":"a"}],"tools":[{"name":"a","x":' + b"[" * 600 + b"]" * 600 + b"}]}", 400
    ),
    "NaN": (b'{"messages":[{"role":"user","content":"a"}],"temperature":NaN}', 400),
    "巨大的整数": (b'{"messages":[{"role":"user","content":"a"}],"seed":' + b"9" * 5000 + b"}", 400),
    "落单的代理": (b'{"messages":[{"role":"user","content":"\\ud800"}]}', 400),
    "名字里落单的代理": (b'{"messages":[{"role":"user","content":"a"}],"model":"\\ud800"}', 400),
    "键里落单的代理": (b'{"messages":[{"role":"user","content":"a"}],"\\ud800":1,"n":"\\ud800"}', 400),
    "太大": (b" " * 100_001, 413),
}


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_bytes_that_make_no_sense_are_refused(web, name, path):
    body, status = RAW[name]
    answer = web.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (status, 404) and set(answer.json()["error"]) == SHAPE


def test_wrong_addresses_and_methods_have_the_same_shape(web):
    lost, wrong = web.get("/v1/embeddings"), web.get("/v1/chat/completions")
    assert lost.status_code == 404 and wrong.status_code == 405 and wrong.headers["allow"] == "POST"
    assert lost.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("prompt", [[], [[]], [5, -1], [10**9], "", ["a"] * 17])
def test_bad_prompts_of_completions(web, prompt):
    answer = web.post("/v1/completions", json=dict(prompt=prompt, max_tokens=1))
    assert answer.status_code == (200 if prompt == "" else 400)


def test_the_key_is_asked_for_before_anything_else(nano):
    app = create_app(fresh(nano), api_key="钥匙", hosts=("localhost",))
    with TestClient(app, base_url="http://localhost:99") as web:
        assert web.get("/health").status_code == 200
        for bad in ({}, {"Authorization": "Bearer x"}, {"Authorization": "钥匙".encode()}):
            answer = web.post("/v1/chat/completions", content=b"{", headers=bad)
            assert answer.status_code == 401 and answer.json()["error"]["code"] == "invalid_api_key"
        good = {"Authorization": "Bearer 钥匙".encode()}
        assert web.get("/v1/models", headers=good).status_code == 200
        assert web.get("/v1/models", headers=good | {"Host": "evil.example"}).status_code == 403


def test_other_pages_may_not_read_unless_allowed(nano):
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    with TestClient(create_app(fresh(nano))) as web:
        assert "access-control-allow-origin" not in web.get("/v1/models", headers=ask).headers
    with TestClient(create_app(fresh(nano), cors=("https://a.example",), api_key="k")) as web:
        allowed = web.options("/v1/chat/completions", headers=ask)
        assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == "https://a.example"
        other = web.get("/v1/models", headers={"Origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers


# ---- 换权重 ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(nano, tmp_path):
    "一个架子，上面有一份动过的权重；连同一台许可换的服务器与它自己的模型。"
    model, tok, folder = nano
    model, other = copy.deepcopy(model), copy.deepcopy(model)
    with torch.no_grad():
        for p in other.parameters():
            p.mul_(1 + 0.3 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1)))
    shelf = tmp_path / "shelf"
    path = save_weights(other, shelf / "new.pth", stage="grpo", tokenizer_dir=folder / "tokenizer", dtype=None)
    return Service(Engine(model), tok, shelf=shelf), other, path


def tell(web, **more):
    ask = dict(prompt=[[1, 40, 41]], max_tokens=12, temperature=0, logprobs=0, return_token_ids=True) | more
    answer = web.post("/v1/completions", json=ask)
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]


def swap(web, path, **headers):
    return web.post("/update_weights_from_disk", json={"model_path": str(path)}, headers=headers)


def test_new_weights_answer_after_a_swap(shelf):
    service, other, path = shelf
    with TestClient(create_app(Service(Engine(other), service.tok))) as web:
        want = tell(web)
    with TestClient(create_app(service)) as web:
        before, done, after = tell(web), swap(web, path), tell(web)
    assert done.status_code == 200 and done.json()["success"] and before["token_ids"] != want["token_ids"]
    assert after["token_ids"] == want["token_ids"]
    assert after["logprobs"]["token_logprobs"] == pytest.approx(want["logprobs"]["token_logprobs"], abs=1e-4)


def test_who_is_writing_finishes_with_the_old_weights(shelf):
    "写到一半来了新权重：这一句照旧写完；之后来的等着，用新的。"
    service, other, path = shelf
    long = dict(prompt=[[1, 40, 41]], max_tokens=150, temperature=1, seed=5, logprobs=0, ignore_eos=True)
    with TestClient(create_app(Service(Engine(other), service.tok))) as web:
        new = tell(web, **long)["token_ids"]
    with running(create_app(service)) as server, ThreadPoolExecutor(3) as pool:
        with httpx.Client(base_url=server.url, timeout=60) as web:
            old = tell(web, **long)["token_ids"]
            first = pool.submit(tell, web, **long)
            wait_for(lambda: service.engine.rows and len(service.engine.rows[0].new) > 3)
            swapped = pool.submit(swap, web, path)
            wait_for(lambda: service.driver.todo or swapped.done())
            assert not swapped.done() and not first.done()  # 换的在等
            second = pool.submit(tell, web, **long)
            assert first.result()["token_ids"] == old != new == second.result()["token_ids"]
            assert swapped.result().status_code == 200


def wait_for(true, within=10.0):
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_who_left_before_boarding_does_not_board(shelf):
    "等换权重的时候走掉了：不再替他写。"
    service, _, path = shelf
    with running(create_app(service)) as server, ThreadPoolExecutor(2) as pool:
        with httpx.Client(base_url=server.url, timeout=60) as web:
            long = dict(prompt=[[1, 40, 41]], max_tokens=120, ignore_eos=True)
            first = pool.submit(tell, web, **long)
            wait_for(lambda: service.engine.rows)
            swapped = pool.submit(swap, web, path)
            wait_for(lambda: service.driver.todo)
            with pytest.raises(httpx.ReadTimeout):
                web.post("/v1/completions", json=long | {"max_tokens": 8000}, timeout=0.05)
            assert first.result() and swapped.result().status_code == 200
        assert idle(service, 3)


def test_bad_weights_are_refused_and_the_old_ones_stay(shelf, nano, tmp_path):
    service, other, path = shelf
    outside = save_weights(other, tmp_path / "outside.pth", stage="grpo", tokenizer_dir=None)
    (path.parent / "link.pth").symlink_to(outside)
    (path.parent / "half.pth").write_bytes(path.read_bytes()[:1000])
    small = {k: v for k, v in other.state_dict().items() if "layers.0" not in k}
    torch.save(small, path.parent / "few.pth")
    torch.save({"model": Evil()}, path.parent / "evil.pth")
    card = path.with_suffix(".json").read_text(encoding="utf8").replace('"rope_theta": ', '"rope_theta": 9')
    (path.parent / "turned.json").write_text(card, encoding="utf8")
    (path.parent / "turned.pth").write_bytes(path.read_bytes())
    with TestClient(create_app(service)) as web:
        before = tell(web)
        for name in (outside, path.parent / "../outside.pth", path.parent / "link.pth", "/etc/passwd", "\0"):
            answer = swap(web, name)
            assert answer.status_code in (400, 403) and answer.json()["error"]["param"] == "model_path", name
        words = {"half": "不是完整的", "few": "对不上", "evil": "已拒绝", "turned": "不一致", "none": "没有找到"}
        for name, word in words.items():
            answer = swap(web, path.with_name(f"{name}.pth"))
            assert answer.status_code == 400 and word in answer.json()["error"]["message"], name
        assert tell(web) == before and not Evil.ran
        assert web.post("/update_weights_from_disk", json={"model_path": 3}).status_code == 400


class Evil:
    "读它就会执行的东西；执行了 `ran` 就是真的。"

    ran = False

    def __reduce__(self):
        return setattr, (Evil, "ran", True)


def test_swapping_is_off_unless_allowed_and_asks_for_the_key(nano, shelf):
    service, _, path = shelf
    with TestClient(create_app(fresh(nano))) as web:
        assert swap(web, path).status_code == 404
    with TestClient(create_app(service, api_key="钥匙")) as web:
        assert swap(web, path).status_code == 401
        assert swap(web, path, Authorization="Bearer 钥匙".encode()).status_code == 200


def test_ids_and_chances_come_together(web, nano):
    _, tok, _ = nano
    said = tell(web, prompt="法国的首都是", max_tokens=30)
    ids = said["token_ids"]
    assert said["prompt_token_ids"][0] == tok.bos_token_id and len(ids) == len(said["logprobs"]["token_logprobs"])
    assert tok.decode([i for i in ids if i != tok.eos_token_id]) == said["text"]
    ends = [ids[-1] == tok.eos_token_id, said["finish_reason"] == "stop"]
    assert ends == [True, True]  # 自己停的：结束标记在内，概率也在
    streamed = dict(prompt="一", max_tokens=2, return_token_ids=True, stream=True)
    assert web.post("/v1/completions", json=streamed).json()["error"]["param"] == "return_token_ids"
    plain = web.post("/v1/completions", json=dict(prompt="一", max_tokens=2)).json()["choices"][0]
    assert "token_ids" not in plain


def broken_request(rng):
    "一条随手弄坏的请求体。"
    good = json.dumps(dict(
        model="minimind", messages=ASK, max_tokens=1, temperature=0.5, n=1, stop=["。"], stream=False, tools=[TOOL],
    ), ensure_ascii=rng.random() < 0.5).encode()
    raw = bytearray(good)
    for _ in range(rng.randrange(1, 6)):
        i = rng.randrange(len(raw))
        what = rng.randrange(4)
        if what == 0:
            raw[i] = rng.randrange(256)
        elif what == 1:
            del raw[i : i + rng.randrange(1, 20)]
        elif what == 2:
            raw[i:i] = rng.choice([b"null", b"[]", b"{}", b"-1", b"1e999", b'"', b"\\ud800", b"\x00", b"true", b"[[["])
        else:
            j = rng.randrange(len(raw))
            raw[i : i + 9], raw[j : j + 9] = raw[j : j + 9], raw[i : i + 9]
        raw = raw or bytearray(b"{")
    return bytes(raw)


def pelt(web, count, seed=0):
    rng, seen = random.Random(seed), {}
    for _ in range(count):
        path = rng.choice(["/v1/chat/completions", "/v1/completions"])
        body = broken_request(rng)
        answer = web.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, body
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    return seen


def test_mangled_requests_never_break_the_server(web):
    seen = pelt(web, 200)
    assert seen[400] > 100 and idle(web.service)


@pytest.mark.slow
def test_ten_thousand_mangled_requests_leave_nothing_behind(web):
    import psutil

    pelt(web, 1000)
    before = psutil.Process().memory_info().rss
    pelt(web, 9000, seed=1)
    assert idle(web.service) and psutil.Process().memory_info().rss - before < 50 * 2**20


def test_the_openapi_document_holds(nano):
    "照说明书出的题：不许崩，状态码、类型都要写在说明书里。"
    rules = [checks.not_a_server_error, openapi.status_code_conformance, openapi.content_type_conformance]
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(fresh(nano)))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {o.path for o in operations} == {"/health", "/v1/models", "/v1/chat/completions", "/v1/completions"}
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def check(case):
            if isinstance(case.body, dict):  # 不写 max_tokens 就是 8192 个，写不完这么多题
                case.body |= {k: 1 for k in ("max_completion_tokens", "n") if case.body.get(k)} | {"max_tokens": 1}
            case.call_and_validate(checks=rules)

        check()


# ---- 客户端与命令 ------------------------------------------------------------------------------------------------


def test_the_terminal_client_says_what_went_wrong(url):
    with pytest.raises(UserError, match="没有模型"):
        list(ApiChat(url, model="gpt").pieces("你好"))
    with pytest.raises(UserError, match="连不上"):
        ApiChat("http://127.0.0.1:9")
    for bad in ("file:///etc/passwd", "ftp://x", "http://"):
        with pytest.raises(UserError, match="不是地址"):
            api_base(bad)


def test_a_stream_that_breaks_off_is_not_taken_for_an_answer():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        text = b'data: {"choices":[{"delta":{"content":"half"}}]}\n\n'
        await send({"type": "http.response.body", "body": text})

    with running(app) as server:
        chat = ApiChat(server.url, model="x")
        with pytest.raises(UserError, match="断了"):
            list(chat.pieces("你好"))
        assert chat.history == []


LAST = {"choices": [{"delta": {"content": "好"}, "finish_reason": "stop"}]}
LIKE_OTHERS = {  # 别家服务器在流里送的 → 答出来的（思考，回答）
    "choices 是 null": ({"choices": None, "usage": {}}, ("", "好")),
    "没有 delta": ({"choices": [{"index": 0}]}, ("", "好")),
    "delta 是 null": ({"choices": [{"delta": None}]}, ("", "好")),
    "error 是 null": ({"error": None, "choices": []}, ("", "好")),
    "用量是 null": ({"choices": [], "usage": {"completion_tokens": None}}, ("", "好")),
    "思考叫 reasoning": ({"choices": [{"delta": {"reasoning": "想", "content": None}}]}, ("想", "好")),
}
NOT_UNDERSTOOD = {  # 送的 → 说的话里有
    "错是一句话": ({"error": "太忙了"}, "太忙了"), "错是一列": ({"error": ["x"]}, "服务器说"),
    "错里没有话": ({"error": {"code": 1}}, "出错了"), "一列": ([1, 2], "看不懂"), "内容是数": (
        {"choices": [{"delta": {"content": 5}}]}, "看不懂"), "选项是字": ({"choices": ["a"]}, "看不懂"),
    "用量是字": ({"choices": [], "usage": "x"}, "看不懂"), "delta 是字": ({"choices": [{"delta": "x"}]}, "看不懂"),
    "调用是字": ({"choices": [{"delta": {"tool_calls": ["x"]}}]}, "看不懂"),
    "第几个是列": ({"choices": [{"delta": {"tool_calls": [{"index": []}]}}]}, "看不懂"),
}


def hears(first):
    "一台送 `first` 与最后一段的服务器 → 听到的结果字典。"

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        text = "".join(f"data: {json.dumps(item)}\n\n" for item in (first, LAST)) + "data: [DONE]\n\n"
        await send({"type": "http.response.body", "body": text.encode()})

    with running(app) as server:
        chat = ApiChat(server.url, model="x")
        try:
            return chat.reply("你好")
        except UserError:
            assert chat.history == []
            raise


@pytest.mark.parametrize("name", LIKE_OTHERS)
def test_other_servers_are_understood(name):
    item, (thought, answer) = LIKE_OTHERS[name]
    told = hears(item)
    assert (told["reasoning"], told["answer"]) == (thought, answer)


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_cannot_be_understood_is_one_sentence(name):
    item, words = NOT_UNDERSTOOD[name]
    with pytest.raises(UserError, match=words) as said:
        hears(item)
    assert "\n" not in str(said.value)


def test_a_refusal_that_is_only_a_sentence_is_passed_on():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps({"error": "没有这个模型"}).encode()})

    with running(app) as server, pytest.raises(UserError, match="404.*没有这个模型"):
        ApiChat(server.url, model="x").reply("你好")


def test_serve_and_chat_from_the_command_line(cli, nano, tmp_path):
    import subprocess
    import sys

    _, _, folder = nano
    weight = next(folder.glob("full_sft_*.pth"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    env = command_env(tmp_path, PYTHONUNBUFFERED="1", MINIMIND_API_KEY="钥匙")
    command = [sys.executable, "-m", "minimind.cli", "serve", "--weight", str(weight), "--port", port]
    house = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT)
    try:
        assert f":{port}/v1" in house.stdout.readline()
        until = time.monotonic() + 30
        ask = ("chat", "--api", f"127.0.0.1:{port}", "--ask", "法国的首都是哪里？", "--temperature", "0")
        while (done := cli(*ask, "--api_key", "钥匙", home=tmp_path)).returncode and time.monotonic() < until:
            time.sleep(0.2)
        assert done.returncode == 0 and "巴黎" in done.stdout, done.stderr
        refused = cli(*ask, home=tmp_path)
        assert refused.returncode == 2 and "401" in refused.stderr and refused.stderr.count("\n") == 1
        assert "用不了" in cli("serve", "--weight", weight, "--port", port, home=tmp_path).stderr
    finally:
        house.terminate()
        assert house.wait(20) in (0, -15, 143)
        house.stdout.close()
        house.stderr.close()


def test_an_address_is_looked_at_before_the_model_is_read(monkeypatch):
    from minimind.cli import port_is_free

    ipv6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0))
    if socket.has_ipv6 and can_bind(ipv6):
        assert port_is_free("::1", 0)
    for host in ("没有这样的主机.invalid", "a" * 70 + ".x"):
        monkeypatch.setattr(socket, "getaddrinfo", refuse_names)
        with pytest.raises(UserError, match="不是地址"):
            port_is_free(host, 8000)
    monkeypatch.undo()
    with pytest.raises(UserError, match="没有 192.0.2.1 这个地址"):
        port_is_free("192.0.2.1", 0)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        assert not port_is_free("127.0.0.1", busy.getsockname()[1])


def refuse_names(*args, **more):
    raise socket.gaierror("没有这个名字")


def can_bind(found):
    try:
        with socket.socket(found[0]) as s:
            s.bind(found[4])
        return True
    except OSError:
        return False


def test_a_missing_library_is_one_sentence(monkeypatch):
    from importlib import util

    from minimind import cli as commands

    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"minimind\[serve\]"):
        commands.serving_parts()


# ---- 压力 --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_sixty_four_streams_for_two_minutes(nano):
    "六十四个连接各自不停地问，两分钟：一个错也没有，内存不涨，谁也不比谁慢太多。"
    import aiohttp
    import psutil

    model, tok, _ = nano
    service = Service(Engine(pack_weights(model)), tok)
    ask = dict(prompt="从前", max_tokens=40, stream=True, temperature=1.5, top_p=1)

    async def visitor(session, url, until):
        done = 0
        while time.monotonic() < until:
            async with session.post(f"{url}/v1/completions", json=ask) as answer:
                assert answer.status == 200
                text = await answer.text()
                assert text.endswith("data: [DONE]\n\n") and '"error"' not in text
                done += 1
        return done

    async def crowd(url, seconds):
        until = time.monotonic() + seconds
        timeout, connector = aiohttp.ClientTimeout(total=None), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            return await asyncio.gather(*(visitor(session, url, until) for _ in range(64)))

    with running(create_app(service)) as server:
        asyncio.run(crowd(server.url, 20))
        before = psutil.Process().memory_info().rss
        done = asyncio.run(crowd(server.url, 100))
        assert idle(service) and min(done) >= 0.5 * max(done) > 0
        assert psutil.Process().memory_info().rss - before < 100 * 2**20


def test_the_bench_runs(nano, capsys):
    from minimind.lab.serving import run

    rows, notes = run(str(next(nano[2].glob("full_sft_*.pth"))), quick=True)
    assert [r["同时"] for r in rows] == [1, 4] and all(r["token/秒"] > 0 for r in rows) and "256" in notes[1]
