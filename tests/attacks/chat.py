"攻击对话的两个检查器。"


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
}
