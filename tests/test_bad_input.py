"""坏输入一览：每一种都走真的命令行，退出码 2，恰好一句中文，说清哪个文件、第几行、怎么改，磁盘上不留半成品。

一行一种：`名字 → (怎么造, 那句话里必须有的词)`。“怎么造”收到一个空文件夹与现成的小家当，返回命令行的参数。
"""

import gzip
import json
import os
import pickle
import re
import resource
import shutil
import threading
from pathlib import Path

import pytest
import torch
import zstandard


TEXT, FIRST = '{"text": "小猫喵喵叫。"}', '{"text": "好"}\n'
U, A = (lambda s: {"role": "user", "content": s}), (lambda s: {"role": "assistant", "content": s})


def sft_line(*turns) -> str:
    return json.dumps({"conversations": list(turns)}, ensure_ascii=False)


@pytest.fixture(scope="module")
def trained(small, tmp_path_factory, cli_once):
    "训练过一步的小家当：一份权重、它的身份证、断点。"
    home = tmp_path_factory.mktemp("trained")
    done = cli_once(*pretrain(small, home), "--max_steps", 2, home=home)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="module")
def cli_once():
    from conftest import run

    return run


def shape(small, **more) -> list[str]:
    given = {
        **dict(
            hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=4, accumulation_steps=1, dtype="float32",
            device="cpu", num_workers=0, log_interval=1, tokenizer_path=small["tok"],
        ),
        **more,
    }
    return [f"--{k}={v}" for k, v in given.items() if v is not None]


def pretrain(small, home, **more) -> list[str]:
    return ["train", "pretrain", *shape(small, **{"data_path": small["pretrain"], "save_dir": home / "out", **more})]


def full_sft(small, home, **more) -> list[str]:
    return [
        "train", "full_sft",
        *shape(small, **{"data_path": small["sft"], "save_dir": home / "out", "learning_rate": 1e-3, **more}),
    ]


def data(raw, name="bad.jsonl", stage=pretrain, **more):
    "一份坏数据交给训练。"

    def make(home, small, trained):
        (home / name).write_bytes(raw() if callable(raw) else raw if isinstance(raw, bytes) else raw.encode())
        return stage(small, home, data_path=home / name, **more)

    return make


def chats(*turns, **kw):
    return data(sft_line(U("好"), A("好")) + "\n" + sft_line(*turns) + "\n", stage=full_sft, from_weight="none", **kw)


def checked(kind, line):
    "只检查、不训练：minimind data check。"

    def make(home, small, trained):
        (home / "bad.jsonl").write_text(line + "\n", encoding="utf8")
        return ["data", "check", home / "bad.jsonl", "--kind", kind]

    return make


def flags(**more):
    return lambda home, small, trained: pretrain(small, home, **more)


def words(*argv):
    return lambda home, small, trained: list(argv)


def weights(change, **more):
    "把训练过的权重抄一份、弄坏，再拿它做微调的起点。"

    def make(home, small, trained):
        (home / "out").mkdir()
        for name in ("pretrain_32.pth", "pretrain_32.json"):
            shutil.copy(trained / "out" / name, home / "out" / name)
        card = json.loads((home / "out/pretrain_32.json").read_text(encoding="utf8"))
        card["tokenizer"] = str(small["tok"])
        (home / "out/pretrain_32.json").write_text(json.dumps(card), encoding="utf8")
        return full_sft(
            small,
            home,
            **{
                "from_weight": home / "out/pretrain_32.pth",
                **more,
                **(change(home / "out/pretrain_32.pth", small) or {}),
            },
        )

    return make


def resume(change, **more):
    "抄一份断点、弄坏，再续训。"

    def make(home, small, trained):
        shutil.copytree(trained / "checkpoints", home / "checkpoints")
        for file in (home / "checkpoints").glob("*_resume*.pth"):
            change(file)
        return pretrain(small, home, from_resume=1, epochs=3, **more)

    return make


def tokenizer(change):
    def make(home, small, trained):
        shutil.copytree(small["tok"], home / "tok")
        change(home / "tok")
        return pretrain(small, home, tokenizer_path=home / "tok")

    return make


class Runs:
    "装载时会执行命令的 pickle。"

    def __reduce__(self):
        return os.system, ("touch /tmp/minimind-pickle-ran",)


def runs_code(path, small):
    with open(path, "wb") as f:
        pickle.dump({"model.norm.weight": Runs()}, f, protocol=2)


