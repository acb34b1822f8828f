"""各阶段的数据：捷径判不出好坏，考的没教过，每一步的运算数都归对了边，格式通得过校验。"""

import json
import random
import re
from collections import Counter

import pytest

from minimind.dataset.formats import validate
from minimind.evaluation.exact_match import score
from minimind.world import files, preferences, problems, shop
from minimind.world.facts import held_out


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    paths = files.write_world(tmp_path_factory.mktemp("world"), seed=3, scale=0.3)
    return {
        n: [json.loads(s) for s in p.read_text(encoding="utf8").splitlines()]
        for n, p in paths.items()
        if p.suffix == ".jsonl"
    }


def said(turns: list[dict]) -> str:
    return turns[-1].get("reasoning_content", "") + turns[-1]["content"]


def grams(text: str) -> Counter:
    return Counter([*text, *(text[i : i + 2] for i in range(len(text) - 1))])


@pytest.mark.parametrize("name", ["dpo", "reward"])
def test_no_shortcut_judges_the_pairs(world, name):
    good, bad = Counter(), Counter()
    for row in world[name]:
        good += grams(said(row["chosen"]))
        bad += grams(said(row["rejected"]))
    weigh = lambda s: sum(n * ((good[g] + 1) / (good[g] + bad[g] + 2) - 0.5) for g, n in grams(s).items())
    for rule in (len, lambda s: -len(s), weigh):
        won = [rule(said(r["chosen"])) - rule(said(r["rejected"])) for r in world[f"test_{name}"]]
        assert sum(0.5 if d == 0 else d > 0 for d in won) / len(won) < 0.6
    longer = [len(said(r["chosen"])) > len(said(r["rejected"])) for r in world[name]]
    assert sum(longer) / len(longer) < 0.6


@pytest.mark.parametrize("name", ["dpo", "reward"])
def test_pairs_differ_only_in_the_last_turn(world, name):
    kinds = Counter(row["kind"] for row in world[name])
    assert (
        set(kinds) == set(preferences.PAIRS) - ({"working"} if name == "reward" else set()) and min(kinds.values()) > 50
    )
    for row in world[name] + world[f"test_{name}"]:
        assert row["chosen"][:-1] == row["rejected"][:-1] and row["chosen"][-1] != row["rejected"][-1]


def test_refusing_is_right_exactly_as_often_as_wrong(world):
    sides = Counter(
        (preferences.refuses(said(r["chosen"])), preferences.refuses(said(r["rejected"]))) for r in world["dpo"]
    )
    assert abs(sides[True, False] - sides[False, True]) < 0.2 * sides[True, False] and not sides[True, True]


def asked(row: dict) -> str:
    return json.dumps(row.get("conversations") or row["chosen"][:-1], ensure_ascii=False)


@pytest.mark.parametrize("name", ["dpo", "reward", "reason", "agent", "lora_shop", "lora_identity"])
def test_held_out_rows_are_new_and_distinct(world, name):
    taught = {t["content"] for r in world[name] for t in r.get("conversations") or r["chosen"] if t["role"] == "user"}
    rows = world[f"test_{name}"]
    last = [[t for t in (r.get("conversations") or r["chosen"]) if t["role"] == "user"][-1]["content"] for r in rows]
    assert not taught & set(last) and len(rows) > 20
    if "id" in rows[0]:
        assert len({r["id"] for r in rows}) == len(rows)


def test_every_step_of_every_problem_is_on_its_side(world):
    pattern = re.compile(r"(?<!\d)(\d\d)([+-])(\d\d)(?!\d)")
    for name in ("reason", "ultra_think"):
        for row in world[name]:
            for a, op, b in pattern.findall(row["conversations"][-1]["content"]):
                assert not held_out(int(a), op, int(b)), row
    for row in world["test_reason"]:
        steps = [re.match(r"(\d+)([+-])(\d+)=(\d+)$", s).groups() for s in row["steps"]]
        assert any(held_out(int(a), op, int(b)) for a, op, b, _ in steps)
        assert all(int(c) == (int(a) + int(b) if op == "+" else int(a) - int(b)) for a, op, b, c in steps)
        assert score(f"{steps[-1][3]}。", row)


def test_reinforcement_asks_in_its_own_words(world):
    taught = {t["content"] for r in world["sft"] for t in r["conversations"] if t["role"] == "user"}
    prompts = {r["conversations"][0]["content"] for r in world["rlaif"]}
    assert len(prompts & taught) < 0.01 * len(prompts) and len(prompts) > 0.9 * len(world["rlaif"])
    assert all(r["gt"].isdigit() for r in world["rlaif"])


def test_ultra_thought_walks_back_to_the_start():
    rng = random.Random(0)
    for _ in range(200):
        p = problems.problem(rng, 3)
        assert problems.check_back(p).endswith(f"={p.steps[0][0]}")


def test_shop_goods_are_nobody_elses():
    rng = random.Random(0)
    assert len({shop.shop_row(rng)["conversations"][0]["content"] for _ in range(3000)}) > 2000
    for _ in range(200):
        item = shop.identity_item(rng, "阿星", "星光小组", rng.choice(["train", "test"]))
        assert score(item.turns[-1]["content"], item.test_row(0))


def test_every_file_passes_the_checker(world, tmp_path):
    for name, kind in {"reward": "dpo", "test_dpo": "dpo", "test_reward": "dpo", "ultra_think": "reason"}.items():
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in world[name]), encoding="utf8")
        validate(path, kind, show=False)
