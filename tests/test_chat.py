"""在终端里聊：命令、一问一想、工具、换 LoRA、存下来；一批问题；generate。管道、剧本、别的编码都试。"""

import contextlib
import io
import json
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import torch
from click import Context
from conftest import command_env, spawn
from hypothesis import given, strategies as st

import minimind.cli as cli_module
from minimind.cli import app, asked_in, json_line, prompts_in
from minimind.dataset.formats import check_turns
from minimind.inference import ChatSession, SamplingParams, save_weights
from minimind.inference.builtin import builtin_tools
from minimind.inference.chat import COMMANDS, HEADS, Conversation, lora_command, talk_in_terminal, to_row
from minimind.inference.load import find_lora, lora_names
from minimind.inference.tools import TOOL_COMMANDS, ToolChat, Turn, tools_command, use_tools, world_tools
from minimind.learning.errors import UserError
from minimind.model.lora import adapted, apply_lora, save_lora
from minimind.serving.remote import ApiChat, call, to_wire

GREEDY = SamplingParams(temperature=0)
CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "%s"}}\n</tool_call>'
MAIN = "import sys; from minimind.cli import main; main(sys.argv[1:])"


def weight_of(nano) -> Path:
    return next(nano[2].glob("full_sft_*.pth"))


def play(chat, *lines, **how) -> str:
    "照剧本聊一场，返回屏幕上的字。"
    script, screen = iter(lines), []

    def read(_):
        try:
            return next(script)
        except StopIteration:
            raise EOFError from None

    how = {"commands": TOOL_COMMANDS, "show_speed": False} | how
    talk_in_terminal(chat, read=read, write=screen.append, **how)
    return "".join(screen)


def scripted(*rounds):
    "念剧本的一轮：`rounds` 一圈一句。"

    class Actor(Turn):
        def pieces(self):
            from minimind.inference.chat import Speech

            self.lines = getattr(self, "lines", iter(rounds))
            tok = self.session.tokenizer
            self.speech = Speech(tok)
            for token in [*tok.encode(next(self.lines)), tok.eos_token_id]:
                self.tokens += 1
                yield from self.speech.push(token)
            yield from self.speech.finish()

    return Actor


@pytest.fixture
def chat(nano):
    model, tok, _ = nano
    return ToolChat(model, tok, box=world_tools(), params=GREEDY, max_new_tokens=60, thinking=False, seed=1)


# ---- 命令 ------------------------------------------------------------------------------------------------------


def test_one_base_keeps_the_books_of_both():
    assert issubclass(ChatSession, Conversation) and issubclass(ApiChat, Conversation)
    for name in ("clear", "reset", "remember", "offers", "headed", "reply", "stream"):
        assert getattr(ChatSession, name) is getattr(ApiChat, name) is getattr(Conversation, name)


def test_help_lists_every_command(chat):
    extra = TOOL_COMMANDS | {"lora": ("/lora [名字|off]", "换一份 LoRA", lambda chat, rest: "")}
    said = play(chat, "/help", commands=extra)
    for name in [*COMMANDS, "tools", "lora", "speed", "help", "exit", "think:"]:
        assert f"/{name}" in said or name == "think:" and name in said, name


@pytest.mark.parametrize("spelt", ["think: {}", "think：{}", "THINK:{}", "think : {}"])
def test_think_is_for_one_question_only(chat, spelt):
    said = play(chat, "12加34等于几？", spelt.format("12加34等于几？"), "12加34等于几？")
    assert said.count(HEADS["reasoning"]) == 1 and chat.thinking is False
    first, second, third = [m.get("reasoning_content", "") for m in chat.record if m["role"] == "assistant"]
    assert not first and not third and "12+34" in second
    assert chat.history[2]["content"] == "12加34等于几？"  # 前缀不进历史


def test_think_keeps_deep_thinking_and_comes_back_after_an_error(chat):
    chat.thinking = "ultra"
    play(chat, "think: 3加4等于几？")
    assert chat.thinking == "ultra"
    chat.clear()
    chat.thinking, chat.context = False, 400
    said = play(chat, "think:", "think: " + "字" * 3000)
    assert "后面要跟一个问题" in said and "写短一些" in said and chat.thinking is False and chat.history == []


