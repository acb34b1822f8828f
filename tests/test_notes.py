"""笔记引擎：写进去的字一个不丢，编号与链接跟着走，断电与抢写都收得了场。"""

import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from markdown_it import MarkdownIt

from minimind.learning import notes, notes_check, notes_review, notes_store, notes_write
from minimind.learning.errors import UserError
from minimind.learning.exercises import progress, progress_table
from minimind.learning.notes import (
    KB, apply_edits, decode, encode, headings, insert_question, lines_of, links, questions, renumber
)
from minimind.learning.notes_store import (
    AGENTS, GUIDE, INDEX, LOG, MATERIALS, README, ROOT, course, editing, read_notes,
)

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    "真的断电这里演不了，落盘（fsync）只会让磁盘忙时的测试慢几十倍；写入的次序不受影响。"
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.fixture
def book(tmp_path, monkeypatch):
    "一份放好模板的笔记；今天是 2026-11-21，进度记在别处。"
    monkeypatch.setenv("MINIMIND_TODAY", "2026-11-21")
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path / "home"))
    notes_write.init(tmp_path / "n")
    return tmp_path / "n"


def text_of(folder, name):
    return decode((folder / name).read_bytes())


# ---------- 性质：随便什么文件 ----------

PIECES = [
    "# 标题", "## 目录", "## 问答记录", "## 1. 模型", "### Q{n}: 为什么{n}？", "**Q{n}：全角{n}？**",
    "- **Q{n}**：列表里", "#### ⭐️ Q{n}: 星", "**A**: 答。", "主题：模型",
    "见 [Q{n}](knowledge_base.md)、[Q{n}](knowledge_base.md#q{n}-为什么{n})", "`[Q{n}](knowledge_base.md)`",
    "```python", "```", "~~~", "---", "<!-- 注释", "-->", "", "<!-- minimind:toc -->", "<!-- /minimind:toc -->",
    "| [Q{n}](#q{n}-为什么{n}) | 表 |", "### 2026-11-{n}：主题", "- [ ] 待办 {n}", "旧式标题", "===",
    "正文\u2028怪字符\x0b", "> ### Q{n}: 引用里", "    ### Q{n}: 缩进代码",
]
line = st.builds(lambda p, n: p.replace("{n}", str(n)), st.sampled_from(PIECES), st.integers(1, 12))
page = st.builds(
    lambda rows, eol, end, bom: ("\ufeff" if bom else "") + eol.join(rows) + end, st.lists(line, max_size=25),
    st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["", "\n", "\r\n"]), st.booleans(),
)


def bare(text):
    "把引擎拥有的数字与题目换成占位，剩下的应当一字不差。"
    return re.sub(r"Q[0-9]+|#q[0-9]+", "Q_", text)


@quick
@given(st.one_of(st.binary(max_size=400), page.map(encode)))
def test_reading_and_writing_back_is_the_identity(data):
    text = decode(data)
    assert encode(text) == data
    body = text.removeprefix("\ufeff")
    assert "".join(text[l.start : l.stop] for l in lines_of(text)) == body
    for q in questions(text):
        assert text[slice(*q.digits)].isdigit() and int(text[slice(*q.digits)]) == q.number
    for l in links(text):
        assert text[slice(*l.span)] == l.target
    for h in headings(text):
        assert h.start <= h.stop <= len(text)
    assert apply_edits(text, []) == text


HOSTILE = st.one_of(page, st.text("#=->`~*_+ \t\n\r12.)<!?/pre:|甲\x00\x0b\u2028", max_size=120), st.text(max_size=80))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(HOSTILE)
def test_headings_and_code_are_those_of_markdown_it(text):
    "对照：整份直接交给 markdown-it（不关任何规则），标题的行与级别、代码块的行都要一样。"
    assume(not text.removeprefix("\ufeff").startswith("---"))  # 文件头它不认得，另有一条测试
    tokens = MarkdownIt("commonmark").enable("table").parse(text.removeprefix("\ufeff"))
    want = [(t.map[0], int(t.tag[1])) for t in tokens if t.type == "heading_open" and t.level == 0]
    got = headings(text)
    assert [(h.line, h.level) for h in got] == want
    assert [len(re.findall(r"\r\n|\r|\n", text[: h.start])) for h in got] == [h.line for h in got]
    assert len({h.anchor for h in got}) == len(got)
    code = {i for t in tokens if t.type in ("fence", "code_block") for i in range(*t.map)}
    rows = lines_of(text)
    assert all(rows[i].verbatim for i in code if i < len(rows))


