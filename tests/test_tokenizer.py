"""第 2 层：分词器的性质、与 HF 的一致、保存的文件在别处能打开。"""

import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from minimind.learning.errors import UserError
from minimind.tokenizer import BPETokenizer
from minimind.tokenizer.bpe import bytes_to_chars, count_words, split_text
from minimind.tokenizer.evaluation import check_round_trip, compare_tokenizers, evaluate_tokenizer
from minimind.tokenizer.fast import (
    CHAT_TEMPLATE, SPECIAL_TOKENS, fingerprint, load_tokenizer, save_tokenizer, token_bytes, train_tokenizer
)

TEXTS = [
    "今天天气很好，我们一起去公园。明天天气也很好，我们明天再去。",
    "小明有 12 个苹果，小红有 23 个苹果，一共 35 个苹果。",
    "the weather is good today, the park isn't far.  \n\n\tdef f(x):\n    return x\n",
    "🙂🙂👍 naïve café ½ Ⅻ",
]
TRICKY = [
    "", " ", "  a   b  ", "\n\n\r\n\t", "👨‍👩‍👧‍👦🇨🇳👍🏽", "e\u0301\u200b\ufeff\u3000", "\x00\x1c\x85\u2028",
    "𠮷野家\U0010ffff", "a\ufffdb", "<|im_start|><think>想</think><|im_end|>", "<|im_start", "<think", "12345六七Ⅷ½",
    "it's we're I'LL", "哈" * 300,
]
ANY = st.text(st.characters(exclude_categories=["Cs"]))
KNOWN = st.text(st.characters(exclude_categories=["Cs", "Cn"]))  # 未分配的码位：两边的 Unicode 版本可能不同
PROPERTY = settings(max_examples=150, deadline=None, database=None)


def hf_train(texts, vocab_size, digits, special=()):
    tok, level = Tokenizer(models.BPE()), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.pre_tokenizer = (
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level]) if digits else level
    )
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size, special_tokens=list(special), show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    return tok


def merges_of(tok):
    return [tuple(m) for m in json.loads(tok.to_str())["model"]["merges"]]


@pytest.fixture(scope="module")
def fast():
    return train_tokenizer(TEXTS, 390)


@pytest.fixture(scope="module")
def hand():
    return BPETokenizer.train(TEXTS, 390, SPECIAL_TOKENS, single_digits=True)


# ---- 无损 ----


@PROPERTY
@given(text=ANY)
def test_round_trip_is_byte_exact(fast, hand, text):
    for tok in (fast, hand):
        ids = tok.encode(text)
        assert tok.decode(ids) == text
        assert all(isinstance(i, int) and 0 <= i < len(tok) for i in ids)
    table = token_bytes(fast)
    assert b"".join(table[i] for i in fast.encode(text)) == text.encode()


@pytest.mark.parametrize("text", TRICKY)
def test_tricky_texts_come_back(fast, hand, text):
    assert fast.decode(fast.encode(text)) == text == hand.decode(hand.encode(text))
    assert fast.encode(text) == hand.encode(text)


@PROPERTY
@given(text=ANY, digits=st.booleans())
def test_split_loses_nothing(text, digits):
    assert "".join(split_text(text, digits)) == text


@pytest.mark.parametrize("bad", ["\ud800", "好\udfff", "a\ud83d"])
def test_lone_surrogates_are_refused_in_one_sentence(hand, bad):
    for call in (
        lambda: hand.encode(bad), lambda: BPETokenizer.train([bad], 300), lambda: train_tokenizer(["好", bad], 300)
    ):
        with pytest.raises(UserError, match="代理码位"):
            call()


# ---- 与 HF 一致 ----


@PROPERTY
@given(text=KNOWN, digits=st.booleans())
def test_pre_tokenization_matches_hf(text, digits):
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    ref = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level]) if digits else level
    assert [bytes_to_chars(p.encode()) for p in split_text(text, digits)] == [p for p, _ in ref.pre_tokenize_str(text)]


@PROPERTY
@given(texts=st.lists(st.text("ab c", max_size=40) | KNOWN, max_size=4), extra=st.integers(0, 60), digits=st.booleans())
def test_training_and_ids_match_hf(texts, extra, digits):
    ref, ours = hf_train(texts, 257 + extra, digits, ["<s>"]), BPETokenizer.train(texts, 257 + extra, ["<s>"], digits)
    if not any("<s>" in t for t in texts):
        assert ours.merges == merges_of(ref) and ours.vocab == ref.get_vocab()
        for text in [*texts, "abcab<s>aabb c"]:
            assert ours.encode(text) == ref.encode(text).ids


