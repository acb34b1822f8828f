"""一条龙：表里每一行每一格都有，数来自模型，报告里放得进，权重找得到。"""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from minimind.learning.errors import UserError
from minimind.learning.stages import get_stage
from minimind.serving import pipeline
from minimind.serving.demo import home_of
from minimind.serving.report import SLOT, put_table


@pytest.fixture()
def demo(tmp_path, monkeypatch, nano):
    "一个像演示留下的 out/quick：分词器、微调过的权重、留着位置的报告。"
    monkeypatch.setattr(pipeline, "home_of", lambda quick: tmp_path)
    shutil.copytree(nano[2] / "tokenizer", tmp_path / "tokenizer" / "world")
    shutil.copytree(nano[2] / "tokenizer", tmp_path / "demo" / "tokenizer")
    for file in nano[2].glob("full_sft_144.*"):
        shutil.copy(file, tmp_path / "demo")
    (tmp_path / "demo" / "report.html").write_text(f"<main>{SLOT[0]}{SLOT[1]}</main>", encoding="utf8")
    return tmp_path


def test_the_whole_sequence_ends_in_one_table(demo, capsys):
    rows = pipeline.run_all(seed=1, quick=True)
    said = capsys.readouterr().out
    assert [r["title"] for r in rows] == ["微调（SFT）", *(s.title for s in pipeline.SEQUENCE)]
    spoken = set(pipeline.COLUMNS) - {"score"}
    for row in rows:
        assert set(row) - {"title"} == ({"score"} if row["title"] == "奖励模型" else spoken)
        assert all(0 <= v <= 1 for k, v in row.items() if k != "title")
    assert all(name in said for name in ["每个阶段，会什么", "工具办成", "—"])
    assert json.loads((demo / "demo" / "pipeline.json").read_text(encoding="utf8")) == {"seed": 1, "rows": rows}
    page = (demo / "demo" / "report.html").read_text(encoding="utf8")
    assert "每个阶段，会什么" in page and page.count("<tr>") == len(rows) + 1
    left = {p.name for p in (demo / "demo").rglob("*_144.pth")}
    saved = {step.save or get_stage(step.stage).weight for step in pipeline.SEQUENCE}
    saved = saved - {"lora", "full_dist"} | {"lora_shop"}
    assert {f"{name}_144.pth" for name in saved} <= left


def test_a_step_starts_where_the_table_says(demo, monkeypatch):
    "接着练的一步，从前一步存下的权重出发，存成自己的名字；各练各的都从微调出发。"
    asked = []
    monkeypatch.setattr(pipeline, "stage_args", lambda *given, **more: asked.append(more) or "args")
    monkeypatch.setattr(pipeline, "import_module", lambda name: SimpleNamespace(train=lambda args: args))
    paths = {name: demo / f"{name}.jsonl" for step in pipeline.SEQUENCE for name in step.data}
    for step in pipeline.SEQUENCE:
        pipeline.train_step_of(step, demo, demo / "demo", paths, 1, 2)
    starts = {Path(m.get("from_weight") or m["from_teacher_weight"]).name for m in asked[: len(pipeline.BRANCHES)]}
    assert starts == {"full_sft_144.pth", "tools_144.pth"}
    chain = [(Path(m["from_weight"]).stem, m["save_weight"]) for m in asked[len(pipeline.BRANCHES) :]]
    assert chain[:3] == [
        ("dpo_144", "chain_grpo"), ("chain_grpo_144", "chain_tools"), ("chain_tools_144", "chain_agent")
    ]


def test_every_number_comes_from_the_model(demo, monkeypatch):
    "换一个什么都不会的模型，表里就是零。"
    from minimind.inference.load import load_model
    from minimind.world.files import write_world

    model, tok = load_model(demo / "demo" / "full_sft_144.pth")
    paths = write_world(demo / "w", scale=0.05)
    able = pipeline.skills_of(model, tok, paths, 12)
    for p in model.parameters():
        p.data.zero_()
    unable = pipeline.skills_of(model, tok, paths, 12)
    assert able["base"] > 0.5 and unable["base"] == unable["sums"] == unable["shop"] == unable["tools"] == 0


def test_without_a_demo_it_runs_one_first(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(pipeline, "run_demo", lambda **given: asked.append(given))
    pipeline.start_of(tmp_path, fresh=False, seed=3, quick=True)
    weight = tmp_path / "demo" / "full_sft_144.pth"
    weight.parent.mkdir()
    weight.touch()
    assert pipeline.start_of(tmp_path, fresh=False, seed=3, quick=True) == weight
    pipeline.start_of(tmp_path, fresh=True, seed=4, quick=True)
    assert asked == [{"seed": 3, "quick": True}, {"seed": 4, "quick": True}]
    assert home_of(True) != home_of(False)


def test_a_page_without_a_place_is_refused(tmp_path):
    page = tmp_path / "report.html"
    page.write_text("<p>别人的页</p>", encoding="utf8")
    with pytest.raises(UserError, match="没有留放表的位置"):
        put_table(page, "表", "", ["甲"], [["乙"]])
    assert page.read_text(encoding="utf8") == "<p>别人的页</p>"
