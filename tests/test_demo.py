"""全程演示：数据、分词器、两个阶段、考试、报告都走一遍（缩小的），再用命令行接着用它的结果。"""

import json
from html.parser import HTMLParser

import pytest

from minimind.evaluation.exact_match import Report, Score
from minimind.serving.report import curve_svg, pick_samples, skill_rows, write_report

NASTY = '<script>alert(1)</script><img src="http://example.com/x.png" onerror="alert(2)"> & "引号"'


class Page(HTMLParser):
    "一页 HTML 里的标签、外部地址、事件属性与文字。"

    def __init__(self, path):
        super().__init__()
        self.tags, self.links, self.handlers, self.words = set(), [], [], []
        self.feed(path.read_text(encoding="utf8"))
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [v for k, v in attrs if k in ("src", "href", "srcset", "data")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]

    def handle_data(self, data):
        self.words.append(data)


def check_self_contained(page: Page):
    assert not page.tags & {"script", "link", "iframe", "object", "embed"} and not page.handlers
    assert not [v for v in page.links if not v.startswith("data:")]
    assert "url(" not in page.text and "@import" not in page.text


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    from conftest import run

    home = tmp_path_factory.mktemp("demo")
    narrow = dict(PYTHONUTF8="0", PYTHONIOENCODING="ascii")  # 写不出汉字与 emoji 的终端：照样练完，报告照样写成
    done = run("demo", "--quick", "--seed", "7", home=home, timeout=280, **narrow)
    assert done.returncode == 0, done.stderr[-2000:]
    return home, done.stdout


def test_quick_demo_leaves_everything_it_promises(demo):
    home, said = demo
    folder = home / "out" / "quick" / "demo"
    names = {p.name for p in folder.iterdir()}
    assert {
        "metrics.jsonl", "curves.png", "report.html", "results.json", "pretrain_144.pth", "full_sft_144.pth",
        "full_sft_144.json",
    } <= names
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert all(f"[{i}/7]" in said for i in range(1, 8)) and "minimind chat" in said and "\\U0001f916" in said
    results = json.loads((folder / "results.json").read_text(encoding="utf8"))
    assert results["seed"] == 7 and results["params"] > 500_000 and set(results["after"]) == {"generated", "written"}
    assert results["bits_per_byte"]["after"] < results["bits_per_byte"]["before"] and len(results["steps"]) == 7
    stages = [json.loads(line)["stage"] for line in (folder / "metrics.jsonl").read_text(encoding="utf8").splitlines()]
    assert set(stages) == {"pretrain", "full_sft"}


def test_quick_demo_never_touches_the_real_one(demo):
    home, _ = demo
    assert {p.name for p in (home / "out").iterdir() if not p.name.startswith(".")} == {"quick"}


def test_report_is_self_contained(demo):
    home, _ = demo
    page = Page(home / "out" / "quick" / "demo" / "report.html")
    check_self_contained(page)
    assert "svg" in page.tags and "两位数加法" in page.text and "聊两句" in page.text


def test_chat_and_eval_work_on_the_result(demo, cli):
    home, _ = demo
    said = cli("chat", "--ask", "你好", "--max_new_tokens", 8, "--open_thinking", 0, home=home)
    assert said.returncode == 0, said.stderr
    assert "🤖" in said.stdout and "个/秒" in said.stdout
    marks = cli("eval", "--limit", 5, home=home)
    assert marks.returncode == 0, marks.stderr
    assert marks.stdout.count("：5 题") == 2 and "合计" in marks.stdout
    seen = cli("info", home=home)
    assert seen.returncode == 0 and "quick/demo/full_sft_144.pth" in seen.stdout


def test_report_escapes_whatever_the_model_says(tmp_path):
    report = Report(
        by_skill={"capital": Score(1, 2)},
        samples=[
            dict(
                id="1", skill=NASTY, question=NASTY, prediction=f"<think>{NASTY}</think>{NASTY}", answers=[NASTY],
                ok=False,
            )
        ],
    )
    records = [dict(step=s, loss=6 / s, lr=1e-3) for s in (1, 2, 3)]
    path = write_report(
        tmp_path / "r.html", date=NASTY, machine=NASTY, seed=1, params=9, tiles=[dict(value=NASTY, label=NASTY)],
        bits=dict(before=3.0, after=1.0), curves=[curve_svg(records, NASTY)],
        tables=[dict(title=NASTY, note=NASTY, rows=skill_rows(Report(), report), total=2, correct=1)],
        thinking=[dict(name=NASTY, n=1, plain=0.5, thought=1.0)], samples=pick_samples(report), talk=[(NASTY, NASTY)],
        timings=[dict(name=NASTY, seconds=1.0)],
    )
    page = Page(path)
    check_self_contained(page)
    assert "img" not in page.tags and page.text.count(NASTY) >= 12


@pytest.mark.parametrize("loss", [[float("nan")], [0.0], [5.0, float("inf"), 3.0]])
def test_odd_losses_still_draw(loss):
    svg = str(curve_svg([dict(step=i + 1, loss=v, lr=0.0) for i, v in enumerate(loss)], "怪"))
    assert svg.startswith("<svg") and "nan" not in svg and "inf" not in svg


def test_every_dialogue_fits_in_a_row_of_the_preset(tmp_path):
    "工具对话最长：行留短了，`</tool_call>` 与之后的回答就被截断，永远学不到。"
    from minimind.dataset.datasets import SFTDataset
    from minimind.serving.demo import VOCAB_SIZE
    from minimind.tokenizer.fast import train_tokenizer
    from minimind.trainer.arguments import TrainArgs
    from minimind.world.files import write_world

    room = TrainArgs.nano["max_seq_len"]
    paths = write_world(tmp_path / "world")  # 要整个世界：文字少了，分词器会把说明书并得更短
    tok = train_tokenizer(paths["tokenizer"].read_text(encoding="utf8").splitlines(), VOCAB_SIZE)
    longest = sorted(paths["sft"].read_text(encoding="utf8").splitlines(), key=len)[-3000:]
    (tmp_path / "longest.jsonl").write_text("\n".join(longest), encoding="utf8")
    lengths = SFTDataset(tmp_path / "longest.jsonl", tok, room, cache=tmp_path / "cache").store.lengths
    assert 200 < lengths.max() <= room