def test_files_open_on_both_sides(tmp_path, hand):
    hand.save(tmp_path / "ours.json")
    theirs = Tokenizer.from_file(str(tmp_path / "ours.json"))
    ref = hf_train(TEXTS, 400, False, ["<|endoftext|>"])
    ref.save(str(tmp_path / "theirs.json"))
    loaded = BPETokenizer.load(tmp_path / "theirs.json")
    for text in TEXTS + TRICKY:
        assert theirs.encode(text).ids == hand.encode(text)
        assert loaded.encode(text) == ref.encode(text).ids
    assert BPETokenizer.load(tmp_path / "ours.json").merges == hand.merges
    state = json.loads((tmp_path / "ours.json").read_text(encoding="utf-8"))
    assert all(state["model"]["vocab"][t["content"]] == t["id"] for t in state["added_tokens"])


def test_special_tokens_keep_their_ids(fast):
    assert [fast.convert_tokens_to_ids(t) for t in SPECIAL_TOKENS] == list(range(13))
    assert SPECIAL_TOKENS[3:7] == ["<think>", "</think>", "<answer>", "</answer>"]
    assert (fast.pad_token_id, fast.unk_token_id, fast.bos_token_id, fast.eos_token_id) == (0, 0, 1, 2)
    assert fast.model_max_length == 32768
    assert (
        fast.decode(fast.encode("<|im_start|><think>好</think><|im_end|>"), skip_special_tokens=True)
        == "<think>好</think>"
    )


# ---- 边界 ----


def test_exhausted_pairs_stop_cleanly():
    assert BPETokenizer.train([], 5000).merges == []
    assert BPETokenizer.train(["abab"], 5000).merges == [("a", "b"), ("ab", "ab")]
    assert len(train_tokenizer([], 6400)) == 13 + 256


def test_bad_arguments_are_explained(hand, tmp_path):
    for call, word in [
        (lambda: train_tokenizer(TEXTS, 268), "269"),
        (lambda: BPETokenizer.train(TEXTS, 200), "256"),
        (lambda: train_tokenizer("一个字符串", 300), "列表"),
        (lambda: count_words("一个字符串"), "列表"),
        (lambda: train_tokenizer([None], 300), "NoneType"),
        (lambda: hand.decode([10**6]), "不在词表"),
        (lambda: load_tokenizer(tmp_path / "没有"), "没有"),
        (lambda: load_tokenizer(tmp_path), "tokenizer.json"),
    ]:
        with pytest.raises(UserError, match=word):
            call()


