"""`--recipe minimind`：另写一份 MiniMind 的训练循环，两边走四十步，损失逐步相同；身份证、流水账、断点都记着练法。"""

import json
import math
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from minimind.inference.load import load_model
from minimind.learning.errors import UserError
from minimind.learning.stages import STAGES, get_stage
from minimind.trainer import train_pretrain
from minimind.trainer.arguments import args_of, make_args

sys.path.insert(0, str(Path(__file__).parent))
from stage_runs import journal, losses, tiny_base, train  # noqa: E402

STEPS, LENGTH, RATE = 40, 48, 3e-3


def pretrain_row(tok, row):
    "开头标记 + 正文 + 结尾标记，右边补齐；补的不学。"
    ids = [tok.bos_token_id, *tok(row["text"], add_special_tokens=False).input_ids[: LENGTH - 2], tok.eos_token_id]
    fill = LENGTH - len(ids)
    return ids + [tok.pad_token_id] * fill, ids + [-100] * fill


def sft_row(tok, row):
    "在编号里找「助手开口」与「收尾加换行」两串记号，中间的与收尾的都学。"
    ids = tok(tok.apply_chat_template(row["conversations"], tokenize=False)).input_ids[:LENGTH]
    ids += [tok.pad_token_id] * (LENGTH - len(ids))
    head, tail = (tok(t, add_special_tokens=False).input_ids for t in ("<|im_start|>assistant\n", "<|im_end|>\n"))
    labels, i = [-100] * LENGTH, 0
    while i < LENGTH:
        if ids[i : i + len(head)] == head:
            i += len(head)
            while i < LENGTH and ids[i : i + len(tail)] != tail:
                labels[i] = ids[i]
                i += 1
            labels[i : i + len(tail)] = ids[i : i + len(tail)]
        i += 1
    return ids, labels


def plain_loop(model, rows, batch_size, accumulation, epochs):
    "MiniMind 的训练循环，平铺直叙：返回每一步的损失（几个微批的平均）。"
    ids, labels = (torch.tensor(column) for column in zip(*rows, strict=True))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    iters, said = math.ceil(len(rows) / batch_size), []
    for epoch in range(epochs):
        torch.manual_seed(42 + epoch)
        order, pending = torch.randperm(len(rows)), []
        for step in range(1, iters + 1):
            now, total = epoch * iters + step, epochs * iters
            for group in optimizer.param_groups:
                group["lr"] = RATE * (0.1 + 0.45 * (1 + math.cos(math.pi * now / total)))
            picked = order[(step - 1) * batch_size : step * batch_size]
            logits = model(ids[picked]).logits[:, :-1]
            loss = F.cross_entropy(logits.flatten(0, 1), labels[picked][:, 1:].flatten(), ignore_index=-100)
            (loss / accumulation).backward()
            pending.append(loss.item())
            if step % accumulation == 0:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
                said.append(sum(pending) / len(pending))
                pending = []
    return said


def given(small, home: Path, name: str, **more) -> dict:
    return dict(
        recipe="minimind", data_path=str(small["pretrain" if name == "pretrain" else "sft"]), dtype="float32",
        device="cpu", tokenizer_path=str(small["tok"]), save_dir=str(home / "out"), learning_rate=RATE, num_workers=0,
        hidden_size=32, num_hidden_layers=2, max_seq_len=LENGTH, log_interval=1, batch_size=3, epochs=2,
    ) | {"accumulation_steps": 1} | more


@pytest.mark.parametrize("name,read", [("pretrain", pretrain_row), ("full_sft", sft_row)])
@pytest.mark.parametrize("accumulation", [1, 2])
def test_forty_steps_follow_a_plain_loop_of_minimind(small, tmp_path, name, read, accumulation):
    base, _, tok = tiny_base(tmp_path, small["tok"])
    more = dict(from_weight=str(base), accumulation_steps=accumulation, epochs=2 * accumulation)
    result = train(name, given(small, tmp_path, name, **more))
    model, _ = load_model(base, tokenizer_path=small["tok"])
    data = Path(small["pretrain" if name == "pretrain" else "sft"]).read_text(encoding="utf8").splitlines()
    rows = [read(tok, json.loads(line)) for line in data]
    wanted = plain_loop(model.train(), rows, 3, accumulation, 2 * accumulation)
    got = result.journal["loss"]
    assert len(got) == len(wanted) == STEPS
    assert max(abs(a - b) for a, b in zip(got, wanted)) < 5e-5
    assert wanted[-1] < wanted[0] - 0.5  # 真的在学，不是四十个一样的数


