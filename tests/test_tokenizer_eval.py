"""`minimind tokenizer eval`：每个数在小得能手算的分词器上验过，坏的输入一句话，命令与报告从头到尾。"""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from minimind.cli import several
from minimind.learning.errors import UserError
from minimind.serving.tokenizer_report import bars_svg, log_ticks, scatter_svg, tokenizer_page
from minimind.tokenizer import evaluate as ev
from minimind.tokenizer.bpe import BPETokenizer
from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

TEXTS = ["今天天气很好，我们去公园。", "the weather is nice today, 12 + 345"] * 20
RAW = BPETokenizer.train([], 256)                                              # 一个字节一个 token
AB = BPETokenizer({**RAW.vocab, "ab": 256, "12": 257}, [("a", "b"), ("1", "2")])  # 只会并 ab 与 12


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    "out/tokenizer 里有两个分词器，另有一份内容相同的副本。"
    home = tmp_path_factory.mktemp("home")
    for name, size in (("big", 420), ("tiny", 300)):
        save_tokenizer(train_tokenizer(TEXTS, size), home / "out" / "tokenizer" / name)
    save_tokenizer(train_tokenizer(TEXTS, 420), home / "out" / "zz_exported")
    return home


@pytest.fixture(scope="module")
def found(home):
    folder = home / "out" / "tokenizer"
    opened = ev.open_tokenizers([folder / "big", folder / "tiny", f"hand:{folder / 'big'}"])
    return ev.evaluate_tokenizers(opened, TEXTS, iterations=1)


def write_model(path, model, **parts):
    tok = Tokenizer(model)
    for name, part in parts.items():
        setattr(tok, name, part)
    tok.save(str(path))
    return path


# ---- 每个数 ------------------------------------------------------------------------------------------------------


def test_basic_numbers_by_hand():
    reading = ev.read_once(["abab天"], {"": AB})
    assert ev.basic(AB, reading, reading.tallies[""]) == dict(
        vocab=258, bytes_per_token=7 / 5, chars_per_token=5 / 5, longest=2, used=4 / 258
    )


def test_reading_is_one_pass_and_shared():
    looks = []

    def texts():
        for i in range(5):
            looks.append(i)
            yield f"ab{i}"

    reading = ev.read_once(texts(), {"raw": RAW, "ab": AB})
    assert looks == [0, 1, 2, 3, 4] and (reading.size, reading.chars, reading.texts) == (15, 15, 5)
    assert reading.tallies["raw"].tokens == 15 and reading.tallies["ab"].tokens == 10
    assert all(t.seconds > 0 for t in reading.tallies.values())


def test_fingerprint_knows_where_texts_end():
    sha = lambda texts: ev.read_once(texts, {"": RAW}).sha256
    assert sha(["ab", "c"]) == sha(["ab", "c"]) and len({sha(["ab", "c"]), sha(["a", "bc"]), sha(["abc"])}) == 3


