"""续训分毫不差：任何时刻被 SIGKILL、文件坏了、被 SIGTERM 请走、换了进程数。"""

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch
from conftest import spawn

import minimind
from minimind.learning.errors import UserError
from minimind.trainer import batches as batches_module
from minimind.trainer.arguments import make_args
from minimind.trainer.checkpoint import load_resume, previous
from minimind.trainer.batches import Batches
from minimind.trainer.train_pretrain import PretrainArgs, train

ROOT = Path(minimind.__file__).parents[1]
STEPS = 24
CHILD = """
import json, sys, torch
from minimind.trainer.arguments import make_args
from minimind.trainer.train_pretrain import PretrainArgs, train
torch.set_num_threads(int(sys.argv[2]))
args = make_args(PretrainArgs, **json.loads(sys.argv[1]))
train(args)
"""


def options(small, home: Path, **more) -> dict:
    return {
        **dict(
            hidden_size=32, num_hidden_layers=2, max_seq_len=32, batch_size=1, accumulation_steps=2, epochs=4,
            max_steps=STEPS, packing=1, dtype="float32", num_workers=0, log_interval=1, save_interval=1,
            learning_rate=1e-2, device="cpu", optimizer="muon", data_path=str(small["pretrain"]),
            tokenizer_path=str(small["tok"]), save_dir=str(home / "out"),
        ),
        **more,
    }


def start(given: dict):
    "开一个训练的子进程（自成一组），等到它要走第一步：导入与载入不算在内，被杀的时刻才真落在训练里。"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    child = spawn(CHILD, json.dumps(given), str(torch.get_num_threads()), env=env, cwd=ROOT, merge=True)
    said = []
    while not (said and said[-1].startswith("pretrain：共")):
        said.append(child.stdout.readline())
        assert said[-1], "".join(said)
    return child


def finish(child) -> str:
    out, _ = child.communicate(timeout=200)
    assert child.returncode == 0, out[-2000:]
    return out


def resume_file(home: Path) -> Path:
    return home / "checkpoints" / "pretrain_32_resume.pth"


def final(home: Path) -> dict:
    return load_resume(resume_file(home))


def same_end(a: Path, b: Path) -> None:
    "权重文件、断点里的权重与优化器都逐位相同。"
    x, y = final(a), final(b)
    assert x["step"] == y["step"] == STEPS
    assert (a / "out/pretrain_32.pth").exists()
    assert all(torch.equal(x["model"][k], y["model"][k]) for k in x["model"])
    w, v = (torch.load(h / "out/pretrain_32.pth", weights_only=True) for h in (a, b))
    assert w.keys() == v.keys() and all(torch.equal(w[k], v[k]) for k in w)


def steps_recorded(home: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (home / "out/metrics.jsonl").read_text(encoding="utf8").splitlines()]


def kill_and_resume(small, tmp_path, optimizer: str, draws: int, seed: int) -> None:
    "量出一次完整训练的时间，在均匀抽出的时刻杀掉，续训到完，与没断过的逐位比。"
    length = train(make_args(PretrainArgs, **options(small, tmp_path / "whole", optimizer=optimizer))).seconds
    rng = random.Random(seed)
    for k in range(draws):
        home = tmp_path / f"killed{k}"
        given = options(small, home, optimizer=optimizer, from_resume=1)
        child = start(given)
        time.sleep(rng.uniform(0, length))
        child.kill()
        child.communicate()
        finish(start(given))
        same_end(tmp_path / "whole", home)
        assert steps_recorded(home) == list(range(1, STEPS + 1))  # 曲线没有叠两层
        assert not [p for p in home.rglob("*") if p.name.endswith((".tmp", ".next.pth"))]


@pytest.mark.parametrize("optimizer,draws", [("muon", 2), ("adamw", 1)])
def test_killed_at_any_moment_ends_at_the_same_weights(small, tmp_path, optimizer, draws):
    kill_and_resume(small, tmp_path, optimizer, draws, seed=draws)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_killed_at_many_moments_ends_at_the_same_weights(small, tmp_path, optimizer):
    kill_and_resume(small, tmp_path, optimizer, 20, seed=0)


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    "一次没断过的训练（进程内）。"
    home = tmp_path_factory.mktemp("whole")
    train(make_args(PretrainArgs, **options(small, home)))
    return home


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "none"])
def test_damaged_newest_falls_back_and_says_so(small, tmp_path, whole, damage, capfd):
    train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=5, schedule="constant")))
    reference = tmp_path / "ref"
    train(make_args(PretrainArgs, **options(small, reference, schedule="constant")))
    newest = resume_file(tmp_path)
    data = bytearray(newest.read_bytes())
    if damage == "cut":
        newest.write_bytes(data[: len(data) * 2 // 3])
    elif damage == "flip":
        weight = load_resume(newest)["model"]["model.norm.weight"]  # 翻在一份权重里（翻在文件的空隙里不碍事）
        data[data.index(weight.numpy().tobytes()) + 5] ^= 8
        newest.write_bytes(data)
    elif damage == "empty":
        newest.write_bytes(b"")
    else:
        newest.unlink()  # 两次改名之间被杀
    capfd.readouterr()
    train(make_args(PretrainArgs, **options(small, tmp_path, schedule="constant", from_resume=1)))
    said = capfd.readouterr().out
    assert "第 4 步" in said and ("改用" in said) == (damage != "none")
    same_end(reference, tmp_path)
    assert steps_recorded(tmp_path) == list(range(1, STEPS + 1))


def test_both_damaged_is_one_sentence(small, tmp_path):
    train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=2)))
    for file in (resume_file(tmp_path), previous(resume_file(tmp_path))):
        file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(UserError, match="没有可用的断点") as e:
        train(make_args(PretrainArgs, **options(small, tmp_path, from_resume=1)))
    assert "\n" not in str(e.value) and "pretrain_32_resume.pth" in str(e.value)


