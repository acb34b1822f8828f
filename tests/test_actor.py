"""采样交给服务器：写出的与自己写的一样，权重跟得上，训练相同；服务器不在、死了、答得不对，各是一句话。"""

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from conftest import command_env

from minimind.dataset import RLAIFDataset
from minimind.inference.batching import Engine, Row
from minimind.inference.load import load_model
from minimind.inference.sampling import SamplingParams
from minimind.learning.errors import UserError
from minimind.serving.server import Service, create_app, running
from minimind.trainer import actor as actors, train_agent, train_grpo
from minimind.trainer.actor import SGLangActor, ServerActor, actor_of, letters
from minimind.trainer.arguments import GRPOArgs, expand_aliases, make_args
from minimind.trainer.rollout import own_log_probs, rollout, write
from minimind.trainer.train_agent import agent_tools

sys.path.insert(0, str(Path(__file__).parent))
from stage_runs import losses, tiny_base, train  # noqa: E402

TALK = [{"role": "user", "content": "狗怎么叫"}, {"role": "assistant", "content": ""}]


@pytest.fixture(scope="module")
def kit(small, tmp_path_factory):
    "底子、题目，与一台从同一份权重开张的服务器。"
    home = tmp_path_factory.mktemp("actor")
    base, _, tok = tiny_base(home, small["tok"])
    text = tok.decode(torch.randint(20, len(tok), (400,), generator=torch.Generator().manual_seed(0)).tolist())
    often = max(sorted(set(text) - {" ", "\n", "\ufffd"}), key=text.count)
    rows = [{"conversations": [TALK[0] | {"content": f"狗怎么叫{i}"}, TALK[1]], "gt": often} for i in range(14)]
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    (home / "rlaif.jsonl").write_text(lines, encoding="utf8")
    head = {"role": "system", "content": "", "tools": json.dumps(agent_tools().schemas(["calculator"]))}
    rows = [r | {"conversations": [head, *r["conversations"]], "gt": [often]} for r in rows]
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    (home / "agent_rl.jsonl").write_text(lines, encoding="utf8")
    return dict(home=home, base=base, tok=small["tok"])


@contextmanager
def house(kit, shelf, **more):
    model, tok = load_model(kit["base"])
    with running(create_app(Service(Engine(model), tok, shelf=shelf), **more)) as server:
        yield server


@pytest.fixture(scope="module")
def far(kit):
    with house(kit, kit["home"]) as server:
        yield server


@pytest.fixture
def near(kit):
    model, tok = load_model(kit["base"])
    data = RLAIFDataset(kit["home"] / "rlaif.jsonl", tok)
    return model, tok, [data[i] for i in range(5)]


def stirred(model, seed):
    "像走了一步那样动一动权重。"
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=g))
    return model


# ---- 与自己写的一样 ----------------------------------------------------------------------------------------------


def test_greedy_rollouts_and_their_chances_equal_ours(kit, far, near):
    model, tok, items = near
    actor = ServerActor(far.url, kit["home"] / "shared")
    for seed in (1, 2):  # 第二遍：动过权重，换上以后又一样
        stirred(model, seed)
        how = dict(max_new_tokens=12, temperature=1e-6)
        ours, theirs = rollout(model, tok, items, 3, **how), rollout(model, tok, items, 3, write=actor, **how)
        assert torch.equal(ours.input_ids, theirs.input_ids) and torch.equal(ours.labels, theirs.labels)
        assert ours.texts == theirs.texts and torch.equal(ours.truncated, theirs.truncated)
        said = actor.send([i["prompt_ids"] for i in items], 1, 0, tok.eos_token_id, how)
        mine = own_log_probs(model, rollout(model, tok, items, 1, **how).batch)
        for row, one in zip(mine, said):
            assert torch.allclose(row[row != 0], torch.tensor(one.logps), atol=1e-4) and len(one.logps) == len(one.ids)