@pytest.mark.parametrize(
    "change, word",
    [
        (lambda s: s.update(normalizer={"type": "NFC"}), "normalizer"),
        (lambda s: s.update(pre_tokenizer={"type": "Whitespace"}), "预切分"),
        (lambda s: s["model"].update(byte_fallback=True), "byte_fallback"),
        (lambda s: s["model"].update(type="Unigram"), "Unigram"),
        (lambda s: s["model"]["vocab"].pop("a"), "词表里缺少"),
        (lambda s: s.pop("model"), "tokenizer.json"),
        (lambda s: s["added_tokens"][0].update(lstrip=True), "endoftext"),
        (
            lambda s: s.update(
                post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}]}
            ),
            "后处理",
        ),
    ],
)
def test_unsupported_files_are_refused_not_misread(hand, tmp_path, change, word):
    hand.save(tmp_path / "tokenizer.json")
    state = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    change(state)
    (tmp_path / "tokenizer.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(UserError, match=word):
        BPETokenizer.load(tmp_path / "tokenizer.json")


def test_a_failed_save_keeps_the_old_file(hand, tmp_path, monkeypatch):
    path = tmp_path / "tokenizer.json"
    hand.save(path)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *a: (_ for _ in ()).throw(OSError("断电")))
    with pytest.raises(OSError):
        BPETokenizer.train(["别的"], 300).save(path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["tokenizer.json"]


def test_a_long_word_is_not_quadratic(hand, monkeypatch):
    class Counted(dict):
        asked = 0

        def get(self, *pair):
            self.asked += 1
            return super().get(*pair)

    text = "今天天气很好我们去公园" * 4000  # 四万多字，没有一个标点：一整段
    monkeypatch.setattr(hand, "_ranks", ranks := Counted(hand._ranks))
    assert hand.decode(hand.encode(text)) == text
    assert len(text) < ranks.asked < 10 * len(text.encode())  # 每个字节问几次，不随长度涨；平方的写法要问几百亿次


# ---- 保存，在别处打开 ----

ELSEWHERE = """
import json, sys
sys.modules["minimind"] = None  # 谁导入它都会失败
from transformers import AutoTokenizer
tok = AutoTokenizer.from_pretrained(sys.argv[1])
ask = json.loads(sys.stdin.read())
how = dict(tokenize=False, add_generation_prompt=True, open_thinking=False)
print(json.dumps({
    "ids": [tok.encode(t) for t in ask["texts"]], "back": [tok.decode(tok.encode(t)) for t in ask["texts"]],
    "chat": tok.apply_chat_template(ask["chat"], **how), "max": tok.model_max_length, "size": len(tok),
    "special": [tok.pad_token_id, tok.bos_token_id, tok.eos_token_id, tok.unk_token_id],
}))
"""


@pytest.mark.parametrize("how", ["save_tokenizer", "save_pretrained", "MiniMind 的旧布局"])
def test_saved_folder_opens_in_a_fresh_process_without_minimind(fast, tmp_path, how):
    folder = tmp_path / "world"
    if how == "save_pretrained":
        fast.save_pretrained(folder)
    else:
        save_tokenizer(fast, folder)
    if how.startswith("MiniMind"):
        old_layout(folder)
    ask = {"texts": TEXTS + TRICKY, "chat": [{"role": "user", "content": "你好"}]}
    run = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(folder)], input=json.dumps(ask), capture_output=True, text=True,
        cwd=tmp_path, timeout=300,
    )
    assert run.returncode == 0, run.stderr
    got = json.loads(run.stdout.splitlines()[-1])
    assert got["ids"] == [fast.encode(t) for t in ask["texts"]] and got["back"] == ask["texts"]
    assert got["chat"] == "<|im_start|>user\n你好<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert got["special"] == [0, 1, 2, 0] and got["max"] == 32768 and got["size"] == len(fast)
    again = load_tokenizer(folder)
    assert fingerprint(again) == fingerprint(fast) and again.encode(TEXTS[0]) == fast.encode(TEXTS[0])


def old_layout(folder: Path):
    "MiniMind 发布的 tokenizer.json：合并写成 'a b'，没有后来才有的键"
    path = folder / "tokenizer.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    state["model"]["merges"] = [" ".join(m) for m in state["model"]["merges"]]
    state["model"].pop("ignore_merges")
    state["post_processor"] = None
    path.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")


def test_saving_twice_changes_nothing(fast, tmp_path):
    first = save_tokenizer(fast, tmp_path / "a")
    second = save_tokenizer(load_tokenizer(first), tmp_path / "b")
    assert fingerprint(load_tokenizer(second)) == fingerprint(fast)
    assert (first / "tokenizer_config.json").read_bytes() == (second / "tokenizer_config.json").read_bytes()
    assert BPETokenizer.load(second / "tokenizer.json").encode(TEXTS[1]) == fast.encode(TEXTS[1])


def test_training_is_deterministic_and_fingerprints_differ(fast):
    assert fingerprint(train_tokenizer(iter(TEXTS), 390)) == fingerprint(fast)
    others = [
        train_tokenizer(TEXTS, 389), train_tokenizer(TEXTS, 390, single_digits=False),
        train_tokenizer(TEXTS[:3], 390),
    ]
    assert len({fingerprint(t) for t in [fast, *others]}) == 4


def test_token_bytes_refuses_other_kinds_of_tokenizer():
    from transformers import PreTrainedTokenizerFast

    word = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"天气": 0, "<unk>": 1}, unk_token="<unk>")), unk_token="<unk>"
    )
    with pytest.raises(UserError, match="字节级"):
        token_bytes(word)


# ---- 对话模板：每个分支一条标准答案 ----

USER, START = {"role": "user", "content": "问"}, "<|im_start|>assistant\n"
Q = "<|im_start|>user\n问<|im_end|>\n"
CALL = {"name": "f", "arguments": {"甲": 1}}
CALLED = '<tool_call>\n{"name": "f", "arguments": {"甲": 1}}\n</tool_call>'
TOOLS = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n"
    "\nYou are provided with function signatures within "
    '<tools></tools> XML tags:\n<tools>\n{"name": "f"}\n</tools>\n\n'
    "For each function call, return a json object with function name and "
    "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)