def test_a_broken_off_answer_leaves_the_switch_alone(chat):
    def write(text):
        if text.startswith(HEADS["reasoning"]):
            raise KeyboardInterrupt

    script = iter(["think: 12加34等于几？", "/exit"])
    talk_in_terminal(chat, read=lambda _: next(script), write=write)
    assert chat.thinking is False and chat.history == chat.record == []


def test_reset_goes_back_to_the_start(chat):
    play(chat, "/system 你是海盗", "/temp 1.5", "/top_p 0.3", "/history 2", "/ultra", "/tools calculator")
    assert chat.system and chat.tools and chat.thinking == "ultra" and chat.history_turns == 2
    play(chat, "/reset")
    now = (chat.system, chat.tools, chat.thinking, chat.history_turns, chat.params)
    assert now == (None, None, False, None, GREEDY)
    sampled = SamplingParams(temperature=2.0, top_p=1.0)
    chat.start["params"] = sampled
    chat.reset()
    first = chat.reply("你好")["answer"]
    chat.reset()
    assert chat.reply("你好")["answer"] == first  # 种子也从头


def test_bad_commands_get_one_sentence(chat):
    bad = ["/fly", "/temp 热", "/temp -1", "/top_p 2", "/history x", "/think 也许", "/tools fly", "/save /"]
    for line in bad:
        before = (chat.params, chat.history_turns, chat.thinking, chat.tools)
        said = play(chat, line).split("\n")[1:-2]
        assert [text for text in said if text] and len([text for text in said if text]) == 1, (line, said)
        assert (chat.params, chat.history_turns, chat.thinking, chat.tools) == before


ODD = ["--5", "-", "9" * 5000, "²", "１", "名" * 300, "\0", "\ud800", "nan", "1e999", "/proc/nope/x.jsonl"]


@pytest.fixture(scope="module")
def blank():
    "不会答话的对话：命令只动账本。"
    chat = Conversation()
    chat.box = world_tools()
    return chat


ANY = st.text(st.characters(exclude_characters="./~\n"), max_size=9)


@given(rest=st.sampled_from(ODD) | st.integers().map(str) | ANY)
def test_no_command_ends_the_chat(blank, tmp_path_factory, rest):
    config = namedtuple("Config", "hidden_size use_moe")(8, False)
    lora = lora_command(load=lambda name: find_lora(name, config), names=list)
    commands = TOOL_COMMANDS | {"lora": ("/lora", "", lora)}
    blank.reset()
    with contextlib.chdir(tmp_path_factory.getbasetemp()):
        for name in [*COMMANDS, *commands, "speed", "help", "fly"]:
            blank.remember("问", {"answer": "答"})
            said = play(blank, f"/{name} {rest}", "/nobody", commands=commands)
            assert "没有 /nobody 这条命令" in said and (blank.record or name in ("clear", "reset")), said


def test_a_file_the_system_refuses_costs_one_sentence(blank, tmp_path):
    (tmp_path / "file").touch()
    for name in ("名" * 300, "a\0b", "file/x.jsonl", "\ud800.jsonl"):
        blank.remember("问", {"answer": "答"})
        said = play(blank, f"/save {tmp_path / name}").split("\n")[1:-2]
        assert len([text for text in said if text]) == 1 and "Errno" not in said[0], said
    assert play(blank, f"/save {tmp_path / 'ok.jsonl'}").count("存好了") == 1


# ---- 工具 ------------------------------------------------------------------------------------------------------


def test_tools_are_listed_put_out_and_put_away(chat):
    said = play(chat, "/tools", "/tools calculator，weather_api", "/tools", "/tools off", "/tools")
    assert said.count("* calculator：") == said.count("* weather_api：") == 1 and chat.tools is None
    assert "摆上了 calculator、weather_api" in said


