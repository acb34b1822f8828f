"""自带的工具：日历真的记、会说撞、断电与坏文件都不丢；邮件只写不寄、头里塞不进东西；搜索离线、分数与裁判一致。"""

import json
import math
import threading
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default

import bm25s
import pytest
from hypothesis import given, settings, strategies as st

from minimind.inference.builtin import (
    Calendar, Index, bigrams, builtin_tools, collide, compose, hours, passages, search, which_day, write_mail
)
from minimind.inference.tools import Call, execute
from minimind.learning import paths

TODAY = date(2026, 3, 13)  # 星期五


@pytest.fixture
def diary(tmp_path):
    return Calendar(tmp_path / "calendar.json", lambda: TODAY)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 6))
def test_a_weekday_is_the_next_one(today, day):
    got = which_day("星期" + "一二三四五六日"[day], today)
    assert today <= got < today + timedelta(7) and got.weekday() == day


@given(st.text(max_size=12) | st.sampled_from(["2月29日", "13月1日", "今天 ", "周天", "0001-01-01", "9999-12-31"]))
def test_any_words_are_a_day_or_one_sentence(text):
    try:
        assert isinstance(which_day(text, TODAY), date)
    except ValueError as e:
        assert 0 < len(str(e)) < 60


@given(*[st.integers(0, 40)] * 4)
def test_collide_is_sharing_a_minute(a, b, c, d):
    one, other = (a, a + b + 1), (c, c + d + 1)
    assert collide(one, other) == collide(other, one) == bool({*range(*one)} & {*range(*other)})


@given(st.text(alphabet="0123456789:：-到 开会", max_size=14))
def test_hours_are_within_the_day_or_one_sentence(text):
    try:
        span = hours(text)
    except ValueError:
        return
    assert span is None or 0 <= span[0] < span[1] <= 25 * 60


def test_a_day_is_kept_listed_and_deleted(diary):
    diary.add("明天", "9:00-10:00 开会")
    diary.add("明天", "10:00 看牙")
    diary.add("今天", "买书")
    assert diary.show().splitlines() == ["2026-03-13 买书", "2026-03-14 9:00-10:00 开会", "2026-03-14 10:00 看牙"]
    again = Calendar(diary.path, lambda: TODAY + timedelta(1))
    assert again.show("今天").count("\n") == 1 and "买书" not in again.show()
    for day, event in (("明天", "9:59 跑步"), ("明天", "8:00-9:01 早饭"), ("明天", "10:00 看牙"), ("明天", " ")):
        with pytest.raises(ValueError):
            diary.add(day, event)
    for day, event in (("明天", "开车"), ("明天", ""), ("明天", ":00"), ("后天", "开会")):
        with pytest.raises(ValueError):
            diary.delete(day, event)
    assert len(diary.rows()) == 3 and diary.delete("明天", "看牙") == "删掉了" and len(diary.rows()) == 2


@pytest.mark.parametrize("broken", ["{", "5", '[{"day": 3, "event": "x"}]', '{"day": "2026-01-01"}', '"words"'])
def test_a_broken_file_is_not_overwritten(diary, broken):
    diary.path.write_text(broken, encoding="utf8")
    for do in (diary.show, lambda: diary.add("今天", "买书"), lambda: diary.delete("今天", "买书")):
        with pytest.raises(ValueError, match="坏了"):
            do()
    assert diary.path.read_text(encoding="utf8") == broken


def test_a_clock_mistyped_by_hand_does_not_stop_the_rest(diary):
    diary.path.write_text(json.dumps([{"day": "2026-03-13", "event": "99:99 出错"}]), encoding="utf8")
    assert diary.add("今天", "9:00 开会") == "好了" and "99:99" in diary.show()


def test_many_writers_lose_nothing(diary):
    def write(k):
        for i in range(5):
            Calendar(diary.path, lambda: TODAY).add("明天", f"第{k}-{i}件")

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(diary.rows()) == 20