def another_tokenizer(path, small):
    from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

    return {
        "tokenizer_path": save_tokenizer(
            train_tokenizer(["别的一段文字，别的词表。"] * 30, vocab_size=300), path.parents[1] / "other"
        )
    }


def cut_short(path, small=None):
    path.write_bytes(path.read_bytes()[:-400])


def long_prompt(home, small, trained):
    shutil.copytree(trained / "out", home / "out")
    card = json.loads((home / "out/pretrain_32.json").read_text(encoding="utf8"))
    (home / "out/pretrain_32.json").write_text(json.dumps({**card, "tokenizer": str(small["tok"])}), encoding="utf8")
    return ["chat", "--weight", home / "out/pretrain_32.pth", "--ask", "很长的话" * 8000, "--device", "cpu"]


def under_a_file(home, small, trained):
    (home / "file").write_text("我是文件")
    return pretrain(small, home / "file", max_steps=1)


BAD = {
    # ---- 文件本身
    "没有这个文件": (flags(data_path="nowhere.jsonl"), ["nowhere.jsonl", "找不到", "路径"]),
    "给的是文件夹": (lambda home, small, trained: pretrain(small, home, data_path=home), ["文件夹", "*.jsonl"]),
    "通配符一个也没配上": (flags(data_path="none-*.jsonl"), ["none-*.jsonl", "找不到"]),
    "空文件": (data(""), ["bad.jsonl", "空文件"]),
    "只有空行": (data("\n \n\n"), ["bad.jsonl", "空文件"]),
    "后缀不认识": (data(FIRST, "bad.csv"), ["bad.csv", ".jsonl"]),
    "GBK 编码": (data(FIRST.encode() + '{"text": "你好"}'.encode("gbk")), ["bad.jsonl:2：", "UTF-8", "iconv"]),
    "NUL 字节": (data(FIRST.encode() + b'{"text": "a\0b"}\n'), ["bad.jsonl:2：", "NUL"]),
    "一行 10 MB": (data(FIRST + '{"text": "' + "a" * 10_000_000 + '"}\n'), ["bad.jsonl:2：", "换行"]),
    "gzip 断了": (
        data(lambda: gzip.compress((TEXT + "\n").encode() * 2000, mtime=0)[:-30], "bad.jsonl.gz"),
        ["bad.jsonl.gz:", "不完整", "重新"],
    ),
    "zst 断了": (
        data(lambda: zstandard.compress(os.urandom(1000).hex().join([FIRST] * 50).encode())[:-20], "bad.jsonl.zst"),
        ["bad.jsonl.zst:"],
    ),
    "后缀说是 gzip，其实不是": (data(FIRST, "bad.jsonl.gz"), ["bad.jsonl.gz:", "后缀"]),
    "后缀说是 zst，其实不是": (data(FIRST, "bad.jsonl.zst"), ["bad.jsonl.zst:", "后缀"]),
    # ---- 一行里
    "JSON 断了": (data(FIRST + '{"text": "好'), ["bad.jsonl:2：", "JSON", "引号"]),
    "整个文件是 JSON 数组": (data('[{"text": "好"}]'), ["bad.jsonl:1：", "对象"]),
    "键拼错": (data(FIRST + '{"txet": "好"}'), ["bad.jsonl:2：", '"text"', "txet"]),
    "该是文字却是数": (data(FIRST + '{"text": 3}'), ["bad.jsonl:2：", "字符串"]),
    "落单的代理码": (data(FIRST + '{"text": "a\\ud83d"}'), ["bad.jsonl:2：", "代理码"]),
    "空的正文": (data(FIRST + '{"text": "  "}'), ["bad.jsonl:2：", "空"]),
    # ---- 一段对话里
    "角色次序不对": (chats(A("好"), U("好")), ["bad.jsonl:2：", "对话开头"]),
    "连续两轮 assistant": (chats(U("好"), A("好"), A("好")), ["bad.jsonl:2：", "连续两个 assistant", "合成一轮"]),
    "没有回答": (chats(U("好")), ["bad.jsonl:2：", "assistant"]),
    "空的回答": (chats(U("好"), A("")), ["bad.jsonl:2：", "空"]),
    "不认识的角色": (chats({"role": "human", "content": "好"}, A("好")), ["bad.jsonl:2：", "'user'"]),
    "ShareGPT 的键": (
        chats({"from": "human", "value": "好"}, {"from": "gpt", "value": "好"}),
        ["bad.jsonl:2：", "ShareGPT"],
    ),
    "没有一个可学的 token": (
        data(sft_line(U("很长的问题" * 40), A("好")) + "\n", stage=full_sft, from_weight="none"),
        ["bad.jsonl", "--max_seq_len"],
    ),
    "偏好对的提问不同": (
        checked("dpo", json.dumps({"chosen": [U("a"), A("b")], "rejected": [U("c"), A("d")]})),
        ["bad.jsonl:1：", "chosen"],
    ),
    "数据种类不认识": (checked("rlhf", TEXT), ["rlhf", "pretrain"]),
    "对话拿去预训练": (data(sft_line(U("好"), A("好"))), ["bad.jsonl:1：", "sft 数据", "pretrain 数据"]),
    "短文拿去微调": (
        data(FIRST, stage=full_sft, from_weight="none"),
        ["bad.jsonl:1：", "pretrain 数据", "sft 数据", "--data_path"],
    ),
    # ---- 分词器
    "没有分词器": (flags(tokenizer_path="nowhere/tok"), ["nowhere/tok", "minimind"]),
    "分词器文件夹是空的": (tokenizer(lambda d: [f.unlink() for f in d.iterdir()]), ["tokenizer.json"]),
    "tokenizer.json 断了": (tokenizer(lambda d: cut_short(d / "tokenizer.json")), ["tokenizer.json", "JSON"]),
    "词表装不下": (flags(vocab_size=100), ["vocab_size"]),
    "分词器不是训练时的那个": (weights(another_tokenizer), ["分词器", "指纹"]),
    # ---- 权重与断点
    "没有这个阶段的权重": (
        lambda home, small, trained: full_sft(small, home, from_weight="pretrain"),
        ["pretrain_32.pth", "train pretrain"],
    ),
    "权重断了": (weights(lambda p, s: cut_short(p)), ["pretrain_32.pth", "完整"]),
    "权重的形状不同": (weights(lambda p, s: None, hidden_size=64), ["hidden_size", "64"]),
    "身份证不是 JSON": (
        weights(lambda p, s: p.with_suffix(".json").write_text("{") and None),
        ["pretrain_32.json", "JSON"],
    ),
    "会执行代码的 pickle": (weights(runs_code), ["pretrain_32.pth", "拒绝"]),
    "不是权重字典": (weights(lambda p, s: torch.save([1, 2], p)), ["pretrain_32.pth", "字典"]),
    "少了一层的权重": (
        weights(lambda p, s: torch.save({k: v for k, v in torch.load(p).items() if ".1." not in k}, p)),
        ["pretrain_32.pth", "缺少"],
    ),
    "两份断点都坏了": (resume(cut_short), ["_resume.pth", "从头"]),
    "断点是别的模型的": (resume(lambda p: None, num_hidden_layers=3), ["断点", "num_hidden_layers"]),
    "断点是另一个优化器存的": (resume(lambda p: None, optimizer="muon"), ["断点", "--optimizer"]),
    "提问比上下文还长": (long_prompt, ["上下文"]),
    # ---- 参数
    "没有这个命令": (words("trian"), ["trian"]),
    "没有这个选项": (flags(batch_sise=3), ["batch_sise", "batch_size"]),
    "没有这个预设": (flags(preset="huge"), ["huge", "nano"]),
    "不在可选之列": (flags(optimizer="sgd"), ["optimizer", "adamw"]),
    "该是整数却是字": (flags(batch_size="many"), ["batch_size", "整数"]),
    "学习率是负的": (flags(learning_rate=-1), ["learning_rate", "大于 0"]),
    "一遍也不看": (flags(epochs=0), ["epochs", "至少"]),
    "热身过了头": (flags(warmup=1.5), ["warmup", "在 0 到 1 之间"]),
    "进程数是零": (flags(nproc=0), ["nproc", "至少 1"]),
    "多出一个词": (words("train", "pretrain", "again"), ["多出来的词", "again"]),
    "选项后面没有值": (words("train", "pretrain", "--epochs"), ["--epochs", "值"]),
    "行太短": (flags(max_seq_len=1), ["max_seq_len", "至少"]),
    "没有这种设备": (flags(device="tpu"), ["tpu", "cpu"]),
    "头数除不尽宽度": (flags(hidden_size=30), ["hidden_size"]),
    # ---- 运行中
    "损失变成 NaN": (flags(learning_rate=1e30, grad_clip=1e30), ["第 ", "步", "--learning_rate"]),
    "写到一个文件底下": (under_a_file, ["写不进去"]),
    "曲线写到满了的盘": (flags(metrics_path="/dev/full"), ["写不进去", "磁盘满了"]),
}
LATE = {"损失变成 NaN", "曲线写到满了的盘"}  # 走了几步才出事：曲线已有几行，别的不能有


