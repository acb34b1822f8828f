"现成的小模型：配方认得出代码改没改；只练一次；会答几句。"

import shutil

import pytest
import torch

from minimind.trainer import nano as module


@pytest.fixture
def copy(tmp_path, monkeypatch):
    "把整个包抄一份，配方从副本里算。"
    package = tmp_path / "minimind"
    shutil.copytree(module.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "PACKAGE", package)
    return package


@pytest.mark.parametrize(
    "file,matters",
    [
        ("model/attention.py", True), ("trainer/loop.py", True), ("world/skills.py", True),
        ("world/data/test_written.jsonl", True), ("tokenizer/fast.py", True), ("trainer/nano.py", True),
        ("learning/plotting.py", False), ("lab/parity.py", False), ("serving/demo.py", False),
    ],
)
def test_recipe_follows_exactly_the_code_that_trains(copy, file, matters):
    before = module.recipe()
    with open(copy / file, "a", encoding="utf8") as f:
        f.write("\n")
    assert (module.recipe() != before) == matters


def test_the_steps_and_seeds_are_part_of_the_recipe(monkeypatch):
    before = module.recipe()
    for name, value in dict(SCALE=0.5, WORLD_SEED=1, SEED=43, VOCAB_SIZE=1024, STEPS={"pretrain": 1}).items():
        with monkeypatch.context() as m:
            m.setattr(module, name, value)
            assert module.recipe() != before, name


def test_it_answers_and_the_second_call_trains_nothing(nano, monkeypatch):
    from minimind.inference.chat import ChatSession
    from minimind.inference.sampling import SamplingParams

    monkeypatch.setattr(module, "build", lambda folder: pytest.fail("又练了一遍"))
    model, tokenizer, folder = module.nano_model()
    assert folder == nano[2] and not model.training
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), nano[0].parameters()))
    greedy = SamplingParams(temperature=0.0, top_p=1.0)
    asked = {"法国的首都是哪里？": "巴黎", "日本的首都是哪里？": "东京", "小猫怎么叫？": "喵"}
    right = [
        answer in ChatSession(model, tokenizer, params=greedy, max_new_tokens=24).reply(question)["answer"]
        for question, answer in asked.items()
    ]
    assert sum(right) >= 2, right


def test_everything_a_later_stage_starts_from_is_there(nano):
    folder = nano[2]
    names = {p.name for p in folder.iterdir()}
    assert {"pretrain_144.pth", "pretrain_144.json", "full_sft_144.pth", "full_sft_144.json", "tokenizer"} <= names
    worlds = {p.stem for p in (folder / "world").glob("*.jsonl")}
    assert {"pretrain", "sft", "dpo", "rlaif", "reason", "agent", "test_generated", "test_written"} <= worlds