def test_calls_and_results_are_shown_step_by_step(chat):
    chat.turn = scripted("算一下。" + CALL % "37*48" + CALL % "1/0", "是1776。")
    said = play(chat, "/tools calculator", "37*48等于多少？")
    want = '🤖 算一下。\n🔧 calculator {"expression": "37*48"}\n🔧 calculator {"expression": "1/0"}\n'
    assert want + "   → 1776\n   → 错误：除数是零\n🤖 是1776。" in said and "tool_call" not in said
    assert [m["content"] for m in chat.history] == ["37*48等于多少？", "是1776。"]
    assert chat.last["tools_detected"][0] == {"name": "calculator", "arguments": {"expression": "37*48"}}


def test_a_broken_call_is_shown_as_written_and_saved_as_written(chat):
    chat.turn = scripted('<tool_call>\n{"name": 坏}\n</tool_call>', "不会。")
    said = play(chat, "/tools calculator", "37*48等于多少？")
    assert '🔧 {"name": 坏}' in said and "→ 错误：调用不是合法的 JSON" in said
    check_turns(to_row(chat)["conversations"])
    assert '{"name": 坏}' in to_row(chat)["conversations"][2]["content"]


def test_the_rounds_are_limited(chat):
    chat.turn = scripted(*[CALL % "1+1"] * 9)
    said = play(chat, "/tools calculator", "一直按")
    assert said.count("🔧") == 3


def test_a_real_model_goes_the_same_rounds_as_use_tools(chat):
    question = "37*48等于多少？"
    said = play(chat, "/tools calculator", question)
    talk = use_tools(
        chat.model, chat.tokenizer, [{"role": "user", "content": question}], chat.box, thinking=False,
        tools=chat.box.schemas(["calculator"]), max_new_tokens=60,
    )
    assert said.count("   → ") == len(talk.results) and all(f"   → {r}" in said for r in talk.results)
    assert chat.last["answer"].strip() == talk.answer


# ---- 存下来 ----------------------------------------------------------------------------------------------------


def test_save_writes_a_row_that_training_accepts(chat, tmp_path):
    file = tmp_path / "一 场.jsonl"
    chat.turn = scripted("看看。" + CALL % "2+3", "得5。")
    said = play(
        chat, f"/save {file}", "/system 简短些", "think: 12加34等于几？", "/tools calculator", "2+3？", f"/save {file}",
        "/tools off", "法国的首都是哪里？", "/save",
    )
    assert "还没有聊过" in said and said.count("存好了") == 2
    [row] = [json.loads(line) for line in file.read_text(encoding="utf8").splitlines()]
    turns = row["conversations"]
    check_turns(turns)
    roles = ["system", *["user", "assistant"] * 2, "tool", "assistant", "user", "assistant"]
    assert [m["role"] for m in turns] == roles
    assert turns[0]["content"] == "简短些" and json.loads(turns[0]["tools"])[0]["function"]["name"] == "calculator"
    assert "12+34" in turns[2]["reasoning_content"] and turns[4]["tool_calls"][0]["arguments"] == {"expression": "2+3"}
    assert turns[6]["content"] == "得5。" and "巴黎" in turns[8]["content"]


def test_save_never_covers_another_file(chat, tmp_path):
    file = tmp_path / "别人的.jsonl"
    file.write_text("要紧", encoding="utf8")
    said = play(chat, "法国的首都是哪里？", f"/save {file}", f"/save {tmp_path}")
    assert said.count("已经有了") == 2 and file.read_text(encoding="utf8") == "要紧"
    play(chat, "法国的首都是哪里？", f"/save {tmp_path / 'a.jsonl'}", "/clear", "你好", f"/save {tmp_path / 'a.jsonl'}")
    assert chat.file is None  # 忘掉之后是另一场，不盖上一场
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []


def test_an_answer_without_words_is_not_saved(chat):
    chat.remember("问", {"answer": ""})
    chat.remember("再问", {"answer": "答"})
    assert [m["content"] for m in to_row(chat)["conversations"]] == ["再问", "答"]


# ---- 换 LoRA ---------------------------------------------------------------------------------------------------