def listing(folder: Path) -> dict[str, bytes]:
    "文件夹里的每个文件；造好的数据缓存是成品，不算。"
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and ".cache" not in p.relative_to(folder).parts
    }


def half_written(folder: Path) -> list[str]:
    return [str(p) for p in folder.rglob("*") if p.name.endswith((".tmp", ".next.pth"))]


def one_sentence(done) -> str:
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 2, (done.returncode, done.stdout[-500:], done.stderr[-2000:])
    assert len(said) == 1 and said[0].startswith("错误："), done.stderr[-2000:]
    assert "Traceback" not in done.stdout and re.search("[一-鿿]", said[0])
    return said[0]


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name, small, trained, tmp_path, cli):
    if name == "曲线写到满了的盘" and not os.path.exists("/dev/full"):
        pytest.skip("没有 /dev/full")
    make, expected = BAD[name]
    argv = make(tmp_path, small, trained)
    before = listing(tmp_path)
    said = one_sentence(cli(*argv, home=tmp_path))
    assert all(word in said for word in expected), said
    after = listing(tmp_path)
    assert {k: v for k, v in after.items() if not (name in LATE and k.endswith("metrics.jsonl"))} == before
    assert not half_written(tmp_path)
    assert not os.path.exists("/tmp/minimind-pickle-ran")