@quick
@given(page, st.sampled_from(["\n", "\r\n"]))
def test_front_matter_hides_its_lines_and_shifts_nothing(text, eol):
    head = eol.join(["---", "# 不是标题", "**Q1：不是问题**", "---", ""])
    body = text.removeprefix("\ufeff")
    assume(not body.startswith("---"))
    assert [line.verbatim for line in lines_of(head + body)[:4]] == [True] * 4
    shift = lambda got: [(h.line + 4, h.level, h.start + len(head), h.stop + len(head), h.anchor) for h in got]
    now = [(h.line, h.level, h.start, h.stop, h.anchor) for h in headings(head + body)]
    assert now == shift(headings(body)) and len(questions(head + body)) == len(questions(body))


@quick
@given(page, page)
def test_renumber_touches_only_the_numbers(kb, log):
    docs = {KB: kb, LOG: log}
    new = renumber(docs)
    assert [q.number for q in questions(new[KB])] == list(range(1, len(questions(kb)) + 1))
    assert all(bare(new[n]) == bare(docs[n]) for n in docs)
    assert [q.title for q in questions(new[KB])] == [q.title for q in questions(kb)]


@quick
@given(page, page, st.sampled_from(["", "模型", "别的"]), st.booleans())
def test_asking_keeps_every_other_byte(kb, log, topic, important):
    docs = {KB: kb, LOG: log}
    if lines_of(kb + "\n探")[-1].verbatim:
        return  # 末尾是没收尾的代码块：插在哪都在代码里
    new, n = insert_question(docs, "新问题？", ["新答案。"], topic, important)
    assert bare(new[LOG]) == bare(log)
    rows = lines_of(new[KB])
    at = next(i for i, l in enumerate(rows) if "新问题？" in l.text)
    count = lambda lines: sum(l.text == rows[at - 2].text for l in lines)
    opened = topic and rows[at - 2].text.endswith(topic) and count(rows) > count(lines_of(kb))
    start = rows[at - 2 if opened else at].start  # 新开的一节也是插进去的
    end = next(
        l.stop for l in rows if l.start > start and ("新答案。" in l.text if not topic else l.text == f"主题：{topic}")
    )
    strip = lambda t: re.sub(r"[\r\n]", "", bare(t)).replace("## 问答记录", "")
    assert strip(new[KB][:start] + new[KB][end:]) == strip(kb)
    asked = questions(new[KB])
    assert asked[n - 1].title == "新问题？" and [q.number for q in asked] == list(range(1, len(asked) + 1))
    assert len(asked) == len(questions(kb)) + 1


@quick
@given(st.lists(st.tuples(st.sampled_from(["模型", "训练", ""]), st.integers(0, 9)), min_size=1, max_size=7))
def test_links_follow_their_question_through_a_sequence_of_asks(asks):
    docs = {KB: "# 知识库\r\n\r\n## 1. 模型\r\n\r\n## 问答记录", LOG: ""}
    for i, (topic, _) in enumerate(asks):
        docs, n = insert_question(docs, f"题目{i}？", ["答"], topic)
        target = next(q for q in questions(docs[KB]) if q.number == n)
        docs[LOG] += f"[Q{n}]({KB}#{target.anchor}) 第{i}条 [Q{n}]({KB})\n"
    by_number = {q.number: q for q in questions(docs[KB])}
    for i, row in enumerate(docs[LOG].splitlines()):
        first, second = links(row)
        assert by_number[first.number].title == by_number[second.number].title == f"题目{i}？"
        assert first.target == f"{KB}#{by_number[first.number].anchor}"


COMMANDS = {
    "log": lambda d, s: notes_write.log(s, d),
    "done": lambda d, s: notes_write.done(s, d),
    "later": lambda d, s: notes_write.done(s, d, later=True),
    "think": lambda d, s: notes_write.think(s, d),
    "problem": lambda d, s: notes_write.problem(s, "因", "解", "训", folder=d),
    "ask": lambda d, s: notes_write.ask(s, "答", folder=d),
    "topic": lambda d, s: notes_write.ask(s, "答", topic="模型", folder=d),
}
word = st.text(st.characters(codec="utf8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda s: s.strip()
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(sorted(COMMANDS)), word), max_size=8), st.booleans())
def test_any_sequence_of_commands_keeps_what_the_user_wrote(tmp_path_factory, steps, windows):
    folder = tmp_path_factory.mktemp("n")
    os.environ["MINIMIND_TODAY"], eol = "2026-11-21", "\r\n" if windows else "\n"
    mine = {
        KB: [
            "---", "title: 我的", "---", "# 书", "## 我的小节", "随便写", "**Q1：旧问题？**", "旧答案", "## 附录",
            "```", "### Q9: 不是", "```", "末尾",
        ],
        LOG: [
            "# 日志", "", "### 2026-11-20：昨天", "- 我的格式", "### 杂记", "没有日期", "## 尾巴",
            "见 [Q1](knowledge_base.md)",
        ],
    }
    for name, rows in mine.items():
        (folder / name).write_bytes(eol.join(rows).encode())
    try:
        notes_write.log("今天", folder)
        for command, words in steps:
            COMMANDS[command](folder, words)
    finally:
        os.environ.pop("MINIMIND_TODAY")
    for name, rows in mine.items():
        text = text_of(folder, name)
        if windows:
            assert "\n" not in text.replace("\r\n", "")
        now = iter(l.text for l in lines_of(text))
        for row in rows:
            assert any(bare(row) == bare(l) for l in now), f"{name} 少了 {row!r}"  # 每行都在，次序不变
    asked = questions(text_of(folder, KB))
    assert [q.number for q in asked] == list(range(1, len(asked) + 1))