def test_a_failed_write_keeps_the_old_calendar(diary, monkeypatch):
    diary.add("今天", "买书")
    monkeypatch.setattr(paths.os, "replace", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        diary.add("今天", "买笔")
    monkeypatch.undo()
    assert [r["event"] for r in diary.rows()] == ["买书"] and not list(diary.path.parent.glob("*.tmp"))


@given(st.text(max_size=30), st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_recipient_smuggles_a_header(to, body):
    try:
        raw = compose(to, body).as_bytes()
    except (ValueError, UnicodeError):
        return
    mail = message_from_bytes(raw, policy=default)
    assert {k.lower() for k in mail.keys()} <= {
        "to", "subject", "date", "x-unsent", "content-type", "content-transfer-encoding", "mime-version"
    }


def test_a_header_cannot_be_added(tmp_path):
    for to in ("小红\nBcc: all@example.com", "a@b.c\r\nX: 1", "", "  "):
        with pytest.raises(ValueError):
            write_mail(tmp_path, to, "正文")
    assert not list(tmp_path.glob("*.eml"))


def test_drafts_are_numbered_and_readable(tmp_path):
    (tmp_path / "说明.eml").write_text("")
    names = [write_mail(tmp_path, "小红", f"第{i}封。\n<b>附</b>").name for i in range(3)]
    assert names == ["0001.eml", "0002.eml", "0003.eml"]
    mail = message_from_bytes((tmp_path / "0002.eml").read_bytes(), policy=default)
    assert mail["Subject"] == "第1封" and "<b>附</b>" in mail.get_content() and mail["From"] is None


texts = st.lists(st.text(alphabet="猫狗鱼睡觉ab 1。", max_size=12), min_size=2, max_size=8)


@given(texts, st.text(alphabet="猫狗鱼睡觉ab 1", max_size=8))
@settings(max_examples=100, deadline=None)
def test_scores_equal_the_judges(docs, query):
    cut = [bigrams(d) for d in docs]
    if not any(cut) or not bigrams(query):
        return
    judge = bm25s.BM25(k1=1.5, b=0.75)
    judge.index(cut, show_progress=False)
    known = [w for w in bigrams(query) if any(w in d for d in cut)]
    mine = Index(docs).scores(query)
    want = judge.get_scores(known) if known else [0.0] * len(docs)
    assert all(math.isclose(w, mine.get(i, 0.0), rel_tol=1e-4, abs_tol=1e-5) for i, w in enumerate(want))


def test_search_reads_the_folder_it_is_given(tmp_path):
    with pytest.raises(ValueError, match="没有课程的资料"):
        search("猫", tmp_path)
    (tmp_path / "a.md").write_text("# 猫\n\n猫爱[吃鱼](x.md)。\n\n# 空\n\n# 狗\n\n狗看家。\n", encoding="utf8")
    (tmp_path / "nbs").mkdir()
    cell = {"cell_type": "markdown", "source": ["## 鸟\n", "鸟会飞。"]}
    (tmp_path / "nbs" / "1_x.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf8")
    (tmp_path / "nbs" / "2_x.ipynb").write_text('{"cells": [', encoding="utf8")
    assert passages(tmp_path) == [("a · 猫", "猫爱吃鱼。"), ("a · 狗", "狗看家。"), ("1_x · 鸟", "鸟会飞。")]


@given(
    st.sampled_from([*builtin_tools().tools]),
    st.dictionaries(st.sampled_from(["day", "event", "to", "body", "query", "text", "city"]), st.text(max_size=20)),
)
@settings(max_examples=150, deadline=None)
def test_any_call_ends_in_one_string_and_stays_in_its_folder(tmp_path_factory, name, arguments):
    folder = tmp_path_factory.mktemp("x")
    (said,) = execute([Call(name, arguments)], builtin_tools(folder / "mine", root=folder))
    assert isinstance(said, str) and said and {p.name for p in folder.iterdir()} <= {"mine"}