def by_hand(model, tok, prompts, num=1, *, max_new_tokens, temperature=1.0, generator=None):
    "在本进程里，用同样的种子照服务器那样写。"
    seed = int(torch.randint(2**31, (1,), generator=generator))
    rows = [
        Row(p, max_new_tokens, SamplingParams(temperature=temperature, top_p=1.0), frozenset([tok.eos_token_id]),
            torch.Generator().manual_seed(seed + i))
        for i, p in enumerate(p for p in prompts for _ in range(num))
    ]
    for _ in Engine(model).run(rows):
        pass
    model.train()
    return [r.new for r in rows]


def given_args(kit, home, **more):
    return dict(
        data_path=str(kit["home"] / "rlaif.jsonl"), save_dir=str(home / "out"), tokenizer_path=str(kit["tok"]),
        device="cpu", dtype="float32", batch_size=2, accumulation_steps=2, epochs=9, max_steps=4, learning_rate=1e-2,
        schedule="constant", max_seq_len=64, hidden_size=32, num_hidden_layers=2, num_workers=0, log_interval=1,
        from_weight=str(kit["base"]), num_generations=6, max_gen_len=10, reasoning=0, beta=0.1, replay_path="",
    ) | more


@pytest.mark.parametrize("stage, more", [
    ("grpo", dict(resample=1)),
    ("spo", dict(num_generations=1, loss_type="dapo", batch_size=4)),
    ("ppo", dict(num_generations=1, loss_type="dapo", batch_size=4, beta=0.0, update_old_actor_freq=2)),
    ("agent", dict(max_seq_len=2000, max_gen_len=8)),
])
def test_training_by_server_equals_training_in_process(kit, far, tmp_path, monkeypatch, stage, more):
    "温度 1、同样的种子：每一步的损失与最后的权重都相同；服务器收到的正是每一步的新权重。"
    if stage == "agent":
        more = more | dict(data_path=str(kit["home"] / "agent_rl.jsonl"))
        score = lambda talk, gt, cost: float(sum(talk.ids) % 3)  # 没练过的办不成事，照编号给分，才有梯度
        monkeypatch.setattr(train_agent, "talk_reward", score)
    there = given_args(kit, tmp_path / "far", rollout_engine="server", rollout_url=far.url, **more)
    there |= dict(rollout_shared_path=str(kit["home"] / f"shared_{stage}"))
    told = train(stage, there)
    monkeypatch.setattr(train_grpo, "actor_of", lambda args: by_hand)
    ours = train(stage, given_args(kit, tmp_path / "near", **more))
    assert losses(tmp_path / "far") == pytest.approx(losses(tmp_path / "near"), abs=1e-5)
    assert 0 < sum(told.journal["reward"]) and told.journal["length"] == ours.journal["length"]
    gaps = [float((a - b).detach().abs().max()) for a, b in zip(told.model.parameters(), ours.model.parameters())]
    base, _ = load_model(kit["base"])
    moved = [float((a - b).detach().abs().max()) for a, b in zip(ours.model.parameters(), base.parameters())]
    assert max(gaps) < 1e-4 < 1e-3 < max(moved)


def test_letters_keep_the_order_and_the_size():
    prompts = [[i] for i in range(7)]
    for num in (1, 3, 5, 16, 17, 40):
        posts = letters(prompts, num)
        assert all(len(some) * n <= 16 for some, n in posts)
        assert [p for some, n in posts for p in some for _ in range(n)] == [p for p in prompts for _ in range(num)]


def test_the_weights_travel_only_when_they_moved(kit, far, near, monkeypatch):
    model, tok, items = near
    actor = ServerActor(far.url, kit["home"] / "shared")
    sent, real = [], actors.ask
    monkeypatch.setattr(actors, "ask", lambda url, *rest, **more: (sent.append(url), real(url, *rest, **more))[1])
    for _ in range(2):
        rollout(model, tok, items[:1], 2, write=actor, max_new_tokens=4)
    assert sum("update" in url for url in sent) == 1 and actor.gap < 1e-4
    stirred(model, 3)
    rollout(model, tok, items[:1], 2, write=actor, max_new_tokens=4)
    assert sum("update" in url for url in sent) == 2 and actor.gap < 1e-4


