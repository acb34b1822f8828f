"攻击对话的检查器。"

from minimind.exercises import chat as it


def turns_by_grouping(history, n):
    turns = []
    for message in history:
        if message["role"] == "user":
            turns.append([])
        turns[-1].append(message)
    return [message for turn in turns[max(0, len(turns) - n) :] for message in turn]


def drops_tools(history, n):
    return [m for m in turns_by_grouping(history, n) if m["role"] != "tool"]


def stream_by_hand(chunks):
    kept, out = b"", []
    for chunk in chunks:
        kept += chunk
        for cut in range(len(kept), -1, -1):
            try:
                out.append(kept[:cut].decode())
                break
            except UnicodeDecodeError:
                continue
        kept = kept[cut:]
    return out


def grows(chunks):
    return [b"".join(chunks[: i + 1]).decode(errors="ignore") for i in range(len(chunks))]


def replaces_half(chunks):
    whole, out = b"", []
    for chunk in chunks:
        before = len(whole.decode(errors="replace"))
        whole += chunk
        out.append(whole.decode(errors="replace")[before:])
    return out


def skips_empty(chunks):
    return [text for text in stream_by_hand(chunks) if text]


def held_by_regex(text, words):
    longest = 0
    for word in words:
        for k in range(min(len(word) - 1, len(text)), 0, -1):
            if word.startswith(text[len(text) - k :]):
                longest = max(longest, k)
                break
    return longest


def whole_words_too(text, words):
    return max((k for w in words for k in range(1, len(w) + 1) if text.endswith(w[:k])), default=0)


def from_the_bracket(text, words):
    return len(text) - text.rfind("<") if "<" in text else 0


def drop_by_popping(turns, fixed, room):
    left, dropped = list(turns), 0
    while fixed + sum(left) > room:
        if not left:
            return None
        left.pop(0)
        dropped += 1
    return dropped


def minus_one(turns, fixed, room):
    found = drop_by_popping(turns, fixed, room)
    return -1 if found is None else found


ATTACKS = {
    "chat.turns": dict(
        right=[turns_by_grouping],
        wrong={
            "减去零": (lambda h, n: h[-2 * n :], "-0 就是 0"),
            "一轮当两条": (lambda h, n: h[max(0, len(h) - 2 * n) :] if n else [], "工具"),
            "多带一轮": (lambda h, n: turns_by_grouping(h, n + 1), "最近 1 轮"),
            "丢了工具消息": (drops_tools, "工具"),
            "带的是最早的几轮": (lambda h, n: h[: len(turns_by_grouping(h, n))], "最近 1 轮"),
            "要的比有的多就什么也不给": (lambda h, n: turns_by_grouping(h, n) if n < 9 else [], "要的比有的多"),
        },
    ),
    "chat.stream": dict(
        right=[stream_by_hand],
        wrong={
            "每块单独解码": (lambda c: [x.decode(errors="replace") for x in c], "�"),
            "扔掉半个字": (lambda c: [x.decode(errors="ignore") for x in c], "丢掉"),
            "攒到最后": (lambda c: [""] * (len(c) - 1) + [b"".join(c).decode(errors="ignore")], "攒到最后"),
            "每次放出全文": (grows, "拼起来"),
            "先放 � 再补": (replaces_half, "拼起来"),
            "空的不算一段": (skips_empty, "段数"),
        },
    ),
    "chat.held": dict(
        right=[held_by_regex],
        wrong={
            "只看第一个词": (it._first_word, "不只第一个"),
            "取最短的": (it._shortest, "最长的那个"),
            "整个词也扣": (whole_words_too, "到齐了"),
            "从 < 起全扣": (from_the_bracket, "后面不像标签"),
            "从不扣": lambda text, words: 0,
            "全扣": lambda text, words: len(text),
        },
    ),
    "chat.dropped": dict(
        right=[drop_by_popping],
        wrong={
            "从最新的丢": (it._newest_first, "从最旧的丢起"),
            "先丢长的": (it._big_ones, "先丢长的"),
            "必留的没算": (lambda turns, fixed, room: drop_by_popping(turns, 0, room), "也占地方"),
            "多丢一轮": (lambda turns, fixed, room: drop_by_popping(turns, fixed, room - 1), "正好放得下"),
            "放不下给 -1": (minus_one, "None"),
            "给的是留几轮": (lambda turns, fixed, room: (
                None if (d := drop_by_popping(turns, fixed, room)) is None else len(turns) - d
            ), "不是留几轮"),
        },
    ),
}
