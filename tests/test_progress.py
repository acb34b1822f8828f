"""路线、读过的章、今天的计划：一处算好，终端、网页、小窗口看的是同一份。"""

import importlib.util
import json
import re
import sys

import pytest

from minimind.learning import exercises, notes_store, notes_write, study
from minimind.learning.errors import UserError
from minimind.learning.notes_store import INDEX, LOG, course, floors, progress_rows, read_chapters
from minimind.learning.paths import ROOT
from minimind.learning.route import ROUTE, SPEEDS, card_minutes, chapters, find_chapter, hours, minutes_of, route
from minimind.learning.study import next_card, next_chapter, overview, overview_lines, plan, progress_widget

ROPE = "3_model/30_rope.ipynb"


@pytest.fixture
def book(tmp_path, monkeypatch):
    "一份新的笔记，今天的条目已经有了；进度是空的。"
    monkeypatch.setenv("MINIMIND_TODAY", "2026-11-21")
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path / "home"))
    notes_write.init(tmp_path / "n")
    notes_write.log("今天", tmp_path / "n")
    return tmp_path / "n"


def log_of(folder):
    return (folder / LOG).read_text(encoding="utf8")


def pass_cards(*ids):
    exercises.progress_file().parent.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps({"id": id, "time": "2026-11-20T08:00:00+08:00"}) + "\n" for id in ids]
    exercises.progress_file().write_text("".join(rows), encoding="utf8")


# ---------- 路线 ----------


def test_every_step_of_the_route_is_a_chapter_and_every_chapter_states_its_time():
    assert len(route()) == sum(map(len, ROUTE.values()))
    assert all(c.minutes > 0 for c in chapters()), [c.path for c in chapters() if not c.minutes]
    assert {name for _, _, parts, practise, *_ in SPEEDS for name in parts + practise} <= {zh for zh, _ in ROUTE}


def test_the_same_route_stands_in_all_four_places():
    spec = importlib.util.spec_from_file_location("route_tool", ROOT / "tools" / "route.py")
    tool, before = importlib.util.module_from_spec(spec), list(sys.path)
    try:
        sys.path.insert(0, str(ROOT / "tools"))
        spec.loader.exec_module(tool)
    finally:
        sys.path[:] = before
    assert not tool.stale(), f"{list(tool.stale())} 的路线旧了；运行 python tools/route.py"
    for name, (_, english) in tool.PAGES.items():
        page = (ROOT / name).read_text(encoding="utf8")
        assert all((en if english else zh) in page for steps in ROUTE.values() for _, zh, en in steps), name


def test_hours_are_twice_what_the_chapters_state():
    stated = {c.path: c.minutes for c in chapters()}
    main = sum(stated[f"{path}.ipynb"] for path, *_ in ROUTE["主线", "Main line"])
    assert hours(("主线",), ()) == 2 * main / 60
    everything = hours((), ())
    assert everything == pytest.approx(2 * (sum(stated.values()) + sum(card_minutes().values())) / 60)


def test_card_minutes_are_those_of_the_cards():
    import minimind.exercises.attention  # noqa: F401
    import minimind.exercises.rope  # noqa: F401

    for name in ("attention", "rope"):
        want = sum(c.minutes for id, c in exercises.CARDS.items() if id.startswith(f"{name}."))
        assert card_minutes()["3_model", name] == want > 0


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("读二十五分钟，运行五秒", 25), ("一个半小时，可以分两次", 90), ("半小时", 30), ("两张卡一共三十分钟", 30),
        ("几秒", 0),
    ],
)
def test_stated_times_are_read(text, want):
    assert minutes_of(f"**大约多久**：{text}。") == want


# ---------- 读过的章 ----------


@pytest.mark.parametrize(
    "words",
    [
        "读完 30_rope", "读完 30_rope.ipynb", "读完 旋转位置", "读完旋转位置编码：RoPE", "读完了 《旋转位置》。",
        "读完 `rope`", "读完 nbs/3_model/30_rope.ipynb", "读完 my-nbs/3_model/30_rope.ipynb",
        "读完 [旋转位置](nbs/3_model/30_rope.ipynb)",
    ],
)
def test_done_counts_the_chapter(book, words):
    assert "算读过了" in notes_write.done(words, book)
    assert words.rstrip("。") in log_of(book) and read_chapters(log_of(book)) == {ROPE: "2026-11-21"}
    assert list(overview(book).read) == [ROPE]
    assert re.search(r"\| 3 模型 \| 1/\d+ .*2026-11-21", (book / INDEX).read_text(encoding="utf8"))


@pytest.mark.parametrize(
    "words", ["读完一本小说", "读完", "没读完 30_rope", "重读 30_rope", "读完 99_nothing", "读完 30_rope 的一半"]
)
def test_other_words_stay_plain_items(book, words):
    assert "算读过" not in notes_write.done(words, book)
    assert f"- [x] {words.strip()}" in log_of(book) and not read_chapters(log_of(book))


def test_an_ambiguous_name_asks_which_and_writes_nothing(book):
    before = log_of(book)
    with pytest.raises(UserError, match="20_sampling.*94_rollout"):
        notes_write.done("读完 采样", book)
    assert log_of(book) == before
    assert "算读过了" in notes_write.done("读完 94_rollout", book)


def test_only_ticked_items_outside_code_count(book):
    text = "- [ ] 读完 30_rope\n\n```\n- [x] 读完 30_rope\n```\n读完 30_rope\n"
    assert read_chapters(f"### 2026-11-21: 一\n\n{text}") == {}
    notes_write.done("读完 旋转位置", book, later=True)
    assert not overview(book).read and "算读过了" in notes_write.done("读完 旋转位置", book)
    assert log_of(book).count("旋转位置") == 1 and list(overview(book).read) == [ROPE]