def says(**message):
    return {"role": "assistant", **message}


GOLDEN = [
    ([USER], {}, Q),
    ([{"role": "system", "content": "令"}, USER], {}, "<|im_start|>system\n令<|im_end|>\n" + Q),
    ([{"role": "system", "content": ""}, USER], {}, "<|im_start|>system\n<|im_end|>\n" + Q),
    ([USER, {"role": "system", "content": "令"}], {}, Q + "<|im_start|>system\n令<|im_end|>\n"),
    ([USER, says(content="答"), USER], {}, Q + START + "答<|im_end|>\n" + Q),
    ([USER, says(content=None)], {}, Q + START + "<|im_end|>\n"),
    ([USER], {"tools": [{"name": "f"}]}, "<|im_start|>system\n" + TOOLS + "<|im_end|>\n" + Q),
    (
        [{"role": "system", "content": "令"}, USER], {"tools": [{"name": "f"}]},
        "<|im_start|>system\n令\n\n" + TOOLS + "<|im_end|>\n" + Q,
    ),
    ([USER], {"tools": []}, Q),
    ([USER, says(content="答", reasoning_content="\n想\n")], {}, Q + START + "<think>\n想\n</think>\n\n答<|im_end|>\n"),
    ([USER, says(content="答", reasoning_content="")], {}, Q + START + "<think>\n\n</think>\n\n答<|im_end|>\n"),
    ([USER, says(content="答", reasoning_content=None)], {}, Q + START + "答<|im_end|>\n"),
    (
        [USER, says(content="<think>\n想\n</think>\n<answer>\n答\n</answer>")],
        {},
        Q + START + "<think>\n想\n</think>\n<answer>\n答\n</answer><|im_end|>\n",
    ),
    ([USER, says(content="", tool_calls=[CALL])], {}, Q + START + CALLED + "<|im_end|>\n"),
    (
        [USER, says(content="答", tool_calls=[{"type": "function", "function": CALL}, CALL])],
        {},
        Q + START + "答\n" + CALLED + "\n" + CALLED + "<|im_end|>\n",
    ),
    (
        [USER, says(content="", tool_calls=[{"name": "f", "arguments": '{"甲": 1}'}])], {},
        Q + START + CALLED + "<|im_end|>\n",
    ),
    (
        [USER, says(content="", reasoning_content="想", tool_calls=[CALL])],
        {},
        Q + START + "<think>\n想\n</think>\n\n" + CALLED + "<|im_end|>\n",
    ),
    ([USER, says(content="答", tool_calls=None)], {}, Q + START + "答<|im_end|>\n"),
    (
        [USER, {"role": "tool", "content": "一"}, {"role": "tool", "content": "二"}, USER],
        {},
        Q
        + "<|im_start|>user\n<tool_response>\n一\n</tool_response>\n<tool_response>\n二\n</tool_response><|im_end|>\n"
        + Q,
    ),
    ([{"role": "tool", "content": "一"}], {}, "<|im_start|>user\n<tool_response>\n一\n</tool_response><|im_end|>\n"),
    ([USER], {"add_generation_prompt": True}, Q + START),
    ([USER], {"add_generation_prompt": True, "enable_thinking": True}, Q + START),
    ([USER], {"add_generation_prompt": True, "enable_thinking": False}, Q + START + "<think>\n\n</think>\n\n"),
    ([USER], {"add_generation_prompt": True, "open_thinking": False}, Q + START + "<think>\n\n</think>\n\n"),
    ([USER], {"add_generation_prompt": True, "open_thinking": True}, Q + START + "<think>\n"),
    ([USER], {"add_generation_prompt": True, "open_thinking": True, "enable_thinking": False}, Q + START + "<think>\n"),
    (
        [USER], {"add_generation_prompt": True, "open_thinking": None, "enable_thinking": False},
        Q + START + "<think>\n\n</think>\n\n",
    ),
    ([USER], {"enable_thinking": False}, Q),
]


@pytest.mark.parametrize("messages, options, want", GOLDEN, ids=range(len(GOLDEN)))
def test_chat_template_golden(fast, messages, options, want):
    assert fast.apply_chat_template(messages, tokenize=False, **options) == want