# ---------- 手写的例子：别人的习惯 ----------


def test_slugs_follow_github_in_every_awkward_case():
    for title, want in {
        "Q3：为什么 `x_y` 不行？": "q3为什么-x_y-不行", "A & B": "a--b", "C++ / C#": "c--c",
        "**粗**与 _斜_": "粗与-斜", "[链接](a.md) 后": "链接-后", "２０２６ 年": "２０２６-年", "第①章": "第章",
        "⭐ 星": "-星",
    }.items():
        assert notes.slug(title) == want, title
    assert [h.anchor for h in headings("# a\n# a-1\n# a\n# a\n")] == ["a", "a-1", "a-2", "a-3"]


def test_ask_in_a_windows_file_without_final_newline(book):
    (book / KB).write_bytes(
        "\ufeff---\r\ntitle: x\r\n---\r\n# 书\r\n\r\n## 问答记录\r\n\r\n**Q1：全角？**\r\n答".encode()
    )
    notes_write.ask("新", "答案第一行\n第二行", folder=book)
    raw = (book / KB).read_bytes()
    assert raw.startswith("\ufeff---\r\ntitle: x".encode()) and raw.count(b"\n") == raw.count(b"\r\n")
    assert "**Q1：全角？**\r\n答\r\n\r\n### Q2: 新？\r\n**A**: 答案第一行\r\n第二行\r\n".encode() in raw


def test_bad_bytes_survive_every_command(book):
    (book / LOG).write_bytes((book / LOG).read_bytes() + b"\n\xff\xfe\x80 mine\n")
    notes_write.log("今天", book)
    notes_write.done("一", book)
    assert b"\n\xff\xfe\x80 mine\n" in (book / LOG).read_bytes()


def test_links_from_material_pages_follow_too(book):
    notes_write.ask("甲？", "一", folder=book)
    readme = book / README
    readme.write_text(readme.read_text(encoding="utf8") + "\n见 [Q1](../knowledge_base.md#q1-甲)。\n", encoding="utf8")
    text = text_of(book, KB).replace("## 问答记录\n", "## 1. 头\n\n### Q7: 先来的？\n**A**: 零\n\n## 问答记录\n")
    (book / KB).write_text(text, encoding="utf8")
    notes_check.fix(book)
    assert "[Q2](../knowledge_base.md#q2-甲)" in readme.read_text(encoding="utf8")


def test_answers_that_would_break_the_page_are_refused(book):
    before = read_notes(book)
    for answer in ("```\n没收尾", "## 大标题", "甲\n### Q4: 偷偷的", "<!-- 没收尾", "  \n "):
        with pytest.raises(UserError):
            notes_write.ask("问", answer, folder=book)
    assert read_notes(book) == before


def test_sections_appear_once_and_in_order(book):
    notes_write.log("今天", book)
    for step in (
        lambda: notes_write.think("想", book),
        lambda: notes_write.done("做", book, later=True),
        lambda: notes_write.problem("错", "因", "解", folder=book),
        lambda: notes_write.done("完", book),
    ):
        step()
        step()
    got = [h.title for h in headings(text_of(book, LOG)) if h.level == 4]
    assert got == ["✅ 完成事项", "🐛 问题与解决方案", "💭 个人思考", "下一步"]


# ---------- 抢写与断电 ----------