@pytest.fixture
def with_lora(nano, tmp_path):
    "练好的模型抄一份到 out，旁边放一份让它变样的 LoRA；返回 (家, 权重)。"
    import copy

    model, _, folder = nano
    raw = weight_of(nano)
    out = tmp_path / "out"
    (out / "lora").mkdir(parents=True)
    weight = save_weights(copy.deepcopy(model), out / raw.name, stage="full_sft", tokenizer_dir=folder / "tokenizer")
    side = copy.deepcopy(model)
    apply_lora(side, rank=2)
    torch.manual_seed(0)
    for module in adapted(side).values():
        torch.nn.init.normal_(module.lora.B.weight, std=0.5)
    save_lora(side, out / "lora" / f"odd_{model.config.hidden_size}.pth")
    return tmp_path, weight or out / raw.name


def piped(home, lines: list[str], *argv, encoding: str = "utf8", **env) -> subprocess.CompletedProcess:
    "从管道里聊一场。"
    script = home / "asked"
    script.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    code = "import os, sys\nos.dup2(os.open(sys.argv.pop(1), os.O_RDONLY), 0)\nsys.stdin = open(0, encoding='utf8')\n"
    child = spawn(code + MAIN, str(script), "chat", *map(str, argv), env=command_env(home, **env), cwd=home)
    out, err = child.communicate(timeout=120)
    return subprocess.CompletedProcess(argv, child.returncode, out, err)


def test_lora_changes_while_chatting_and_goes_back_exactly(with_lora):
    home, weight = with_lora
    ask, plain = "法国的首都是哪里？", ["--temperature", "0", "--max_new_tokens", "20", "--show_speed", "0"]
    lines = [ask, "/lora", "/lora odd", ask, "/lora", "/lora nix", ask, "/lora off", ask, "/exit"]
    done = piped(home, lines, "--weight", weight, *plain)
    assert done.returncode == 0, done.stderr
    said = [text.strip() for text in done.stdout.split("👤")[1:]]
    first, listed, put, odd, now, nix, still, off, back = said[:9]
    assert "带着：（无）" in listed and "有：odd" in listed and put == "带上了 odd" and "带着：odd" in now
    assert odd == still != first and back == first and "找不到 LoRA nix" in nix and "原来的模型" in off
    at_start = piped(home, [ask, "/exit"], "--weight", weight, "--lora_weight", "odd", *plain)
    assert at_start.stdout.split("👤")[1].strip() == odd  # 与一开始就带着的一字不差


def test_lora_of_the_third_series_lies_beside_the_weights(with_lora, nano):
    out, config = with_lora[0] / "out", nano[0].config
    [file] = (out / "lora").iterdir()
    assert lora_names(config, [out]) == ["odd"] and find_lora("odd", config, [out]) == file
    moved = file.rename(out / file.name)
    assert find_lora("odd", config, [out]) == moved and lora_names(config, [out]) == []


# ---- 一批问题 --------------------------------------------------------------------------------------------------


def rows_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


BATCH = ["法国的首都是哪里？", "think: 12加34等于几？", "小猫怎么叫？", "🤖"]


@pytest.fixture
def batch(tmp_path):
    (tmp_path / "问.txt").write_text("\n\n".join(BATCH), encoding="utf8")
    return tmp_path / "问.txt"


def test_a_batch_answers_as_one_by_one(cli, nano, batch, tmp_path):
    where = ["--weight", weight_of(nano), "--temperature", "0", "--max_new_tokens", 40]
    done = cli("chat", "--prompts_file", batch, "--output", tmp_path / "答" / "a.jsonl", *where, home=tmp_path)
    assert done.returncode == 0 and "4 个回答" in done.stdout and "个/秒" in done.stderr, done.stderr
    rows = rows_of((tmp_path / "答" / "a.jsonl").read_text(encoding="utf8"))
    assert [r["prompt"] for r in rows] == BATCH
    model, tok, _ = nano
    for row in rows:
        line = row["prompt"].removeprefix("think: ")
        alone = ChatSession(
            model, tok, params=GREEDY, max_new_tokens=40, thinking=True if line != row["prompt"] else None
        ).reply(line)
        assert all(alone[k] == row[k] for k in ("answer", "reasoning", "tokens", "truncated"))