@pytest.mark.parametrize(
    "messages, options, word",
    [
        ([{"role": "robot", "content": "嗨"}], {}, "robot"),
        ([USER, says(content="", tool_calls='[{"name": "f"}]')], {}, "tool_calls"),
        ([USER], {"tools": '[{"name": "f"}]'}, "(?i)tools"),
        ([{"role": "user", "content": [{"type": "image", "image": "猫.png"}]}], {}, "文字段"),
        ([{"role": "user", "content": ["问"]}], {}, "文字段"),
        ([{"role": "user", "content": 7}], {}, "content"),
        ([{"role": "system", "content": {"text": "令"}}, USER], {}, "content"),
        ([USER, says(content="答", reasoning_content=["想"])], {}, "reasoning_content"),
    ],
)
def test_chat_template_refuses_what_it_would_misread(fast, messages, options, word):
    with pytest.raises(Exception, match=word):
        fast.apply_chat_template(messages, tokenize=False, **options)


@PROPERTY
@given(words=st.lists(ANY.filter(lambda t: "<|" not in t), min_size=1, max_size=5), thought=st.none() | ANY)
def test_template_keeps_every_character(fast, words, thought):
    messages = [{"role": "assistant" if i % 2 else "user", "content": w} for i, w in enumerate(words)]
    if len(messages) > 1 and thought is not None:
        messages[1]["reasoning_content"] = thought
    text = fast.apply_chat_template(messages, tokenize=False)
    for m in messages:
        assert m["content"] + "<|im_end|>\n" in text
    if len(messages) > 1 and thought is not None:
        assert f"<think>\n{thought.strip(chr(10))}\n</think>\n\n" in text
        assert text.startswith(
            fast.apply_chat_template(messages[:1], tokenize=False, add_generation_prompt=True, open_thinking=True)
        )


PARTS = [
    ([{"type": "text", "text": "问"}], "问"),
    ([{"type": "text", "text": "问"}, {"type": "text", "text": "\n再问"}], "问\n再问"),
    ([], ""),
]


@pytest.mark.parametrize("role", ["system", "user", "assistant", "tool"])
@pytest.mark.parametrize("parts, text", PARTS)
def test_content_parts_read_like_the_joined_text(fast, role, parts, text):
    chat = lambda content: [{"role": role, "content": content}, USER]
    want = fast.apply_chat_template(chat(text), tokenize=False)
    assert fast.apply_chat_template(chat(parts), tokenize=False) == want and text in want


MARKS = re.compile(r"\{%-? (end)?generation -?%\}")  # 圈出助手的话的记号，自己一个字也不写


def test_template_needs_no_transformers():
    "模板随权重走：去掉 transformers 才认得的记号，别的程序用普通的 Jinja 也能渲染，一字不差"
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    plain = MARKS.sub("", CHAT_TEMPLATE)
    assert len(MARKS.findall(CHAT_TEMPLATE)) == 2 and "generation" not in plain.replace("add_generation_prompt", "")
    jinja = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    jinja.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # Jinja 自己的 tojson 会把汉字写成 \\u 码
    for messages, options, want in GOLDEN:
        assert jinja.from_string(plain).render(messages=messages, **options) == want


def test_old_tokenizers_without_the_marks_render_and_label_alike(fast):
    old = pickle.loads(pickle.dumps(fast))
    old.chat_template = MARKS.sub("", CHAT_TEMPLATE)
    for messages, options, want in GOLDEN:
        assert old.apply_chat_template(messages, tokenize=False, **options) == want


# ---- 测量 ----


def test_report_and_comparison(fast, hand, tmp_path):
    report = evaluate_tokenizer(fast, TEXTS)
    assert report.vocab_size == len(fast) and report.round_trip_failures == 0
    assert report.bytes_per_token == evaluate_tokenizer(hand, TEXTS).bytes_per_token > 1
    assert "每 token 字节数" in str(report) and "|" in report._repr_markdown_()
    assert check_round_trip(fast, TRICKY) == [] == check_round_trip(hand, TRICKY)
    rows = compare_tokenizers({"手写": hand, "快速": fast, "文件夹": save_tokenizer(fast, tmp_path / "t")})
    assert rows["手写"] == rows["快速"] == rows["文件夹"]


