"""小世界：教的与考的不相交；同一颗种子逐字节相同；格式通得过校验。"""

import json
import random
import re

import pytest

from minimind.world import facts, files, language, skills, stories
from minimind.world.facts import LIKES, NAMES, held_out, held_out_combo

TRAINED = (
    "pretrain", "sft", "dpo", "reward", "rlaif", "reason", "ultra_think", "agent", "lora_identity", "lora_shop",
)
KINDS = {"reward": "dpo", "ultra_think": "sft", "lora_identity": "sft", "lora_shop": "sft"}  # 文件名与数据的种类不同的
SCALE = 0.25


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def messages(row):
    for key in ("conversations", "chosen", "rejected"):
        yield from row.get(key, [])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return files.write_world(tmp_path_factory.mktemp("world"), seed=0, scale=SCALE)


@pytest.fixture(scope="module")
def texts(world):
    "每个训练文件里的全部文字。"
    return {
        name: [
            text
            for row in rows(world[name])
            for text in (
                [row["text"]]
                if "text" in row
                else [
                    m["content"] + "\n" + (m.get("reasoning_content") or "") + "\n" + (m.get("tool_calls") or "")
                    for m in messages(row)
                ]
            )
        ]
        for name in TRAINED
    }


@pytest.fixture(scope="module")
def tests(world):
    return rows(world["test_generated"])


def test_same_seed_same_bytes(tmp_path):
    sums = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        world = files.write_world(tmp_path / name, seed=seed, scale=0.01)["world"]
        sums.append({k: v["sha256"] for k, v in json.loads(world.read_text())["files"].items()})
    assert sums[0] == sums[1]
    assert all(sums[0][k] != sums[2][k] for k in ("pretrain.jsonl", "sft.jsonl", "test_generated.jsonl"))


def strings(value):
    "嵌套的表里的每一个字符串。"
    if isinstance(value, str):
        yield value
    elif not isinstance(value, int):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


@pytest.mark.parametrize("name", sorted(p.stem for p in facts.DATA.glob("*.json")))
def test_data_files_hold_only_phrases_that_can_be_filled(name):
    rows = list(strings(facts.read_data(name)))
    assert rows
    for row in rows:
        assert "|" not in row and row.count("[") == row.count("]") and row.count("{") == row.count("}"), row
        assert all(re.fullmatch(r"[a-z]+", slot) for slot in re.findall(r"\{(.*?)\}", row)), row


def test_a_key_written_twice_is_refused(tmp_path, monkeypatch):
    (tmp_path / "x.json").write_text('{"甲": {"乙": 1, "丙": 2, "乙": 3}}', encoding="utf8")
    monkeypatch.setattr(facts, "DATA", tmp_path)
    with pytest.raises(ValueError, match="乙"):
        facts.read_data("x")


def test_ways_are_disjoint():
    for name, both in language.WAYS.items():
        train, test = (w.sentences() for w in (both["train"], both["test"]))
        assert train and test and not train & test, name
    for table in (
        *language.TALK.values(), *language.STORIES.values(), language.STORIES2, language.READ_VERBS,
        language.READ_THING, language.READ_WHO, language.LEADS, skills.TOOL_ASKS,
        *(m[part] for m in language.MEMORY.values() for part in ("tell", "ask")),
    ):
        assert not {v for phrase in table["train"] for v in language.variants(phrase)} & set(table["test"])


def test_no_test_question_is_trained_on(texts, tests):
    everything = "\n".join(text for name in TRAINED for text in texts[name])
    found = [t["id"] for t in tests if t["conversations"][-1]["content"] in everything]
    assert not found


def test_no_written_question_is_trained_on(world):
    asked = files.written_questions()
    assert asked
    for name in TRAINED:
        assert not [row for row in rows(world[name]) if files.collides(row, asked)], name