def test_the_record_survives_new_names_and_numbers(book):
    notes_write.done("读完 旋转位置", book)
    for new in ("28_rope", "30_rope"):
        later = [c for c in chapters() if c.path != ROPE]
        later.append(type(later[0])(f"3_model/{new}.ipynb", "转一转", "转一转", 45))
        hits = [notes_store.read_item(text, later) for _, _, text in notes_store.boxes(log_of(book))]
        assert [[c.file for c in found] for found in hits] == [[new]]


def test_the_first_day_is_kept(book, monkeypatch):
    notes_write.done("读完 30_rope", book)
    monkeypatch.setenv("MINIMIND_TODAY", "2026-11-25")
    notes_write.log("又一天", book)
    notes_write.done("读完 30_rope", book)
    assert read_chapters(log_of(book)) == {ROPE: "2026-11-21"}


def test_every_chapter_can_be_named_by_its_file():
    book = chapters()
    assert all(find_chapter(c.file, book) == find_chapter(c.path, book) == [c] for c in book)


def test_floors_count_every_chapter_also_without_exercises():
    rows = floors({}, {})
    assert sum(f.chapters for f in rows) == len(chapters()) and rows[0].chapters > rows[0].practised
    here = [p for p in (ROOT / "nbs" / "0_learning").glob("*.ipynb") if not p.stem.endswith("_exercises")]
    assert rows[0].chapters == len(here) + 2  # 40_exercises 讲的是练习引擎；还有课程的入口
    every = {id: {} for *_, cards in course() for id in cards}
    done = floors(every, {c.path: "2026-11-21" for c in chapters()})
    assert all((f.read, f.whole, f.passed) == (f.chapters, f.practised, f.cards) for f in done)
    assert progress_rows(every)[-1].count("/") == 3


# ---------- 今天的计划 ----------


def test_the_plan_walks_the_route_and_then_the_rest():
    seen, order = {}, []
    while found := next_chapter(seen):
        seen[found[1].path] = ""
        order.append(found[1].path)
    steps = [c.path for _, c in route()]
    assert order[: len(steps)] == steps and sorted(order) == sorted(c.path for c in chapters())
    assert plan(seen, [id for *_, cards in course() for id in cards]) == study.Plan("", None, 0.0, None, 0)


def test_the_next_card_follows_the_route():
    passed, chapters_of = [], {id: title for _, title, _, cards in course() for id in cards}
    while card := next_card(passed):
        passed.append(card.id)
    titles = list(dict.fromkeys(chapters_of[id] for id in passed))
    have = [c.title for _, c in route() if c.title in titles]
    assert titles[: len(have)] == have and len(passed) == len(chapters_of)


def test_three_faces_show_the_same(book, monkeypatch, capsys):
    pass_cards("bpe.best_pair")
    notes_write.done("读完 00_start", book)
    notes_write.ask("为什么？", "因为。", folder=book)
    now = overview(book)
    assert (now.main, now.plan.chapter.file, now.plan.due, now.asked) == ((1, 11), "10_bpe", 1, 1)
    text, window = "\n".join(overview_lines(now)), progress_widget(book).children[0].value
    for page in (text, window):
        assert now.plan.chapter.title in page and now.plan.card.id in page and "1 个问题到期" in page
        assert "读完 10_bpe" in page.replace("&quot;", '"')
    from streamlit.testing.v1 import AppTest

    from minimind.serving.web_progress import progress_page

    def whole(main):
        main()

    monkeypatch.setattr(notes_store, "ROOT", book)
    app = AppTest.from_function(whole, kwargs=dict(main=progress_page), default_timeout=60).run()
    assert not app.exception and [m.value for m in app.metric][2:] == ["1", "1", "1"]
    assert any(now.plan.chapter.title in t.value for t in app.text) and "读完 10_bpe" in app.code[0].value
    from minimind.cli import main

    with pytest.raises(SystemExit) as code:
        main(["progress", "--dir", str(book)])
    assert code.value.code == 0 and capsys.readouterr().out == text + "\n"


def test_the_widget_writes_and_says_what_is_missing(book, monkeypatch):
    window = progress_widget(book)
    finish, again = window.children[1].children
    finish.click()
    assert list(overview(book).read) == ["00_start.ipynb"] and "算读过了" in window.children[2].value
    monkeypatch.setenv("MINIMIND_TODAY", "2026-11-22")
    finish.click()
    assert "notes log" in window.children[2].value and len(overview(book).read) == 1
    again.click()
    assert "读完 10_bpe" in window.children[0].value


def test_without_notes_the_exercises_are_still_there(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path))
    pass_cards("bpe.best_pair")
    now = overview(tmp_path / "none")
    assert "notes init" in now.problem and sum(f.passed for f in now.floors) == 1
    assert "notes init" in "\n".join(overview_lines(now))


def test_a_broken_review_file_leaves_the_chapters(book):
    notes_write.done("读完 30_rope", book)
    (book / ".minimind" / "review.json").write_text("{", encoding="utf8")
    now = overview(book)
    assert "读不懂" in now.problem and list(now.read) == [ROPE]


def test_my_notes_is_the_default_and_the_course_notes_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(notes_store, "ROOT", tmp_path)
    monkeypatch.setattr(study, "ROOT", tmp_path)
    (tmp_path / "nbs").mkdir()
    notes_write.init(tmp_path)
    assert notes_store.note_folder() == tmp_path and "notes init" in overview().hint
    notes_write.init(tmp_path / "my-notes")
    assert notes_store.note_folder() == tmp_path / "my-notes" and not overview().hint
    assert notes_store.note_folder(tmp_path) == tmp_path