def test_sigterm_saves_exits_zero_and_resumes_bitwise(small, tmp_path, whole):
    given = options(small, tmp_path, save_interval=1000, from_resume=1)
    child = start(given)
    assert "1/" in child.stdout.readline()  # 走完了第一步
    child.send_signal(signal.SIGTERM)
    out = finish(child)  # 退出码 0
    assert len([line for line in out.splitlines() if "SIGTERM" in line]) == 1
    assert 1 <= final(tmp_path)["step"] < STEPS
    finish(start(given))
    same_end(whole, tmp_path)
    assert steps_recorded(tmp_path) == list(range(1, STEPS + 1))


def numbered(n: int) -> Batches:
    "每行的第二个 token 就是它的编号，走步时数得出看过谁；没分到的行标签全是 -100。"
    rows = [{"labels": torch.tensor([3, i, 5])} for i in range(n)]
    stack = lambda rows: {"labels": torch.stack([r["labels"] for r in rows])}
    mute = lambda batch: {"labels": torch.full_like(batch["labels"], -100)}
    return Batches(rows, stack, batch_size=2, accumulation_steps=2, epochs=2, mute=mute)


def seen_by(batches: Batches, steps: int | None = None) -> list[tuple]:
    "走 `steps` 步（不给就走到底），返回看过的（第几遍，编号）；补位的假行不算。"
    out, walk = [], iter(batches)
    while steps is None or steps > 0:
        if (micro := next(walk, None)) is None:
            break
        out += [(batches.epoch, int(row[1])) for b in micro for row in b["labels"] if row[1] >= 0]
        steps = steps - 1 if steps is not None else None
    return out


@pytest.mark.parametrize("n", [7, 16, 29])
@pytest.mark.parametrize("before,after", [(2, 1), (1, 2), (3, 2)])
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_another_process_count_neither_repeats_nor_skips(n, before, after, stop, monkeypatch):
    def walk(world, steps, at):
        monkeypatch.setattr(batches_module, "world_size", lambda: world)
        seen, ends = [], set()
        for r in range(world):
            monkeypatch.setattr(batches_module, "rank", lambda: r)
            batches = numbered(n)
            batches.epoch, batches.samples = at
            seen += seen_by(batches, steps)
            ends.add((batches.epoch, batches.samples))
        assert len(ends) == 1  # 各进程停在同一个位置
        return seen, ends.pop()

    first, at = walk(before, stop, (0, 0))
    rest, _ = walk(after, None, at)
    assert sorted(first + rest) == [(e, i) for e in range(2) for i in range(n)]


def test_steps_left_follows_the_samples(monkeypatch):
    batches = numbered(29)
    assert batches.left() == 16  # 每步 4 个样本，29 个要 8 步，两遍
    batches.samples = 16
    assert batches.left() == 4 + 8
    monkeypatch.setattr(batches_module, "world_size", lambda: 2)
    assert batches.left() == 2 + 4  # 两个进程：每步 8 个


@pytest.mark.parametrize("signalled", ["group", "parent"])
def test_sigterm_while_worker_processes_read_the_data(small, tmp_path, whole, signalled):
    """读数据的子进程也收到 SIGTERM（关机、任务系统都是整组发）。

    照样走完这一步，存好，退出码 0，接着练与没断过的逐位相同。
    """
    given = options(small, tmp_path, save_interval=1000, from_resume=1, num_workers=2)
    child = start(given)
    assert "1/" in child.stdout.readline()
    (os.killpg if signalled == "group" else os.kill)(child.pid, signal.SIGTERM)
    out = finish(child)
    assert len([line for line in out.splitlines() if "SIGTERM" in line]) == 1 and "Traceback" not in out
    assert 1 <= final(tmp_path)["step"] < STEPS
    finish(start(given))
    same_end(whole, tmp_path)
    assert steps_recorded(tmp_path) == list(range(1, STEPS + 1))


# ---- 续的是同一次训练 ------------------------------------------------------------------------------------------