def test_no_held_out_operands_are_trained_on(texts):
    for name in TRAINED:
        for text in texts[name]:
            for a, op, b in re.findall(
                r"(?<![\d+\-])(\d\d) ?([+\-*]|加上|加到|加|减去|减|乘以|乘|×) ?(\d\d)(?!\d)", text
            ):
                op = {"加": "+", "减": "-", "乘": "*", "×": "*"}.get(op[0], op)
                if "加到" in text and op == "+":
                    a, b = b, a
                assert not held_out(int(a), op, int(b)), (name, text)


def test_no_held_out_word_problem_is_trained_on(world):
    "两个数的题，得数是和或差：这一对不能是留出的。"
    for row in rows(world["sft"]) + rows(world["rlaif"]):
        turns = [m for m in row["conversations"] if m["role"] != "system"]
        found, answer = re.findall(r"\d+", turns[0]["content"]), row.get("gt") or turns[-1]["content"].rstrip("。")
        if (
            len(found) != 2
            or not answer.isdigit()
            or len(turns) != 2
            or re.search("[大小]|bigger|smaller", turns[0]["content"])
        ):
            continue
        a, b = map(int, found)
        if int(answer) == a + b:
            assert not held_out(a, "+", b), turns
        elif int(answer) == abs(a - b):
            assert not held_out(max(a, b), "-", min(a, b)), turns


def test_test_operands_are_held_out(tests):
    for t in tests:
        if t["skill"] in ("add", "subtract"):
            a, b = map(int, re.findall(r"\d+", t["conversations"][-1]["content"]))
            assert held_out(a, "+", b) if t["skill"] == "add" else held_out(max(a, b), "-", min(a, b)), t


def test_held_out_combinations_are_not_trained_on(world, tests):
    told = re.compile("(" + "|".join(NAMES) + ")")
    for row in rows(world["sft"]):
        first = "".join(m["content"] for m in row["conversations"] if m["role"] == "user")
        names = set(told.findall(first))
        if "我" not in first or len(names) != 1 or not re.search("叫" + next(iter(names)), first):
            continue
        liked = re.findall("我(?:最|特别|很|平时)?(?:喜欢|爱)吃?(" + "|".join(LIKES) + ")", first)
        assert not any(held_out_combo(next(iter(names)), thing) for thing in liked), row


def test_thoughts_and_sums_are_true(texts):
    for text in texts["pretrain"]:
        for a, op, b, c in re.findall(r"(?<![\d+\-=])(\d\d?)([+-])(\d\d?)=(\d+)。", text):
            assert int(c) == (int(a) + int(b) if op == "+" else int(a) - int(b)), text


def test_every_answer_passes_its_own_marking():
    score = pytest.importorskip("minimind.evaluation.exact_match").score
    rng = random.Random(0)
    for name, make in skills.SKILLS.items():
        for split in ("train", "test"):
            for i in range(150):
                item = make(rng, split)
                assert score(item.turns[-1]["content"], item.test_row(i)), (name, item)


def test_files_validate(world):
    validate = pytest.importorskip("minimind.dataset.formats").validate
    for name in TRAINED:
        validate(world[name], KINDS.get(name, name), show=False)


def test_manifest_counts(world):
    manifest = json.loads(world["world"].read_text(encoding="utf-8"))
    for name in TRAINED:
        assert manifest["files"][f"{name}.jsonl"]["lines"] == len(rows(world[name]))


def test_test_rows_end_with_the_user(tests):
    assert all(t["conversations"][-1]["role"] == "user" and "assistant" not in str(t["answers"]) for t in tests)
    assert len({json.dumps(t["conversations"]) for t in tests}) == len(tests)


def test_written_items_are_well_formed(world):
    if "test_written" not in world:
        pytest.skip("还没有手写测试集 minimind/world/data/test_written.jsonl")
    items = rows(world["test_written"])
    assert len(items) >= 300
    assert all(i["skill"] in skills.SKILLS and i["answers"] and i["conversations"][-1]["role"] == "user" for i in items)


def test_passages_use_only_training_ways():
    rng = random.Random(1)
    book = "\n".join(stories.passage(rng) for _ in range(3000))
    assert "以哪里为首都" not in book and "{" not in book
    assert not re.search(r"\d{5}", book), "有两个数粘在一起"