def test_two_processes_asking_at_once_lose_nothing(book):
    notes_write.log("今天", book)
    code = (
        "import os, sys\nos.fsync = lambda fd: None\nfrom minimind.learning.notes_write import ask\n"
        "for i in range(8): ask(f'{sys.argv[1]}{i}', '答', folder='.')"
    )
    pair = [
        subprocess.Popen([sys.executable, "-c", code, who], cwd=book, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for who in "甲乙"
    ]
    assert [p.wait(timeout=120) for p in pair] == [0, 0]
    asked = questions(text_of(book, KB))
    assert {q.title for q in asked} == {f"{who}{i}？" for who in "甲乙" for i in range(8)} and [
        q.number for q in asked
    ] == list(range(1, 17))
    by_number = {q.number: q.title for q in asked}
    for link in links(text_of(book, LOG)):
        assert by_number[link.number] in lines_of(text_of(book, LOG))[link.line].text


@pytest.mark.parametrize("writes", range(5))
def test_a_crash_between_two_files_is_completed_by_check_fix(book, monkeypatch, writes):
    notes_write.log("今天", book)
    for title in ("甲", "乙"):
        notes_write.ask(title, "答", topic=title, folder=book)
    before, real, left = read_notes(book), notes_store.atomic_write, [writes]

    def dying(path, data):
        if not left[0]:
            raise SystemExit("断电")
        left[0] -= 1
        return real(path, data)

    with monkeypatch.context() as m:
        m.setattr(notes_store, "atomic_write", dying)
        try:
            notes_write.ask("丙", "答", topic="甲", folder=book)
        except SystemExit:
            pass
    crashed = read_notes(book)
    assert 0 < writes < 4 or crashed == before or writes == 4
    shown, left = notes_check.fix(book)
    after = read_notes(book)
    assert not [p for p in left if not p.notice], left
    assert [q.title for q in questions(after[KB])] == (["甲？", "乙？"] if writes == 0 else ["甲？", "丙？", "乙？"])
    number = {q.title: q.number for q in questions(after[KB])}
    for link in links(after[LOG]):
        row = lines_of(after[LOG])[link.line].text
        assert next(n for t, n in number.items() if t in row) == link.number
    assert notes_check.fix(book)[0] == "" and not notes_store.journal_of(book).exists()


def test_what_the_user_changed_after_the_crash_is_never_overwritten(book):
    plan = {n: {"before": "0" * 64, "after": "机器想写的"} for n in (KB, LOG)}
    notes_store.journal_of(book).write_text(json.dumps(plan), encoding="utf8")
    before = read_notes(book)
    notes_check.fix(book)
    assert read_notes(book)[LOG] == before[LOG] and (book / ".minimind" / f"unfinished-{LOG}").exists()


def test_an_editor_saving_in_between_is_noticed(book):
    with pytest.raises(UserError, match="别的程序"):
        with editing(book) as docs:
            docs[LOG] += "机器\n"
            (book / LOG).write_text("人刚存的\n", encoding="utf8")
    assert text_of(book, LOG) == "人刚存的\n"


# ---------- 体检 ----------


def problems(folder):
    return [p for p in notes_check.check(folder) if not p.notice]


def test_shipped_notes_have_no_problems():
    assert [str(p) for p in problems(ROOT)] == []


def test_shipped_guide_is_the_template():
    assert (ROOT / GUIDE).read_bytes() == notes_write.TEMPLATES[GUIDE].read_bytes()


def test_a_fresh_set_has_no_problems_and_check_changes_nothing(book):
    before = {p: p.stat().st_mtime_ns for p in book.rglob("*")}
    assert problems(book) == []
    assert {p: p.stat().st_mtime_ns for p in book.rglob("*")} == before


def test_each_kind_of_damage_names_its_file_and_line(book):
    (book / LOG).write_text(
        "# 日志\n\n### 2026-11-20: 甲\n\n- 收获：…\n- 见 [无](没有.md)\n\n"
        "### 2026-11-19: 乙\n\n### 2027-01-01: 丙\n\n### 2026-2-30：丁\n",
        encoding="utf8",
    )
    (book / KB).write_text("# 书\n## 2. 甲\n### Q2: 一？\n见 [断](#没有)\n<!-- minimind:toc -->\n", encoding="utf8")
    (book / "learning_materials" / "lonely.py").write_text("")
    got = {(p.file, p.line) for p in problems(book)}
    assert {(LOG, n) for n in (5, 6, 8, 10, 12)} | {(KB, n) for n in (2, 3, 4, 5)} | {(README, 1)} <= got


def test_chapters_that_point_at_the_notes_are_checked(book):
    (book / "nbs").mkdir()
    cell = lambda text: {"cell_type": "markdown", "source": text.splitlines(True)}
    (book / "nbs" / "1_a.ipynb").write_text(
        json.dumps(
            {"cells": [cell("# 章"), cell("好 [目录](../knowledge_base.md#目录)\n坏 [旧](../knowledge_base.md#旧的)")]}
        ),
        encoding="utf8",
    )
    [found] = problems(book)
    assert (found.file, found.line) == ("nbs/1_a.ipynb", 2) and "第 2 格" in found.what


def test_fix_shows_the_diff_and_leaves_the_rest_alone(book):
    notes_write.ask("甲", "见 [Q1](#q1-甲)", folder=book)
    text = text_of(book, KB).replace("### Q1", "### Q4").replace("**A**", "我的格式  \n**A**")
    (book / KB).write_bytes(encode(text))
    shown, left = notes_check.fix(book)
    assert "-### Q4: 甲？" in shown and "+### Q1: 甲？" in shown and not [p for p in left if not p.notice]
    assert text_of(book, KB) == text.replace("### Q4", "### Q1")


# ---------- 复习 ----------


def test_review_follows_the_question_not_the_number(book, monkeypatch):
    for title in ("甲", "乙"):
        notes_write.ask(title, "答" + title, topic=title, folder=book)
    assert notes_review.grade("甲？", 4, book) == "2026-11-25"
    notes_write.ask("插在中间", "答", topic="甲", folder=book)
    assert [q.title for q, _ in notes_review.due_questions(book)] == ["插在中间？", "乙？"]
    monkeypatch.setenv("MINIMIND_TODAY", "2026-11-25")
    assert notes_review.due_questions(book)[0][0].title == "甲？"


def test_forgotten_questions_come_back_in_the_same_round(book):
    notes_write.ask("甲", "一", folder=book)
    notes_write.ask("乙", "二", folder=book)
    replies, said = iter(["", "1", "", "3", "", "4"]), []
    assert notes_review.review(book, ask_user=lambda _: next(replies), say=said.append) == 3
    assert [s.split()[-1] for s in said if "还有" in s] == ["甲？", "乙？", "甲？"]
    assert (
        json.loads(notes_review.review_file(book).read_text(encoding="utf8"))["cards"][notes_review.key_of("甲？")][
            "due"
        ]
        == "2026-11-22"
    )


# ---------- 状态文件里什么都可能有 ----------

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
ODD = st.one_of(JSON, st.sampled_from(["2026-11-21", "20261121", "2026-13-01", "6", -1, 1e999, 10**30, "\ud800", True]))
card = st.fixed_dictionaries({}, optional={"interval": ODD, "ease": ODD, "due": ODD, "title": ODD})
CARD_KEY = notes_review.key_of("甲？")
review = st.one_of(JSON, st.fixed_dictionaries({"cards": st.one_of(JSON, st.fixed_dictionaries({CARD_KEY: card}))}))
step = st.one_of(JSON, st.fixed_dictionaries({}, optional={"before": ODD, "after": ODD}))
file = st.sampled_from([KB, LOG, "../外面.md", "/tmp/外面.md", f"{MATERIALS}/../../外面.md", f"{MATERIALS}/a.md"])
journal = st.one_of(JSON, st.dictionaries(st.one_of(file, st.text(max_size=8)), step, max_size=3))
passed = st.one_of(JSON, st.fixed_dictionaries({"id": ODD}, optional={"time": ODD, "tries": ODD}))


@quick
@given(review)
def test_any_review_file_gets_an_answer_or_one_sentence(book, value):
    if "甲" not in text_of(book, KB):
        notes_write.ask("甲", "一", folder=book)
    given_text = json.dumps(value)
    notes_review.review_file(book).write_text(given_text, encoding="utf8")
    for use in (lambda: notes_review.due_questions(book), lambda: notes_review.grade("甲？", 3, book)):
        try:
            use()
        except UserError as error:
            assert str(notes_review.review_file(book)) in str(error) and "\n" not in str(error)
            assert notes_review.review_file(book).read_text(encoding="utf8") == given_text  # 读不懂的不动它


@quick
@given(journal)
def test_any_journal_stays_inside_and_says_one_sentence(book, value):
    notes_store.journal_of(book).write_text(json.dumps(value), encoding="utf8")
    try:
        notes_write.log("主题", book)
    except UserError as error:
        assert str(notes_store.journal_of(book)) in str(error) and notes_store.journal_of(book).exists()
    assert {p.name for p in book.parent.iterdir()} <= {"n", "home"} and not os.path.exists("/tmp/外面.md")


@settings(quick, max_examples=25)
@given(st.lists(passed, max_size=4), st.sampled_from(["", "半行", "[" * 100_000]))
def test_any_progress_file_is_read(tmp_path_factory, rows, end):
    home = tmp_path_factory.mktemp("home")
    (home / ".minimind").mkdir()
    text = "\n".join([*map(json.dumps, rows), end])
    (home / ".minimind" / "progress.jsonl").write_text(text, encoding="utf8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIMIND_HOME", str(home))
        assert repr(progress_table()) and all("|" in row for row in notes_store.progress_rows(progress()))
        assert isinstance(notes_write.news("", progress()), list)


@pytest.mark.parametrize("text", ["{半截", "[" * 100_000, "", '{"cards": ' + '{"a":' * 5000, "\x00"])
def test_a_broken_state_file_is_named_and_left_alone(book, text):
    for file, use in (
        (notes_review.review_file(book), lambda: notes_review.due_questions(book)),
        (notes_store.journal_of(book), lambda: notes_check.fix(book)),
    ):
        file.write_text(text, encoding="utf8")
        with pytest.raises(UserError, match=f"{file.name} 读不懂.*没有动.*移到别处"):
            use()
        assert file.read_text(encoding="utf8") == text


@pytest.mark.parametrize("cells", [None, 3, [3], [{"cell_type": "markdown"}], [{"cell_type": "markdown", "source": 3}]])
def test_a_strange_notebook_does_not_stop_the_check(book, cells):
    (book / "nbs").mkdir()
    (book / "nbs" / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf8")
    (book / "nbs" / "b.ipynb").write_text("[]", encoding="utf8")
    assert problems(book) == []


def test_a_very_long_link_is_only_a_dead_link(book):
    (book / INDEX).write_text(text_of(book, INDEX) + f"\n[长]({'长' * 300}.md)\n", encoding="utf8")
    assert "指不到文件" in problems(book)[0].what


# ---------- 只写自己的文件夹 ----------


@pytest.mark.parametrize("name", [LOG, KB, INDEX, ".minimind", "learning_materials"])
def test_links_that_lead_outside_are_never_written_through(book, tmp_path, name):
    outside = tmp_path / "outside"
    if (book / name).is_dir():
        (book / name).rename(outside)
    else:
        outside.write_bytes((book / name).read_bytes())
        (book / name).unlink()
    (book / name).symlink_to(outside)
    before = {p: p.read_bytes() for p in [outside, *outside.rglob("*")] if p.is_file()}
    (book / "a.py").write_text("print(1)")
    tries = [
        lambda: notes_write.log("主题", book), lambda: notes_write.ask("甲", "一", folder=book),
        lambda: notes_write.material(book / "a.py", "一", book), lambda: notes_write.init(book),
    ]
    refused = 0
    for attempt in tries:
        try:
            attempt()
        except UserError as error:
            assert "外面" in str(error)
            refused += 1
    assert refused and {p: p.read_bytes() for p in [outside, *outside.rglob("*")] if p.is_file()} == before


def test_a_dangling_link_is_not_filled_in(book, tmp_path):
    (book / LOG).unlink()
    (book / LOG).symlink_to(tmp_path / "nowhere.md")
    with pytest.raises(UserError, match="外面"):
        notes_write.init(book)
    (book / "learning_materials" / "a.py").symlink_to(tmp_path / "b.py")
    (tmp_path / "a.py").write_text("print(1)")
    with pytest.raises(UserError):
        notes_write.material(tmp_path / "a.py", "一", book)
    assert not (tmp_path / "nowhere.md").exists() and not (tmp_path / "b.py").exists()


@pytest.mark.parametrize("word", ["../../外面", "/etc/外面", "..", "a/../../b", "~/外面"])
def test_words_never_become_paths(book, tmp_path, word):
    notes_write.log(word, book)
    notes_write.ask(word, word, topic=word, folder=book)
    notes_write.done(word, book)
    with pytest.raises(UserError, match="找不到文件"):
        notes_write.material(word, "一", book)
    assert {p.name for p in tmp_path.iterdir()} <= {"n", "home"}


# ---------- 混着的换行 ----------

ends = st.sampled_from(["\n", "\r\n", "\r"])
block = st.builds(
    lambda name, a, old, b, c: f"<!-- minimind:{name} -->{a}{old}{b}<!-- /minimind:{name} -->{c}",
    st.sampled_from(["toc", "by-date", "by-topic", "tree", "materials"]), ends,
    st.sampled_from(["", "旧的", "| 旧 |\r\n| 的 |", "[Q9](knowledge_base.md#q9-为什么)\r\n"]), ends, ends,
)
mixed = st.lists(st.one_of(st.builds(str.__add__, line, ends), block), max_size=9).map("".join)


def outside_blocks(text):
    "界线之外的每一行（会被改对的编号与锚点换成占位），连同它的换行。"
    spans, out, at = sorted(notes.blocks(text)[0].values()), [], 0
    for start, stop in spans:
        out.append(text[at:start])
        at = stop
    blank = lambda part: re.sub(r"(\]\([^)#\r\n]*)#[^)\r\n]*\)", r"\1#)", part)
    return [re.sub(r"[0-9]+", "0", blank(part)) for part in [*out, text[at:]]]


@quick
@given(mixed, mixed)
def test_check_fix_keeps_every_line_ending_outside_its_blocks(tmp_path_factory, kb, log):
    folder = tmp_path_factory.mktemp("mixed")
    before = {KB: kb, LOG: log}
    for name, text in before.items():
        (folder / name).write_bytes(encode(text))
    notes_check.fix(folder)
    for name, text in before.items():
        inside = {k for k in notes.blocks(text)[0]}
        assume(inside == set(notes.blocks(text_of(folder, name))[0]))
        assert outside_blocks(text_of(folder, name)) == outside_blocks(text)
    assert not [p for p in notes_check.check(folder) if p.fixable and "过时" in p.what]


# ---------- git ----------


@pytest.fixture
def repo(book):
    for args in (["init", "-q", "-b", "main"], ["config", "user.name", "t"], ["config", "user.email", "t@example.com"]):
        notes_review.git(book, *args)
    for name in ("origin", "notes"):
        notes_review.git(book, "init", "-q", "--bare", str(book.parent / f"{name}.git"))
        notes_review.git(book, "remote", "add", name, str(book.parent / f"{name}.git"))
    return book


def test_commit_takes_only_notes_and_pushes_only_to_notes(repo):
    (repo / "weights.pth").write_bytes(b"0")
    (repo / "code.py").write_text("x = 1\n")
    notes_review.git(repo, "add", "code.py")
    notes_review.commit("第一次", repo)
    assert set(notes_review.git(repo, "ls-tree", "-r", "--name-only", "HEAD").split()) == {
        INDEX, LOG, KB, GUIDE, AGENTS, README, ".gitignore"
    }
    assert not any(notes_review.git(repo.parent / f"{n}.git", "for-each-ref") for n in ("origin", "notes"))
    notes_write.log("今天", repo)
    notes_review.commit("记了今天", repo, push=True)
    assert notes_review.git(repo.parent / "notes.git", "rev-parse", "main") == notes_review.git(
        repo, "rev-parse", "HEAD"
    )
    assert notes_review.git(repo.parent / "origin.git", "for-each-ref") == ""
    assert "code.py" in notes_review.git(repo, "status", "--porcelain")


@pytest.mark.parametrize("name", ["m.pth", "d.jsonl", "big.png", "__pycache__/a.cpython.pyc"])
def test_commit_refuses_weights_data_and_caches(repo, name):
    (repo / ".gitignore").unlink()
    bad = repo / "learning_materials" / name
    bad.parent.mkdir(exist_ok=True)
    bad.write_bytes(b"0" * (2 << 20 if name == "big.png" else 1))
    with pytest.raises(UserError, match=re.escape(bad.name)):
        notes_review.commit("不该成功", repo)
    assert notes_review.git(repo, "rev-parse", "-q", "--verify", "HEAD", check=False) is None


def test_commit_without_the_notes_remote_or_a_chinese_sentence(repo):
    notes_review.git(repo, "remote", "remove", "notes")
    with pytest.raises(UserError, match="notes"):
        notes_review.commit("推一下", repo, push=True)
    for message in ("", "english only", "两行\n不行"):
        with pytest.raises(UserError, match="中文"):
            notes_review.commit(message, repo)


def test_the_remote_named_notes_is_set_up_and_origin_is_never_touched(book, tmp_path):
    course, mine = str(tmp_path / "course.git"), str(tmp_path / "mine.git")
    for url in (course, mine):
        notes_review.git(tmp_path, "init", "-q", "--bare", url)
    assert "自己的仓库" in notes_review.set_remote(mine, book)
    for args in (["config", "user.name", "t"], ["config", "user.email", "t@example.com"]):
        notes_review.git(book, *args)
    assert notes_review.git(book, "remote").split() == ["notes"] and "设好了" in notes_review.set_remote(mine, book)
    with pytest.raises(UserError, match="没有动"):
        notes_review.set_remote(str(tmp_path / "别的.git"), book)
    assert notes_review.git(book, "remote", "get-url", "notes").strip() == mine
    notes_review.commit("第一次", book, push=True)
    pushed = notes_review.git(mine, "ls-tree", "-r", "--name-only", "HEAD").split()
    assert ".gitignore" in pushed and AGENTS in pushed
    notes_review.git(book, "remote", "add", "origin", course)
    with pytest.raises(UserError, match="课程"):
        notes_review.set_remote(course, book)
    assert notes_review.git(course, "for-each-ref") == ""


@pytest.mark.parametrize("url", ["", "--upload-pack=x", "a b", "-q"])
def test_a_strange_address_is_refused(book, url):
    with pytest.raises(UserError, match="网址"):
        notes_review.set_remote(url, book)
    assert not (book / ".git").exists()


def test_an_ignored_folder_inside_the_course_becomes_its_own_repository(tmp_path):
    notes_review.git(tmp_path, "init", "-q")
    notes_review.git(tmp_path, "remote", "add", "origin", "https://example.com/course.git")
    (tmp_path / ".gitignore").write_text("/my-notes/\n")
    notes_write.init(tmp_path / "my-notes")
    with pytest.raises(UserError, match="课程"):
        notes_review.set_remote("https://example.com/course.git", tmp_path / "my-notes")
    notes_review.set_remote("https://example.com/mine.git", tmp_path / "my-notes")
    assert notes_review.git(tmp_path, "remote").split() == ["origin"]
    assert notes_review.git(tmp_path / "my-notes", "remote").split() == ["notes"]
    assert notes_review.git(tmp_path, "status", "--porcelain").split("\n")[0] == "?? .gitignore"


def test_a_topic_finds_its_section_or_opens_one_before_the_answers(book):
    page = "# 书\n\n## 目录\n\n## 4. 模型\n\n讲过的。\n\n## 问答记录\n\n### Q1: 老？\n"
    (book / KB).write_text(page, encoding="utf8")
    for title, topic in (("甲", "模型"), ("乙", "训练"), ("丙", "训练"), ("丁", "目录"), ("戊", "")):
        notes_write.ask(title, "答", topic=topic, folder=book)
    text = text_of(book, KB)
    assert [h.title for h in headings(text) if h.level == 2] == ["目录", "4. 模型", "5. 训练", "问答记录"]
    assert [q.title for q in questions(text)] == ["甲？", "乙？", "丙？", "老？", "丁？", "戊？"]
    assert "| [5. 训练](knowledge_base.md#5-训练) | 2 |" in text_of(book, INDEX)


def test_the_check_lists_of_the_guide_are_there_to_be_ticked():
    for page in (notes_write.TEMPLATES[GUIDE], notes_write.TEMPLATES[AGENTS]):
        found = notes_store.boxes(page.read_text(encoding="utf8"))
        assert len(found) > 7 and not any(ticked for _, ticked, _ in found)


def test_commit_outside_a_repository_says_what_to_do(book):
    with pytest.raises(UserError, match="git init"):
        notes_review.commit("保存", book)


# ---------- 同步 ----------


def test_sync_writes_results_once(book):
    from minimind.learning.exercises import progress_file

    progress_file().parent.mkdir(parents=True, exist_ok=True)
    cards = next(cards for _, title, _, cards in course() if "norm.rms" in cards)
    progress_file().write_text(
        "".join(json.dumps({"id": id, "time": "2026-11-21T08:00:00+08:00"}) + "\n" for id in cards), encoding="utf8"
    )
    notes_write.log("归一化", book)
    notes_write.done("做 `norm.rms`", book, later=True)
    notes_write.sync(book)
    text = text_of(book, LOG)
    assert "- [x] 做 `norm.rms`" in text and text.count("`norm.rms`") == 1 and "- [x] 学完一章：" in text
    assert re.search(r"\| 3 模型 \| 0/\d+ \| 1/\d+ \| %d/" % len(cards), text_of(book, INDEX))
    stamp = (book / LOG).stat().st_mtime_ns
    assert "没有新的成绩" in notes_write.sync(book) and (book / LOG).stat().st_mtime_ns == stamp


def test_course_knows_every_registered_card():
    found = {id for *_, cards in course() for id in cards}
    source = {
        id
        for p in (ROOT / "minimind" / "exercises").glob("*.py")
        for id in re.findall(r'^@checker\("([^"]+)"', p.read_text(encoding="utf8"), re.M)
    }
    assert source <= found, source - found


# ---------- 命令行 ----------


def test_command_line_round_trip(tmp_path, capsys, monkeypatch):
    from minimind.notes_cli import notes as group
    from minimind.trainer.arguments import run_command

    monkeypatch.setenv("MINIMIND_TODAY", "2026-11-21")
    run = lambda *argv: (run_command(group, [*argv, "--dir", str(tmp_path / "n")]), capsys.readouterr())
    assert run("log", "早")[0] == 2 and run("init")[0] == 0 and run("log", "主题")[0] == 0
    assert run("ask", "为什么", "--answer", "因为", "--topic", "模型")[0] == 0
    code, shown = run("check")
    assert code == 0 and "没有毛病" in shown.out
    (tmp_path / "n" / LOG).write_text(text_of(tmp_path / "n", LOG).replace("[Q1]", "[Q3]"), encoding="utf8")
    code, shown = run("check")
    assert code == 1 and f"{LOG}:" in shown.out and run("check", "--fix")[0] == 0
    assert run("commit", "--message", "保存")[0] == 2