def other_tokenizer(home: Path) -> str:
    "与测试用的一样大、却不是同一个的分词器。"
    from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

    words = [f"{a}{b}" for a in "春夏秋冬东南西北" for b in "山水云雨花草木石"]
    return str(save_tokenizer(train_tokenizer(words * 20, 300), home / "other"))


@pytest.mark.parametrize("what", ["data", "max_seq_len", "packing", "seed"])
def test_a_checkpoint_of_another_run_is_refused_unless_asked(small, tmp_path, capfd, what):
    train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=3)))
    more = tmp_path / "more.jsonl"
    more.write_bytes(Path(small["pretrain"]).read_bytes() + '{"text": "多出来的一行"}\n'.encode())
    change = {"data": dict(data_path=str(more)), "max_seq_len": dict(max_seq_len=24), "packing": dict(packing=0),
              "seed": dict(seed=7)}[what]
    weights = (tmp_path / "out" / "pretrain_32.pth").read_bytes()
    with pytest.raises(UserError, match="data_path" if what == "data" else what) as e:
        train(make_args(PretrainArgs, **options(small, tmp_path, from_resume=1) | change))
    assert "--new_data 1" in str(e.value) and (tmp_path / "out" / "pretrain_32.pth").read_bytes() == weights
    capfd.readouterr()
    result = train(make_args(PretrainArgs, **options(small, tmp_path, from_resume=1, new_data=1, max_steps=5) | change))
    assert result.steps == 2 and "数据从头看" in capfd.readouterr().out


def test_another_tokenizer_is_refused_even_with_new_data(small, tmp_path):
    train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=2)))
    other = options(small, tmp_path, from_resume=1, new_data=1, tokenizer_path=other_tokenizer(tmp_path))
    with pytest.raises(UserError, match="分词器|vocab_size"):
        train(make_args(PretrainArgs, **other))


def test_a_resume_file_of_minimind_is_named_and_its_weights_can_be_used(small, tmp_path, capfd):
    result = train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=2)))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    state = {k: v.half() for k, v in result.model.state_dict().items()}
    old = {"model": state, "optimizer": {}, "epoch": 0, "step": 9, "world_size": 1, "wandb_id": None}
    torch.save(old, theirs / "pretrain_32_resume.pth")
    card = Path(result.weight_path).with_suffix(".json").read_bytes()
    (theirs / "pretrain_32_resume.json").write_bytes(card)  # 形状：这么小的模型看不出几个头
    with pytest.raises(UserError, match="MiniMind 存的") as e:
        train(make_args(PretrainArgs, **options(small, tmp_path, from_resume=1, checkpoint_dir=str(theirs))))
    assert "--from_weight" in str(e.value) and "--from_resume" not in str(e.value)
    given = options(small, tmp_path / "new", max_steps=1, from_weight=str(theirs / "pretrain_32_resume.pth"))
    assert train(make_args(PretrainArgs, **given)).steps == 1


def test_weights_broken_by_the_last_update_are_not_saved(small, tmp_path, monkeypatch):
    "梯度好好的，最后一步的更新自己把权重弄坏了：不落盘。"
    from minimind.trainer import loop

    train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=2)))
    kept = {p: p.read_bytes() for p in tmp_path.rglob("*.pth")}
    real = loop.train_step

    def spoil(models, *given, **more):
        out = real(models, *given, **more)
        next(iter(models.values())).lm_head.weight.data[0, 0] = float("inf")
        return out

    monkeypatch.setattr(loop, "train_step", spoil)
    with pytest.raises(UserError, match="没有存"):
        train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=1, save_interval=1000)))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.pth")} == kept


def test_ctrl_c_saves_and_can_be_resumed_bitwise(small, tmp_path, whole):
    given = options(small, tmp_path, save_interval=1000, from_resume=1)
    child = start(given)
    assert "1/" in child.stdout.readline()
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=200)
    assert "收到 Ctrl-C" in out and "已存好" in out and "--from_resume 1" in out
    assert 1 <= final(tmp_path)["step"] < STEPS
    finish(start(given))
    same_end(whole, tmp_path)


def test_the_second_ctrl_c_leaves_at_once(small, tmp_path):
    "按两次：不等这一步走完，也不存。"

    def press_twice(journal):
        if journal["step"][-1] == 2:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(make_args(PretrainArgs, **options(small, tmp_path, save_interval=1000)), press_twice)
    assert not list(tmp_path.rglob("*.pth"))


def test_two_trainings_do_not_write_into_one_folder(small, tmp_path):
    child = start(options(small, tmp_path, max_steps=100_000, epochs=100_000, save_interval=100_000))
    try:
        with pytest.raises(UserError, match=f"进程 {child.pid}"):
            train(make_args(PretrainArgs, **options(small, tmp_path)))
        train(make_args(PretrainArgs, **options(small, tmp_path / "elsewhere", max_steps=1)))
    finally:
        child.kill()
        child.communicate()
    train(make_args(PretrainArgs, **options(small, tmp_path, max_steps=1)))  # 被杀的，锁自己松开