def test_the_real_command_serves_the_rollouts(kit, tmp_path):
    "一个进程开 `minimind serve --allow_reload`，带钥匙；另一个练。"
    shelf, port = tmp_path / "shelf", free_port()
    command = ["serve", "--weight", str(kit["base"]), "--allow_reload", str(shelf), "--port", str(port)]
    run = [sys.executable, "-c", "from minimind.cli import main; main()", *command]
    server = subprocess.Popen(run, env=command_env(tmp_path) | {"MINIMIND_API_KEY": "钥匙"}, stdout=subprocess.DEVNULL)
    try:
        args = dict(rollout_engine="server", rollout_url=f"http://127.0.0.1:{port}", rollout_shared_path=str(shelf))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MINIMIND_API_KEY", "不对")
            wait_for_401(lambda: actor_of(make_args(GRPOArgs, **args)))
            patch.setenv("MINIMIND_API_KEY", "钥匙")
            train("grpo", given_args(kit, tmp_path, max_steps=2, **args))
    finally:
        server.kill()
        server.wait()
    assert len(losses(tmp_path)) == 2 and (shelf / "model.safetensors").is_file()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_401(work, within=120):
    "服务器还没开好时连不上；开好以后，钥匙不对的应当是 401。"
    until = time.monotonic() + within
    while True:
        with pytest.raises(UserError) as e:
            work()
        if "401" in str(e.value):
            return
        assert "连不上" in str(e.value) and time.monotonic() < until
        time.sleep(0.2)


# ---- 出错，各是一句话 --------------------------------------------------------------------------------------------