def test_a_sampled_batch_does_not_depend_on_company_or_order(cli, nano, tmp_path):
    where = ["--weight", weight_of(nano), "--temperature", "1.5", "--max_new_tokens", 20, "--show_speed", 0]
    said = []
    for questions in (BATCH, BATCH[::-1], BATCH[:1]):
        (tmp_path / "q.txt").write_text("\n".join(questions), encoding="utf8")
        done = cli("chat", "--prompts_file", tmp_path / "q.txt", *where, home=tmp_path)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        said.append({r["prompt"]: r["answer"] for r in rows_of(done.stdout)})
    assert said[0] == said[1] and said[2] == {BATCH[0]: said[0][BATCH[0]]}


@pytest.mark.parametrize("together", [True, False])
def test_a_batch_broken_off_keeps_what_is_answered(nano, batch, tmp_path, monkeypatch, capsys, together):
    "第二个问题还在写，第三、第四个答完了，有人按了 Ctrl-C；上一回的结果也不能动。"
    from minimind.inference.batching import Engine

    model, tok, _ = nano
    chat, real, first = ChatSession(model, tok, params=GREEDY, max_new_tokens=30), Engine.run, []

    def slow(engine):
        engine.waiting[1].eos, engine.waiting[1].max_new_tokens = frozenset(), 300
        for wrote in real(engine):
            first.extend([wrote.row] if wrote.finish else [])
            yield wrote
            if len(first) == 3:
                raise KeyboardInterrupt

    def reply(question, count=iter(range(9))):
        if next(count) == 3:
            raise UserError("那边的服务断了。")
        return dict(reasoning="", answer="答", tokens=1, truncated=False)

    monkeypatch.setattr(Engine, "run", slow)
    monkeypatch.setattr(chat, "reply", reply)
    (tmp_path / "a.jsonl").write_text("上一回", encoding="utf8")
    with pytest.raises(KeyboardInterrupt if together else UserError):
        cli_module.answer_file(chat, prompts_in(batch), str(tmp_path / "a.jsonl"), False, 1, together)
    rows = rows_of((tmp_path / "a.jsonl.part").read_text(encoding="utf8"))
    assert [r["prompt"] for r in rows] == [BATCH[i] for i in ((0, 2, 3) if together else (0, 1, 2))]
    assert (tmp_path / "a.jsonl").read_text(encoding="utf8") == "上一回" and "答完了 3 个" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_found_before_the_model_is_loaded(cli, batch, tmp_path):
    for output in (batch / "x.jsonl", *["/proc/nope/x.jsonl"] * Path("/proc").exists()):
        done = cli("chat", "--prompts_file", batch, "--output", output, "--weight", "没有.pth", home=tmp_path)
        assert done.returncode == 2 and "写不进去" in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "cp1252"])