@given(st.lists(st.text(max_size=12), max_size=120), st.integers(20, 200))
def test_a_sample_is_evenly_spaced_and_small(texts, limit):
    sample = ev.Sample(limit)
    for text in texts:
        sample.add(text)
    whole = [text for text in texts if text]
    assert sample.texts == whole[:: sample.step] and math.log2(sample.step).is_integer()
    assert sample.size == sum(len(t.encode()) for t in sample.texts)
    assert sample.size <= limit or len(sample.texts) == 1
    assert sample.step == 1 or sum(len(t.encode()) for t in whole[:: sample.step // 2]) > limit


def test_one_endless_line_does_not_fill_the_memory():
    sample = ev.Sample()
    sample.add("天" * 3_000_000)
    assert sample.size <= ev.SAMPLE < sample.size * 3


def test_languages_by_hand():
    zh = "".join(ev.KINDS["中文"])
    en = ev.KINDS["英文"]
    got = ev.languages(RAW)
    assert got["zh_tokens"] == 3 and got["mixed"] == 1                       # 标点也是三个字节
    assert got["en_tokens"] == sum(map(len, en)) / sum(len(line.split()) for line in en)
    assert got["zh_en"] == len(zh.encode()) / sum(map(len, en))


@pytest.mark.parametrize("tok,line,want", [
    (RAW, "天气/好", dict(units=0, precision=1 / 8, recall=1, f1=2 / 9, whole_chars=0)),
    (RAW, "a bc", dict(units=1 / 3, precision=1 / 2, recall=1, f1=2 / 3, whole_chars=1)),
    (AB, "ab ab", dict(units=1, precision=1, recall=1, f1=1, whole_chars=1)),
    (AB, "a/b", dict(units=1, precision=None, recall=0, f1=0, whole_chars=1)),    # 两个词并成一个：词没坏，刀没了
    (AB, "xa/b", dict(units=0, precision=0, recall=0, f1=0, whole_chars=1)),      # x、ab：并过了词界
    (AB, "ab", dict(units=1, precision=None, recall=None, f1=None, whole_chars=1)),
])
def test_quality_by_hand(tok, line, want):
    got = ev.quality(tok, [line])
    assert got.keys() == want.keys()
    assert all(got[k] == pytest.approx(want[k]) if want[k] is not None else got[k] is None for k in want)


def test_special_by_hand():
    assert ev.digits_per_token(AB, ["12 + 345"]) == 5 / 4       # 12、3、4、5
    assert ev.digits_per_token(RAW, ["甲"]) is None
    assert ev.special(RAW)["term_tokens"] == sum(len(t.encode()) for t in ev.KINDS["术语"]) / len(ev.KINDS["术语"])


def test_practical_numbers(found):
    got = ev.practical(RAW, ["ab"])
    assert got["embedding"] == 256 * 512 / 1e6 and got["round_trip"] == 1 and got["train_seconds"] > 0
    assert got["checks"] == sum(ev.compatibility(RAW).values()) == 2
    assert found.results["big"]["checks"] == 6 and found.results["big（手写）"]["checks"] == 4


def test_hand_and_fast_agree_on_everything_but_the_engine(found):
    a, b = found.results["big"], found.results["big（手写）"]
    assert {k for k in a if a[k] != b[k]} <= {"encode", "decode", "memory", "train_seconds", "checks"}
    assert found.kinds["big"] == found.kinds["big（手写）"]


def test_memory_grows_with_the_vocabulary():
    "真的是打开它占的：五万个 token 的，比 256 个的多几 MB。"
    few = ev.measure_memory(RAW, ["ab"])
    if few is None:
        pytest.skip("这个系统不给看进程的内存水位")
    extra = {f"{'ab'}{i}": 256 + i for i in range(50_000)}
    many = BPETokenizer({**RAW.vocab, **{t: i for t, i in extra.items()}}, [])
    assert ev.measure_memory(many, ["ab"]) > few + 2


def test_every_metric_is_measured_and_defined(found):
    keys = {m.key for m in ev.METRICS}
    assert all(set(row) == keys for row in found.results.values())
    assert {m.dimension for m in ev.METRICS} == set(ev.DIMENSIONS) and len(ev.KINDS) == 7
    assert all(m.about and m.unit and m.better in (-1, 0, 1) for m in ev.METRICS)


def test_marked_words_cover_the_text():
    for lines in ev.MARKED.values():
        for line in lines:
            text, covered = ev.unmarked(line), set()
            for a, b in ev.word_spans(line):
                assert text[a:b].strip() == text[a:b] and not covered & set(range(a, b))
                covered |= set(range(a, b))
            assert "".join(c for i, c in enumerate(text) if i not in covered).strip() == ""


# ---- 分数 --------------------------------------------------------------------------------------------------------


def test_scores_divide_by_the_best():
    got = ev.scores({"甲": dict(encode=4.0, memory=10.0, vocab=9), "乙": dict(encode=1.0, memory=40.0, vocab=1)})
    assert got["甲"]["效率"] == 1 and got["乙"]["效率"] == 0.25 and got["甲"]["基本"] == 0   # 词表没有方向
    assert ev.scores({"甲": dict(memory=0.0), "乙": dict(memory=3.0), "丙": dict(memory=None)}) == {
        name: {d: v if d == "效率" else 0.0 for d in ev.DIMENSIONS} for name, v in dict(甲=1.0, 乙=0.0, 丙=0.0).items()
    }


def test_scores_stay_between_zero_and_one(found):
    assert all(0 <= v <= 1 for row in ev.scores(found.results).values() for v in row.values())


# ---- 别家的分词器 ------------------------------------------------------------------------------------------------


def test_a_foreign_tokenizer_without_marks_is_measured(tmp_path):
    model = models.Unigram([("<unk>", 0.0), ("▁", -1.0), *((c, -2.0) for c in "abcdefghijklmnopqrstuvwxyz今天")], 0)
    parts = dict(pre_tokenizer=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace())
    tok = ev.open_tokenizer(write_model(tmp_path / "tokenizer.json", model, **parts))
    got = ev.evaluate_tokenizers({"别家": tok}, TEXTS, iterations=1).results["别家"]
    assert 0 < got["round_trip"] < 1 and got["checks"] < 6 and got["encode"] > 0
    assert ev.token_spans(tok, "今 a")[-1] == (2, 3)


def test_a_saved_truncation_does_not_cut_the_text(tmp_path):
    tok = Tokenizer.from_file(str(save_tokenizer(train_tokenizer(TEXTS, 300), tmp_path / "t") / "tokenizer.json"))
    tok.enable_truncation(4)
    tok.enable_padding(length=64)
    tok.save(str(tmp_path / "t" / "tokenizer.json"))
    opened = ev.open_tokenizer(tmp_path / "t")
    assert ev.count_tokens(opened, ["今天天气很好"]) > 4 and ev.count_tokens(opened, ["a"]) == 1


def test_a_tokenizer_that_drops_everything_has_no_number(tmp_path):
    drop = normalizers.Replace(__import__("tokenizers").Regex("."), "")
    path = write_model(tmp_path / "tokenizer.json", models.WordLevel({"<unk>": 0}, unk_token="<unk>"), normalizer=drop)
    empty = {"空": ev.open_tokenizer(path), "raw": RAW}
    found = ev.evaluate_tokenizers(empty, ["一行"], iterations=1)
    row = found.results["空"]
    assert row["bytes_per_token"] is None and row["units"] is None and row["round_trip"] < 1
    assert "—" in tokenizer_page(tmp_path / "out", found).read_text(encoding="utf8")


# ---- 坏的输入 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": 3}', '{"version": "1.0"}'])
@pytest.mark.parametrize("spec", ["{}", "hand:{}"])
def test_a_broken_tokenizer_is_one_sentence(tmp_path, content, spec):
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf8")
    with pytest.raises(UserError, match="tokenizer.json") as e:
        ev.open_tokenizer(spec.format(tmp_path))
    assert "\n" not in str(e.value)


def test_a_tokenizer_that_cannot_cut_says_so(tmp_path):
    path = write_model(tmp_path / "tokenizer.json", models.WordLevel({"a": 0}, unk_token="<没有>"))
    with pytest.raises(UserError, match="用不成"):
        ev.open_tokenizer(path)


def test_nothing_to_measure():
    for call in (
        lambda: ev.open_tokenizers([]), lambda: ev.evaluate_tokenizers({}), lambda: ev.read_once([], {"": RAW}),
        lambda: ev.read_once(["", ""], {"": RAW}), lambda: ev.open_tokenizer("nowhere/tok"),
    ):
        with pytest.raises(UserError):
            call()


@pytest.mark.parametrize("change", [
    lambda d: "{", lambda d: "[]", lambda d: "3", lambda d: json.dumps({"a": 1}),
    lambda d: json.dumps(d | {"results": {"big": {"vocab": "多"}}}),
    lambda d: json.dumps(d | {"results": {"big": {"vocab": float("nan")}}}),
    lambda d: json.dumps(d | {"results": [1]}), lambda d: json.dumps(d | {"texts": 3}),
])
def test_a_bad_baseline_is_one_sentence(found, tmp_path, change):
    path = ev.save_comparison(tmp_path / "b.json", found)
    path.write_text(change(json.loads(path.read_text(encoding="utf8"))), encoding="utf8")
    with pytest.raises(UserError, match="基线") as e:
        ev.load_comparison(path)
    assert "\n" not in str(e.value)


def test_a_baseline_comes_back_and_refuses_other_texts(found, tmp_path):
    before = ev.load_comparison(ev.save_comparison(tmp_path / "b.json", found))
    assert before == found
    before.results["big"]["vocab"] -= 20
    before.results["gone"] = before.results.pop("tiny")
    change = ev.differences(found, before)
    assert change["big"]["vocab"] == 20 and set(change) == {"big", "big（手写）"}
    assert ev.table_rows(found, change)[0]["big"].endswith("+20")
    before.texts["sha256"] = "0"
    with pytest.raises(UserError, match="同样的文字"):
        ev.differences(found, before)


# ---- 报告 --------------------------------------------------------------------------------------------------------


def test_the_report_carries_everything(found, tmp_path):
    page = tokenizer_page(tmp_path / "r", found, before=found)
    text = page.read_text(encoding="utf8")
    assert text.count("<svg") == 4 and not any(x in text for x in ("<script", "http", "url(", "src=", "@import"))
    assert all(m.about in text for m in ev.METRICS) and "big（手写）" in text
    assert ev.load_comparison(page.with_name("tokenizers.json")) == found


NUMBER = st.floats(1e-6, 1e9)


@given(st.dictionaries(st.text(max_size=8), st.tuples(NUMBER, NUMBER), min_size=1, max_size=7))
def test_pictures_stay_on_the_canvas(points):
    svg = scatter_svg(points, "x", "<y>")
    assert "nan" not in svg and "inf" not in svg and "<y>" not in svg
    for part in svg.split("<circle ")[1:]:
        x, y = (float(part.split(f'{a}="')[1].split('"')[0]) for a in ("cx", "cy"))
        assert 51 <= x <= 433 and 45 <= y <= 263
    wide = bars_svg({"组": {name: y for name, (_, y) in points.items()}}, "题").split('width="')[1:]
    assert all(0 <= float(w.split('"')[0]) <= 350 for w in wide)


@given(NUMBER, NUMBER)
def test_log_ticks_hold_the_numbers(a, b):
    ticks = log_ticks(min(a, b), max(a, b))
    assert ticks == sorted(set(ticks)) and len(ticks) >= 2
    assert ticks[0] <= min(a, b) * (1 + 1e-6) and ticks[-1] >= max(a, b) * (1 - 1e-6)


# ---- 命令 --------------------------------------------------------------------------------------------------------


def test_several_names_after_one_option():
    words = ["tokenizer", "eval", "a.txt", "--tokenizers", "x", "y", "--iterations", "3"]
    assert several(words) == ["tokenizer", "eval", "a.txt", "--tokenizers", "x,y", "--iterations", "3"]
    for same in (["tokenizer", "eval"], ["chat", "--tokenizers", "x", "y"], ["tokenizer", "eval", "--tokenizers"]):
        assert several(same) == same


def test_the_command_finds_measures_and_compares(cli, home, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "今天天气很好"}\n{"text": "nice day"}\n', encoding="utf8")
    (tmp_path / "b.txt").write_text("公园里人很多\n", encoding="utf8")
    (home / "out" / "tokenizer" / "broken").mkdir(exist_ok=True)
    (home / "out" / "tokenizer" / "broken" / "tokenizer.json").write_text("{", encoding="utf8")
    files = [tmp_path / "a.jsonl", tmp_path / "b.txt"]
    done = cli("tokenizer", "eval", *files, "--iterations", 2, home=home)
    assert done.returncode == 0, done.stderr
    assert "跳过" in done.stderr and "broken" in done.stderr
    saved = ev.load_comparison(home / "out" / "tokenizer_eval" / "tokenizers.json")
    assert list(saved.results) == ["big", "tiny", "big（手写）"]                # 副本不重复量
    assert saved.texts["count"] == 3 and saved.iterations == 2
    assert all(m.name in done.stdout for m in ev.METRICS)

    tokenizers = [home / "out" / "tokenizer" / "tiny", home / "out" / "tokenizer" / "big" / "tokenizer.json"]
    again = cli(
        "tokenizer", "eval", *files, "--tokenizers", *tokenizers, "--iterations", 1, "--output", tmp_path / "o",
        "--baseline", home / "out" / "tokenizer_eval" / "tokenizers.json", home=home,
    )
    assert again.returncode == 0, again.stderr
    assert "现在减基线" in (tmp_path / "o" / "tokenizers.html").read_text(encoding="utf8")


def test_the_command_says_what_is_wrong(cli, home, tmp_path):
    (tmp_path / "bad.json").write_text("{", encoding="utf8")
    (tmp_path / "empty.txt").write_text("", encoding="utf8")
    tiny = home / "out" / "tokenizer" / "tiny"
    for argv, word in (
        (["--tokenizers", "nowhere"], "nowhere"), ([tmp_path / "none.txt"], "none.txt"),
        (["--baseline", tmp_path / "bad.json"], "bad.json"), (["--baseline", "no.json"], "no.json"),
        ([tmp_path / "empty.txt", "--tokenizers", tiny], "文字"), (["--iterations", 0], "iterations"),
    ):
        done = cli("tokenizer", "eval", *argv, home=home)
        assert done.returncode == 2 and word in done.stderr.splitlines()[-1], (argv, done.stderr)
    assert cli("tokenizer", "eval", home=tmp_path).returncode == 2             # 一个分词器也没有


def test_other_texts_keep_the_work(cli, home, found, tmp_path):
    "基线对不上时，量好的不白量：报告照写，再说一句为什么没有比。"
    before = ev.save_comparison(tmp_path / "b.json", found)
    tiny = home / "out" / "tokenizer" / "tiny"
    done = cli(
        "tokenizer", "eval", "--tokenizers", tiny, "--iterations", 1, "--baseline", before, "--output", tmp_path / "o",
        home=home,
    )
    assert done.returncode == 2 and "同样的文字" in done.stderr and (tmp_path / "o" / "tokenizers.html").exists()