# ---- 没有停顿的长段 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["acgt" * 5000, "天地玄黄" * 3000, "9" * 9000, "—" * 7000, " " * 6000, "a1" * 5000])
def test_an_endless_word_is_chopped_for_training_and_kept_whole_in_text(word, capsys):
    "训练时没有一段超过上限（段长十倍，引擎就慢百倍）；编码、解码一字不差，两种分词器学到的相同。"
    from minimind.tokenizer.bpe import LONGEST, count_words

    texts = [f"狗汪汪叫。{word}。the end", "猫喵喵叫。" * 20, word]
    assert max(len(w.decode()) for w in count_words(texts)) <= LONGEST + 1  # 前面可以带一个空格
    capsys.readouterr()
    fast = train_tokenizer(texts, 300)
    assert capsys.readouterr().out.count("没有停顿") == (not word.startswith("a1"))  # a1a1… 处处是停顿
    hand = BPETokenizer.train(texts, 300, SPECIAL_TOKENS, single_digits=True)
    core = json.loads(fast.backend_tokenizer.to_str())["model"]
    assert [tuple(m) for m in core["merges"]] == hand.merges
    for text in texts:
        ids = fast.encode(text, add_special_tokens=False)
        assert fast.decode(ids) == text == hand.decode(hand.encode(text)) and ids == hand.encode(text)


def test_the_engine_never_sees_an_endless_word(monkeypatch):
    "交给引擎的文字里，没有一段超过上限；换回旧的写法（不切）这里就会发现。"
    from tokenizers import Tokenizer

    from minimind.tokenizer.bpe import LONGEST, split_text

    seen, real = [], Tokenizer.train_from_iterator
    watch = lambda self, texts, **how: real(self, (seen.append(t) or t for t in texts), **how)
    monkeypatch.setattr(Tokenizer, "train_from_iterator", watch, raising=False)
    train_tokenizer(["好" * 100_000, "短的。"], 280)
    assert "".join(seen) == "好" * 100_000 + "短的。"
    assert max(len(w) for t in seen for w in split_text(t)) <= LONGEST

# ---- 别家的分词器 ----------------------------------------------------------
def foreign(folder, start="<s>", end="</s>", pad="<pad>", template=None, **config):
    "一个别家样子的字节级分词器，标记不是我们的；`config` 盖过配置，值是 None 的去掉。"
    core = Tokenizer(models.BPE())
    core.pre_tokenizer, core.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = list(dict.fromkeys([start, end, pad]))
    core.train_from_iterator(["hello world 你好"] * 9, trainers.BpeTrainer(
        vocab_size=330, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    ))
    folder.mkdir(exist_ok=True)
    core.save(str(folder / "tokenizer.json"))
    config = dict(bos_token=start, eos_token=end, pad_token=pad, chat_template=template) | config
    (folder / "tokenizer_config.json").write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    return folder


TALK = [dict(role="user", content="你好</s><|im_end|>"), dict(role="assistant", content="hello")]


@pytest.mark.parametrize("marks", [("<s>", "</s>"), ("<|im_start|>", "<|im_end|>"), ("'甲\\", "乙'")], ids=str)
def test_missing_template_falls_back_to_ours_and_says_so_once(tmp_path, capsys, marks):
    from minimind.tokenizer.render import IGNORE, build_prompt, encode_segments, segments

    tok = load_tokenizer(foreign(tmp_path / "t", *marks))
    assert capsys.readouterr().err.count("没有对话模板") == 1
    load_tokenizer(tmp_path / "t")
    assert capsys.readouterr().err == "", "同一个文件夹只说一次"
    ids, labels = encode_segments(tok, [segments(tok, TALK)])[0]
    learnt = tok.decode([i for i in labels if i != IGNORE])
    assert learnt == "hello" + marks[1] and ids[0] == tok.bos_token_id
    assert ids[: len(prompt := build_prompt(tok, TALK[:1]))] == prompt


def test_missing_bos_is_found_in_the_vocabulary(tmp_path, capsys):
    tok = load_tokenizer(foreign(tmp_path / "t", "<|im_start|>", "<|im_end|>", bos_token=None))
    assert tok.bos_token == "<|im_start|>" and "bos_token" in capsys.readouterr().err


@pytest.mark.parametrize(
    "config, words",
    [
        (dict(bos_token=None), "bos_token"), (dict(eos_token=None), "eos_token"), (dict(pad_token=None), "pad_token"),
        (dict(bos_token=None, eos_token=None, pad_token=None), "bos_token、eos_token、pad_token"),
        (dict(bos_token="</s>"), "都是 </s>"),
    ],
)
def test_what_training_needs_is_checked_at_load(tmp_path, config, words):
    with pytest.raises(UserError, match=words):
        load_tokenizer(foreign(tmp_path / "t", **config))