@pytest.mark.parametrize("undo", ["order", "newline", "lr", "decay", "betas", "packing"])
def test_each_difference_alone_would_be_noticed(small, tmp_path, monkeypatch, undo):
    "把练法里的任何一处换回我们的，四十步的损失就对不上了：上面的测试看得见每一处。"
    from minimind.trainer import loop, train_full_sft
    from minimind.trainer.optim import get_lr
    from minimind.trainer.stage import Stage

    base, *_ = tiny_base(tmp_path, small["tok"])
    options = given(small, tmp_path, "full_sft", from_weight=str(base), weight_decay=0.5)
    wanted = train("full_sft", options).journal["loss"]
    if undo == "order":
        monkeypatch.setattr(loop, "minimind_order", loop.sample_order)
    elif undo == "newline":
        real = train_full_sft.SFTDataset
        monkeypatch.setattr(train_full_sft, "SFTDataset", lambda *a, newline, **k: real(*a, **k))
    elif undo == "lr":
        monkeypatch.setattr(loop, "get_lr", lambda *a, recipe, **k: get_lr(*a, **k))
    elif undo in ("decay", "betas"):
        real, drop = Stage.theirs, {"decay": "decay_all", "betas": "betas"}[undo]
        monkeypatch.setattr(Stage, "theirs", lambda self: {k: v for k, v in real(self).items() if k != drop})
    else:
        options |= dict(packing=1)
    got = train("full_sft", options | {"save_dir": str(tmp_path / "b/out")}).journal["loss"]
    assert len(got) != len(wanted) or max(abs(a - b) for a, b in zip(got, wanted)) > 5e-5


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
def test_the_recipe_beats_the_preset_and_the_user_beats_both(stage):
    cls = args_of(stage)
    theirs = make_args(cls, preset="nano", recipe="minimind")
    assert (theirs.optimizer, theirs.schedule, theirs.warmup, theirs.packing) == ("adamw", "cosine", 0.0, 0)
    assert (theirs.weight_decay, theirs.replay_path) == (0.01, "")
    assert make_args(cls, recipe="minimind", packing=1, schedule="wsd").packing == 1
    assert make_args(cls).recipe == "ours"
    with pytest.raises(UserError, match="--recipe"):
        make_args(cls, recipe="theirs")


def test_what_the_stages_bring_of_their_own():
    made = lambda name: make_args(args_of(get_stage(name)), recipe="minimind")
    assert made("dpo").length_norm == 1 and made("lora").lora_targets == "square" and made("reason").tag_weight == 10


def test_lora_of_minimind_has_scale_one_whatever_its_rank(small, tmp_path):
    base, *_ = tiny_base(tmp_path, small["tok"])
    more = dict(from_weight=str(base), max_steps=1, lora_r=4, lora_name="a")
    result = train("lora", given(small, tmp_path, "lora", **more))
    card = json.loads(result.weight_path.with_suffix(".json").read_text(encoding="utf8"))
    assert (card["rank"], card["alpha"], card["recipe"]) == (4, 4.0, "minimind")
    sides = [m.lora for m in result.model.modules() if hasattr(m, "lora")]
    assert sides and all(s.scale == 1.0 for s in sides)


def test_reasoning_is_divided_by_the_unweighted_count(small, tmp_path):
    "第一步的损失：标签的权重是十倍，除数却不加权——MiniMind 的算法。"
    base, _, tok = tiny_base(tmp_path, small["tok"])
    talk = [{"role": "user", "content": "猫"}, {"role": "assistant", "content": "<think>\n喵\n</think>\n三"}]
    file = tmp_path / "reason.jsonl"
    file.write_text(json.dumps({"conversations": talk}, ensure_ascii=False) + "\n", encoding="utf8")
    more = dict(from_weight=str(base), max_steps=1, data_path=str(file), batch_size=1)
    got = train("reason", given(small, tmp_path, "reason", **more)).journal["loss"][0]
    ids, labels = (torch.tensor(x) for x in sft_row(tok, {"conversations": talk}))
    model, _ = load_model(base, tokenizer_path=small["tok"])
    each = F.cross_entropy(model(ids[None]).logits[0, :-1], labels[1:], ignore_index=-100, reduction="none")
    tags = torch.isin(labels[1:], torch.tensor(tok.convert_tokens_to_ids(["<think>", "</think>"])))
    assert tags.sum() == 2
    wanted = (each * torch.where(tags, 10.0, 1.0)).sum() / (labels[1:] != -100).sum()
    assert got == pytest.approx(wanted.item(), abs=5e-5)


def test_the_recipe_is_recorded_and_another_one_cannot_resume(small, tmp_path):
    options = given(small, tmp_path, "pretrain", max_steps=2)
    weights = train("pretrain", options).weight_path
    assert json.loads(weights.with_suffix(".json").read_text(encoding="utf8"))["recipe"] == "minimind"
    assert all(row["recipe"] == "minimind" for row in journal(tmp_path))
    before = weights.read_bytes()
    for new_data in (0, 1):  # 换数据不是换练法的理由：优化器的账本接不上
        with pytest.raises(UserError, match="--recipe 断点里是 minimind，现在是 ours"):
            train("pretrain", options | dict(recipe="ours", packing=0, from_resume=1, max_steps=4, new_data=new_data))
    assert weights.read_bytes() == before
    assert train("pretrain", options | dict(from_resume=1, max_steps=4)).steps == 2
    ours = train("pretrain", options | dict(recipe="ours", save_dir=str(tmp_path / "b/out")))
    assert "recipe" not in json.loads(ours.weight_path.with_suffix(".json").read_text(encoding="utf8"))


def test_resuming_under_the_recipe_follows_the_same_losses(small, tmp_path):
    "日程看的是总步数，所以两边都走满两遍；断在第一遍的中间。"
    whole = train("pretrain", given(small, tmp_path / "a", "pretrain")).journal["loss"]

    def stop(record):
        if record["step"][-1] == 8:
            raise KeyboardInterrupt

    half = given(small, tmp_path / "b", "pretrain", save_interval=7)
    with pytest.raises(KeyboardInterrupt):
        train_pretrain.train(make_args(train_pretrain.PretrainArgs, **half), stop)
    assert train("pretrain", half | dict(from_resume=1)).steps == STEPS - 7
    assert losses(tmp_path / "b") == pytest.approx(whole, abs=1e-6)


def test_the_help_shows_the_recipe(cli, tmp_path):
    done = cli("train", "pretrain", "--help", home=tmp_path)
    assert "--recipe" in done.stdout and "minimind" in done.stdout