def test_there_are_enough_kinds():
    assert len(BAD) >= 25


def limited(bytes_: int):
    "期间子进程写不出更大的文件（和磁盘满了一样，写到一半被拒绝）。"

    class Limit:
        def __enter__(self):
            self.old = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, self.old[1]))

        def __exit__(self, *_):
            resource.setrlimit(resource.RLIMIT_FSIZE, self.old)

    return Limit()


@pytest.mark.parametrize("limit", [200, 2_000, 20_000])
def test_disk_full_at_any_write_is_one_sentence(limit, small, tmp_path, cli):
    "数据缓存、token 缓存、权重、断点：断在哪一次写，都是一句话，已有的文件不动，不留半成品。"
    (tmp_path / "out").mkdir()
    (tmp_path / "out/pretrain_32.pth").write_bytes(b"old")
    before = listing(tmp_path)
    with limited(limit):
        done = cli(*pretrain(small, tmp_path, max_steps=1, metrics_path="/dev/null"), home=tmp_path)
    said = one_sentence(done)
    assert "写不进去" in said and "文件大小超过" in said
    assert listing(tmp_path) == before and not half_written(tmp_path)


@pytest.mark.parametrize(
    "number,words", [("ENOSPC", "磁盘满了"), ("EACCES", "权限"), ("EROFS", "只读"), ("EDQUOT", "配额")]
)
def test_every_refused_write_becomes_one_sentence(number, words, small, tmp_path, monkeypatch, capsys):
    "没有权限、只读的盘：root 也碰不到，所以让 open 拒绝写。"
    import builtins
    import errno
    import io
    from minimind.learning.errors import UserError
    from minimind.trainer.arguments import make_args
    from minimind.trainer.train_pretrain import PretrainArgs, train

    real = io.open

    def refuse(file, mode="r", *args, **kw):
        if any(c in mode for c in "wa+x") and str(file).startswith(str(tmp_path)):
            raise OSError(getattr(errno, number), os.strerror(getattr(errno, number)), str(file))
        return real(file, mode, *args, **kw)

    monkeypatch.setattr(builtins, "open", refuse)
    args = make_args(
        PretrainArgs, hidden_size=32, num_hidden_layers=1, max_seq_len=32, batch_size=4, device="cpu",
        dtype="float32", num_workers=0, max_steps=1, data_path=str(small["pretrain"]),
        tokenizer_path=str(small["tok"]), save_dir=str(tmp_path / "out"), metrics_path="/dev/null",
    )
    monkeypatch.setenv("MINIMIND_HOME", str(small["home"] / "cache"))
    with pytest.raises(UserError, match=words) as e:
        train(args)
    assert "\n" not in str(e.value) and str(tmp_path) in str(e.value)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_two_processes_building_one_cache_both_succeed(small, tmp_path, cli):
    "同一个分词器、同一份数据、同时开两个训练：都成功，缓存只造一份，第一步的损失相同。"
    done = [None, None]

    def go(i):
        done[i] = cli(*pretrain(small, tmp_path / str(i), max_steps=1), home=tmp_path)

    threads = [threading.Thread(target=go, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [d.returncode for d in done] == [0, 0], [d.stderr[-500:] for d in done]
    losses = [
        json.loads((tmp_path / str(i) / "out/metrics.jsonl").read_text(encoding="utf8").splitlines()[0])["loss"]
        for i in range(2)
    ]
    assert losses[0] == losses[1]
    assert len(list((tmp_path / "out/.cache").glob("tokens-*"))) == len(
        [p for p in (tmp_path / "out/.cache").iterdir() if p.name.startswith("tokens-")]
    )
    assert not half_written(tmp_path)


def test_two_processes_building_one_tokenizer_both_succeed(small, tmp_path, cli):
    done = [None, None]

    def go(i):
        done[i] = cli(
            "tokenizer", "train", "--data_path", small["pretrain"], "--vocab_size", 300, "--name", "same", home=tmp_path
        )

    threads = [threading.Thread(target=go, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [d.returncode for d in done] == [0, 0], [d.stderr[-500:] for d in done]
    shown = cli("tokenizer", "show", "小猫", "--path", tmp_path / "out/tokenizer/same", home=tmp_path)
    assert shown.returncode == 0 and not half_written(tmp_path)


# ---- 整个文件要先转换的 ----------------------------------------------------------------------------------------

WIDE = {
    "UTF-16": ("UTF-16", "\n", "iconv -f UTF-16 -t UTF-8"), "无记号": ("UTF-16LE", "\n", "iconv -f UTF-16LE -t UTF-8"),
    "大端": ("UTF-16BE", "\n", "iconv -f UTF-16BE -t UTF-8"), "UTF-32": ("UTF-32", "\n", "iconv -f UTF-32 -t UTF-8"),
    "CR": ("UTF-8", "\r", "tr '\\r' '\\n' <"), "GBK": ("gb18030", "\n", "iconv -f gb18030 -t utf-8"),
}
READERS = {
    "check": ["data", "check", "{}"], "train": ["train", "pretrain", "--data_path", "{}"],
    "skip": ["train", "pretrain", "--skip_bad", "1", "--data_path", "{}"],
    "tokenizer": ["tokenizer", "train", "--name", "x", "--data_path", "{}"],
    "prompts": ["chat", "--prompts_file", "{}"], "eval": ["eval", "--data_path", "{}", "--weight", "x.pth"],
}


@pytest.mark.parametrize("way", WIDE)
@pytest.mark.parametrize("reader", READERS)
def test_another_encoding_is_named_with_the_command_that_converts(way, reader, cli, tmp_path, small):
    encoding, eol, command = WIDE[way]
    file = tmp_path / "data.jsonl"
    file.write_bytes(eol.join(f'{{"text": "第 {i} 行"}}' for i in range(9)).encode(encoding))
    argv = [word.format(file) for word in READERS[reader]]
    if reader in ("train", "skip"):
        argv += ["--tokenizer_path", small["tok"], "--hidden_size", 32, "--num_hidden_layers", 1]
    done = cli(*argv, home=tmp_path)
    assert done.returncode == 2 and "data.jsonl" in done.stderr and command in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("错误：") == 1


@pytest.mark.parametrize("way", ["UTF-16", "无记号", "大端", "UTF-32"])
def test_the_command_really_converts(way, tmp_path):
    "照着那条命令做，文件就读得了。"
    import subprocess

    from minimind.dataset.formats import open_lines, validate
    from minimind.learning.errors import UserError

    if not shutil.which("iconv"):
        pytest.skip("没有 iconv")
    encoding, file = WIDE[way][0], tmp_path / "my data.jsonl"
    file.write_bytes('{"text": "你好"}\n{"text": "再见"}\n'.encode(encoding))
    with pytest.raises(UserError) as e:
        list(open_lines(file))
    command = str(e.value).split("请先转换：")[1].replace("新文件", "new.jsonl")
    done = subprocess.run(command, shell=True, cwd=tmp_path)
    assert done.returncode == 0 and validate(tmp_path / "new.jsonl", show=False).rows == 2