class Fake(BaseHTTPRequestHandler):
    "假的服务器：`script` 是 {地址: 函数(请求) → 回答}，收到的都记在 `seen`。"

    script, seen = {}, []

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        type(self).seen.append((self.path, body))
        answer = self.script[self.path](body) if self.path in self.script else None
        data = json.dumps(answer if answer is not None else {"error": {"message": "没有这个地址"}}).encode()
        self.send_response(200 if answer is not None else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


@contextmanager
def fake(script):
    kind = type("One", (Fake,), dict(script=script, seen=[]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kind.seen
    finally:
        server.shutdown()
        server.server_close()


MODELS = {"/v1/models": lambda body: {"data": [{"id": "别家"}]}}
SWAPPED = {"/update_weights_from_disk": lambda body: {"success": True, "message": "好了"}}


def choices(**one):
    return lambda body: {"choices": [{"index": i, "finish_reason": "length", "text": "汪"} | one for i in range(1)]}


@pytest.mark.parametrize("answer, words", [
    (choices(), "token 的编号"),  # 只给文字
    (choices(token_ids=[5, 999_999]), "只认 0 到"),
    (choices(token_ids=[5], logprobs={"token_logprobs": [-30.0]}), "没有换上"),
    (lambda body: {"choices": []}, "答了 0 行"),
    (lambda body: ["乱写"], "token 的编号"),
])
def test_answers_that_cannot_be_used(near, tmp_path, answer, words):
    model, tok, items = near
    with fake(MODELS | SWAPPED | {"/v1/completions": answer}) as (url, _):
        actor = ServerActor(url, tmp_path)
        with pytest.raises(UserError, match=words) as e:
            rollout(model, tok, items[:1], 1, write=actor, max_new_tokens=4)
    assert "\n" not in str(e.value)


def test_servers_that_cannot_be_used(kit, near, tmp_path):
    model, tok, items = near
    given = lambda url, **more: make_args(GRPOArgs, rollout_engine="server", rollout_url=url, **more)
    with pytest.raises(UserError, match="连不上.*--rollout_url"):
        train("grpo", given_args(kit, tmp_path, rollout_engine="server", rollout_url="http://127.0.0.1:9"))
    with fake({}) as (url, _), pytest.raises(UserError, match="404"):
        actor_of(given(url))
    with fake(MODELS) as (url, _), pytest.raises(UserError, match="404.*没有这个地址"):  # 不会换权重
        rollout(model, tok, items[:1], 1, write=actor_of(given(url, save_dir=str(tmp_path))), max_new_tokens=4)
    deaf = {"/update_weights_from_disk": lambda body: {"success": False, "message": "读不到"}}
    with fake(MODELS | deaf) as (url, _), pytest.raises(UserError, match="没有换上.*读不到"):
        rollout(model, tok, items[:1], 1, write=actor_of(given(url, save_dir=str(tmp_path))), max_new_tokens=4)
    assert actor_of(make_args(GRPOArgs)) is write


def test_a_server_that_dies_halfway_is_one_sentence_and_the_run_can_go_on(kit, tmp_path):
    "练到第三步服务器没了：一句话；换一台开着的，从断点接着练完。"
    calls = []

    def on_log(journal):
        calls.append(1)
        if len(calls) == 2:
            server.should_exit = True
            while server.servers and any(s.is_serving() for s in server.servers):
                threading.Event().wait(0.01)

    shared = kit["home"] / "shared_dies"
    more = dict(rollout_engine="server", rollout_shared_path=str(shared), save_interval=1, num_generations=2)
    with house(kit, kit["home"]) as server:
        args = make_args(GRPOArgs, **given_args(kit, tmp_path, rollout_url=server.url, **more))
        with pytest.raises(UserError, match="连不上.*--from_resume 1") as e:
            train_grpo.train(args, on_log)
    assert "\n" not in str(e.value)
    with house(kit, kit["home"]) as server:
        train("grpo", given_args(kit, tmp_path, rollout_url=server.url, from_resume=1, **more))
    assert len(losses(tmp_path)) == 4


# ---- SGLang ----------------------------------------------------------------------------------------------------


def test_the_sglang_protocol(near, tmp_path):
    "没有真的 SGLang；照它的文档写一台假的，看寄出去的是不是它要的，读回来的对不对。"
    model, tok, items = near

    def generate(body):
        out = []
        for ids in body["input_ids"]:
            new = [7, 8] if ids == items[0]["prompt_ids"] else [9, tok.eos_token_id]
            about = {"output_token_logprobs": [[-1.5, i, None] for i in new]}
            about |= {"finish_reason": {"type": "stop", "matched": tok.eos_token_id}}
            out.append({"text": "汪", "output_ids": new, "meta_info": about})
        return out

    script = SWAPPED | {"/generate": generate, "/get_model_info": lambda body: {"model_path": "x"}}
    with fake(script) as (url, seen):
        args = make_args(
            GRPOArgs, rollout_engine="sglang", rollout_url=url, rollout_shared_path=str(tmp_path / "shared")
        )
        actor = actor_of(args)
        assert isinstance(actor, SGLangActor)
        told = actor(model, tok, [i["prompt_ids"] for i in items[:2]], 2, max_new_tokens=5, temperature=0.8)
    assert told == [[7, 8, tok.eos_token_id]] * 2 + [[9, tok.eos_token_id]] * 2  # 吞掉的结束标记补回来
    paths = dict(seen)
    assert paths["/update_weights_from_disk"] == {"model_path": str(tmp_path / "shared")}
    assert paths["/generate"]["input_ids"] == [i["prompt_ids"] for i in items[:2] for _ in range(2)]
    assert paths["/generate"]["sampling_params"] == dict(
        temperature=0.8, max_new_tokens=5, stop_token_ids=[tok.eos_token_id]
    )
    assert paths["/generate"]["return_logprob"] is True
    other, _ = load_model(tmp_path / "shared", tokenizer_path=tok.name_or_path)  # 送去的是 transformers 的文件夹
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), model.parameters()))


def test_minimind_s_names_are_understood():
    theirs = ["--rollout_engine", "sglang", "--sglang_base_url=http://x:1", "--sglang_shared_path", "here"]
    ours = ["--rollout_engine", "sglang", "--rollout_url=http://x:1", "--rollout_shared_path", "here"]
    assert expand_aliases(theirs) == ours and expand_aliases(["--a=--resume"]) == ["--a=--resume"]


def test_several_processes_cannot_share_one_server(monkeypatch):
    monkeypatch.setattr(actors, "world_size", lambda: 2)
    with pytest.raises(UserError, match="一个进程"):
        actor_of(make_args(GRPOArgs, rollout_engine="server"))