def test_rows_on_any_screen_are_json(nano, batch, tmp_path, encoding):
    env = command_env(tmp_path, PYTHONIOENCODING=encoding)
    argv = [sys.executable, "-m", "minimind.cli", "chat", "--prompts_file", str(batch), "--temperature", "0"]
    argv += ["--weight", str(weight_of(nano)), "--max_new_tokens", "8"]
    done = subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout.decode(encoding))
    assert [r["prompt"] for r in rows] == BATCH and all(r["tokens"] for r in rows)


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_whole_chat_on_a_narrow_screen(nano, tmp_path, encoding):
    lines = ["/help", "think：12加34等于几？", "/tools calculator", "37*48等于多少？", "/save a.jsonl", "/exit"]
    env = command_env(tmp_path, PYTHONIOENCODING=encoding)
    argv = [sys.executable, "-m", "minimind.cli", "chat", "--weight", str(weight_of(nano)), "--temperature", "0"]
    asked = "".join(f"{line}\n" for line in lines).encode("gbk" if encoding == "gbk" else "utf8")
    if encoding == "ascii":  # 这样的输入读不出汉字，只用英文
        asked = b"/help\nthink: hi\n/tools calculator\nhi\n/save a.jsonl\n/exit\n"
    done = subprocess.run(argv, input=asked, env=env, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert b"/lora" in done.stdout and len(rows_of((tmp_path / "a.jsonl").read_text(encoding="utf8"))) == 1
    if encoding == "gbk":
        assert "（思考）" in done.stdout.decode("gbk") and "摆上了 calculator" in done.stdout.decode("gbk")


def test_questions_as_rows(tmp_path):
    talk = [{"role": r, "content": c} for r, c in (("system", "短些"), ("user", "一"), ("assistant", "1"))]
    asked = [{"role": "user", "content": "问"}]
    assert asked_in("问") == asked_in({"prompt": "问"}) == asked_in({"question": "问"}) == asked
    assert asked_in({"conversations": talk}) == asked_in({"messages": talk[:2]}) == talk[:2]
    for bad in (None, 3, {}, {"prompt": ""}, {"conversations": []}, {"conversations": talk[:1]}, {"messages": [1]}):
        assert asked_in(bad) is None


def test_a_conversation_in_a_row_is_remembered(cli, nano, tmp_path):
    talk = [("user", "我叫小明。"), ("assistant", "你好，小明。"), ("user", "我叫什么？"), ("assistant", "不要这句")]
    rows = [{"conversations": [{"role": r, "content": c} for r, c in talk]}, {"prompt": "我叫什么？"}]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf8")
    where = ["--weight", weight_of(nano), "--temperature", "0", "--open_thinking", "0", "--max_new_tokens", 20]
    done = cli("chat", "--prompts_file", tmp_path / "q.jsonl", *where, home=tmp_path)
    told, alone = rows_of(done.stdout)
    model, tok, _ = nano
    session = ChatSession(model, tok, params=GREEDY, thinking=False, max_new_tokens=20)
    assert session.reply("我叫什么？")["answer"] == alone["answer"]
    session.history = rows[0]["conversations"][:2]
    assert session.reply("我叫什么？")["answer"] == told["answer"] and len(told["prompt"]) == 3


BAD = {
    "空": (b"\n \n", "一个问题也没有"), "不是 JSON": (b'{"prompt": "a"}\n{oops\n', "第 2 行不是合法的 JSON"),
    "没有问题": (b'{"text": "a"}\n', "第 1 行没有问题"), "不是 UTF-8": ("你好\n".encode("gbk"), "UTF-8"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_batch_is_refused_before_the_model_is_loaded(cli, tmp_path, kind):
    raw, words = BAD[kind]
    (tmp_path / "q.jsonl").write_bytes(raw)
    done = cli("chat", "--prompts_file", tmp_path / "q.jsonl", "--weight", tmp_path / "nix.pth", home=tmp_path)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1


def test_bad_options_get_one_sentence(cli, nano, tmp_path):
    (tmp_path / "q.txt").write_text("问\n" + "很长的话" * 20000, encoding="utf8")
    weight = ["--weight", weight_of(nano)]
    batch, one = ["chat", "--prompts_file", "q.txt"], ["chat", *weight]
    bad = [
        (["chat", "--output", "a"], "--prompts_file"), ([*batch, "--output", "q.txt"], "换一个"),
        ([*batch, "--output", tmp_path], "文件夹"), ([*batch, *weight, "--max_new_tokens", 4], "第 2 个问题"),
        ([*one, "--ask", "think:"], "一个问题"), ([*one, "--lora_weight", "nix"], "找不到 LoRA"),
        (["chat", "--prompts_file", "没有.txt"], "没有.txt"), (["generate", "--mode", "single"], "--prompt"),
        (["generate", "--mode", "batch"], "--prompts-file"), (["generate", "--mode", "talk"], "只能是"),
    ]
    for argv, words in bad:
        done = cli(*argv, home=tmp_path)
        assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1, (argv, done.stderr)
    assert (tmp_path / "q.txt").read_text(encoding="utf8").startswith("问\n")


@pytest.mark.parametrize("text", ["好", "🤖", "\x9b2J", "\u202e反", "\x7f", "\\x9b"])
@pytest.mark.parametrize("encoding", ["utf8", "gbk", "ascii"])
def test_a_json_line_survives_the_screen(text, encoding):
    from minimind.learning.terminal import printable

    line = json_line({"answer": text}, encoding)
    assert json.loads(printable(line).encode(encoding).decode(encoding)) == {"answer": text}


# ---- generate、别的写法 ----------------------------------------------------------------------------------------


def test_generate_is_chat_by_another_name(cli, nano, batch, tmp_path):
    weight, calm = weight_of(nano), ["--temperature", "0", "--max-new-tokens", 30, "--show-speed", 0]
    single = cli("generate", "--model-path", weight, "--mode", "single", "--prompt", BATCH[0], *calm, home=tmp_path)
    asked = cli("chat", "--weight", weight, "--ask", BATCH[0], *calm, home=tmp_path)
    prompt = cli("chat", "--weight", weight, "--prompt", BATCH[0], *calm, home=tmp_path)
    assert single.returncode == 0 and single.stdout == asked.stdout == prompt.stdout and "巴黎" in single.stdout
    words = ["generate", "--model-path", weight, "--mode", "batch", "--prompts-file", batch, "--ultra-think"]
    many = cli(*words, *calm, home=tmp_path)
    assert many.returncode == 0 and len(rows_of(many.stdout)) == len(BATCH), many.stderr
    wrong = cli("scripts/generate.py", "--mode", "chat", home=tmp_path)
    assert wrong.returncode == 2 and "generate" in wrong.stderr.split("；")[1]
    names = {p.name for p in app.get_command(Context(app), "generate").params}
    chats = {p.name for p in app.get_command(Context(app), "chat").params}
    assert names == chats | {"model_path", "mode", "ultra_think"}


def test_the_automatic_test(cli, nano, tmp_path):
    done = cli("chat", "--auto_test", "--weight", weight_of(nano), "--max_new_tokens", 12, home=tmp_path)
    assert done.returncode == 0 and done.stdout.count("👤") == done.stdout.count("个/秒") == len(cli_module.QUESTIONS)


def test_yarn_reaches_the_model(nano, tmp_path):
    session, _ = cli_module.near_chat(False, where_of(nano, inference_rope_scaling=True))
    plain, _ = cli_module.near_chat(False, where_of(nano))
    assert session.model.config.rope_scaling["type"] == "yarn" and plain.model.config.rope_scaling is None


def where_of(nano, **more) -> dict:
    command = app.get_command(Context(app), "chat")
    names = {p.name for p in cli_module.MODEL_OPTIONS}
    values = {p.name: p.default for p in command.params if p.name in names}
    return values | {"weight": str(weight_of(nano)), "device": "cpu"} | more


def test_a_folder_of_transformers_chats(cli, nano, tmp_path):
    import copy
    import shutil

    model, tok, folder = nano
    copy.deepcopy(model).save_pretrained(tmp_path / "mine")
    shutil.copytree(folder / "tokenizer", tmp_path / "mine", dirs_exist_ok=True)
    done = cli("chat", "--load_from", "mine", "--prompt", BATCH[0], "--temperature", 0, home=tmp_path)
    assert done.returncode == 0 and "巴黎" in done.stdout, done.stderr


def test_a_pretrained_model_continues_the_text(nano, tmp_path):
    model, tok, folder = nano
    weight = next(folder.glob("pretrain_*.pth"))
    session, _ = cli_module.near_chat(False, where_of(nano, weight=str(weight)))
    ids, _ = session.prompt("法国的首都<|im_end|>")
    assert ids[0] == tok.bos_token_id and tok.decode(ids[1:]) == "法国的首都<|im_end|>" and tok.eos_token_id not in ids


def test_a_batch_through_a_server(nano, tmp_path, batch, capsys):
    from minimind.inference.batching import Engine
    from minimind.serving.server import Service, create_app, running

    model, tok, _ = nano
    with running(create_app(Service(Engine(model), tok))) as house:
        chat = ApiChat(house.url, params=GREEDY, max_new_tokens=40)
        cli_module.answer_file(chat, prompts_in(batch), str(tmp_path / "far.jsonl"), False, 1, together=False)
    near = ChatSession(model, tok, params=GREEDY, max_new_tokens=40)
    cli_module.answer_file(near, prompts_in(batch), str(tmp_path / "near.jsonl"), False, 1, together=True)
    far, near = (rows_of((tmp_path / f"{n}.jsonl").read_text(encoding="utf8")) for n in ("far", "near"))
    keys = ("prompt", "answer", "truncated")
    assert [[r[k] for k in keys] for r in far] == [[r[k] for k in keys] for r in near]


def test_a_question_that_does_not_fit_is_said_at_once(chat):
    with pytest.raises(UserError, match="少摆几样工具"):
        chat.tools = chat.box.schemas()
        chat.context = 800
        chat.prompt("字" * 3000)


# ---- 工具也能隔着接口用：那边写调用，这边办 ----------------------------------------------------------------------


class Far(ApiChat):
    "那边照剧本回答；寄出去的请求都记在 `sent`。"

    def __init__(self, script, **settings):
        self.script, self.sent = iter(script), []
        super().__init__("127.0.0.1:9", "剧本", **settings)

    def _send(self, messages):
        self.sent.append(self._body(messages))
        parts = [{"choices": [{"delta": delta}]} for delta in next(self.script)]
        return io.BytesIO(b"".join(b"data: " + json.dumps(p).encode() + b"\n\n" for p in parts) + b"data: [DONE]\n\n")


def wanted(name, arguments, index=0):
    return {"tool_calls": [{"index": index, "function": {"name": name, "arguments": arguments}}]}


def far(script, tmp_path):
    chat = Far(script, box=builtin_tools(tmp_path), seed=1)
    assert "calculator" in tools_command(chat, "all")
    return chat


def test_tools_over_the_api_several_calls_and_a_broken_one(tmp_path):
    two = [wanted("calculator", '{"expression": "2*3"}'), wanted("calculator", '{"expr', 1), wanted("nobody", "{}", 2)]
    chat = far([[{"reasoning_content": "先算"}, *two], [{"content": "六"}]], tmp_path)
    heard = list(chat.pieces("二乘三？"))
    results = [text for kind, text in heard if kind == "result"]
    assert len(results) == 3 and results[0] == "6" and all(r.startswith("错误") for r in results[1:])
    assert heard[-1] == ("answer", "六") and chat.last["answer"] == "六"
    assert [m["role"] for m in chat.last["steps"]] == ["assistant", "tool", "tool", "tool"]
    roles = [m["role"] for m in chat.sent[1]["messages"]]
    assert "tools" in chat.sent[0] and roles == ["user", "assistant", "tool", "tool", "tool"]


def test_the_server_takes_what_the_far_chat_sends(nano):
    from minimind.inference.batching import Engine
    from minimind.serving.server import Service, create_app, running

    calls = [{"name": "calculator", "arguments": {"expression": "1+2"}}, {"name": "weather_api", "arguments": {}}]
    talk = [dict(role="user", content="问"), dict(role="assistant", content="", tool_calls=calls)]
    messages = to_wire([*talk, dict(role="tool", content="3"), dict(role="tool", content="晴")])
    with running(create_app(Service(Engine(nano[0]), nano[1]))) as house:
        body = dict(model="minimind", messages=messages, max_tokens=4, tools=world_tools().schemas())
        answer = json.load(call(f"{house.url}/v1/chat/completions", body))
    assert answer["choices"][0]["message"]["role"] == "assistant" and answer["usage"]["prompt_tokens"] > 20


def test_a_far_model_that_never_stops_calling_is_stopped(tmp_path):
    chat = far([[wanted("calculator", '{"expression": "1"}')]] * 9, tmp_path)
    list(chat.pieces("一？"))
    assert len(chat.sent) == 4 and len(chat.last["tools_detected"]) == 3  # 办三圈，第四次的调用不办了
    chat.tools = None
    list(chat.pieces("一？"))
    assert "tools" not in chat.sent[-1] and len(chat.sent) == 5
