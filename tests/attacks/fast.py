import re

from minimind.tokenizer.fast import CONTROL_TOKENS, token_bytes


def render_by_parts(messages, add_generation_prompt=False, open_thinking=None):
    def body(m):
        thought = m.get("reasoning_content")
        if m["role"] != "assistant" or not isinstance(thought, str):
            return m["content"]
        return "<think>\n%s\n</think>\n\n%s" % (re.sub(r"^\n+|\n+$", "", thought), m["content"])

    parts = [f"<|im_start|>{m['role']}\n{body(m)}<|im_end|>\n" for m in messages]
    if add_generation_prompt:
        tail = "" if open_thinking is None else "<think>\n" + ("" if open_thinking else "\n</think>\n\n")
        parts.append(f"<|im_start|>assistant\n{tail}")
    return "".join(parts)


def drops_empty_thought(messages, prompt=False, thinking=None):
    kept = [{k: v for k, v in m.items() if v or k != "reasoning_content"} for m in messages]
    return render_by_parts(kept, prompt, thinking)


def strips_everything(messages, prompt=False, thinking=None):
    tidy = lambda m: m | {"reasoning_content": m["reasoning_content"].strip()} if m.get("reasoning_content") else m
    return render_by_parts([tidy(m) for m in messages], prompt, thinking)


def no_last_newline(messages, prompt=False, thinking=None):
    return render_by_parts(messages, prompt, thinking).removesuffix("\n")


def prompt_always(messages, prompt=False, thinking=None):
    return render_by_parts(messages, True, thinking)


def forgets_thought(messages, prompt=False, thinking=None):
    return render_by_parts([{k: m[k] for k in ("role", "content")} for m in messages], prompt, thinking)


def closed_is_nothing(messages, prompt=False, thinking=None):
    return render_by_parts(messages, prompt, thinking or None)


def thinking_without_prompt(messages, prompt=False, thinking=None):
    return render_by_parts(messages, prompt or thinking is not None, thinking)


def with_regex(text):
    found = re.search("|".join(map(re.escape, CONTROL_TOKENS)), text)
    return found and (found.start(), found[0])


def by_list_order(text):
    return next(((text.find(t), t) for t in CONTROL_TOKENS if t in text), None)


def last_one(text):
    return max(((text.rfind(t), t) for t in CONTROL_TOKENS if t in text), default=None)


def any_mark(text):
    found = re.search(r"<\|?\w+\|?>", text)
    return found and (found.start(), found[0])


def place_only(text):
    found = with_regex(text)
    return found and found[0]


def skips_the_start(text):
    found = [(text.find(t), t) for t in CONTROL_TOKENS if text.find(t) > 0]
    return min(found, default=None)


def chat_marks_only(text):
    found = re.search(r"<\|im_(start|end)\|>", text)
    return found and (found.start(), found[0])


def with_join(tok, ids):
    table = token_bytes(tok)
    return len(b"".join(b"" if i in (0, 1, 2) else table[i] for i in ids))


def by_decoding_each(tok, ids):
    return sum(len(tok.decode([i], skip_special_tokens=True).encode()) for i in ids)


def by_decoding_all(tok, ids):
    return len(tok.decode(ids, skip_special_tokens=True).encode())


def counts_controls(tok, ids):
    table = token_bytes(tok)
    return sum(len(table[i]) for i in ids)


def counts_tokens(tok, ids):
    return sum(i > 2 for i in ids)


def counts_characters(tok, ids):
    return len(tok.decode(ids, skip_special_tokens=True))


def drops_tags(tok, ids):
    table, added = token_bytes(tok), set(tok.get_added_vocab().values())
    return sum(len(table[i]) for i in ids if i not in added)


def pieces_by_partition(text, marks):
    found = [text]
    for mark in marks:
        found = [piece for part in found for piece in part.split(mark)]
    return list(filter(None, found))


def turn_with_join(results):
    body = ["<tool_response>\n" + r + "\n</tool_response>" for r in results]
    return "\n".join(["<|im_start|>user", *body]) + "<|im_end|>\n" if body else ""


def line_before_the_end(results):
    return turn_with_join(results).replace("<|im_end|>", "\n<|im_end|>")


def stuck_together(results):
    return turn_with_join(results).replace("</tool_response>\n<tool", "</tool_response><tool")


def role_tool(results):
    return turn_with_join(results).replace("user", "tool")


ATTACKS = {
    "fast.render": dict(
        right=[render_by_parts],
        wrong={
            "空的思考丢了标签": (drops_empty_thought, "空的思考"),
            "思考两端的空格也去掉了": (strips_everything, "空格"),
            "最后少了一个换行": no_last_newline,
            "总写生成的开头": (prompt_always, "只有一问"),
            "没有写思考": (forgets_thought, "带思考"),
            "不思考等于没说": (closed_is_nothing, "不思考"),
            "没轮到助手也写了开头": (thinking_without_prompt, "没轮到助手"),
        },
    ),
    "fast.find_control": dict(
        right=[with_regex],
        wrong={
            "按名单的次序": (by_list_order, "最靠前"),
            "找的是最后一个": (last_one, "最靠前"),
            "标签也算了": (any_mark, "标签"),
            "只返回位置": place_only,
            "开头的没找到": (skips_the_start, "开头"),
            "漏了填充 token": (chat_marks_only, "填充"),
        },
    ),
    "fast.count_bytes": dict(
        right=[with_join],
        wrong={
            "一个一个解码": by_decoding_each,
            "整段解码再数": (by_decoding_all, "半个汉字"),
            "控制 token 也计了": (counts_controls, "控制 token"),
            "数的是 token": counts_tokens,
            "数的是字": (counts_characters, "字节数"),
            "标签没有计": (drops_tags, "<think>"),
        },
    ),
    "fast.pieces": dict(
        right=[pieces_by_partition],
        wrong={
            "没有转义": (lambda text, marks: [p for p in re.split("|".join(marks), text) if p], "re.escape"),
            "标记还在": (lambda text, marks: [
                p for p in re.split("(" + "|".join(map(re.escape, marks)) + ")", text) if p
            ], "标记自己不要"),
            "空的还在": (lambda text, marks: re.split("|".join(map(re.escape, marks)), text), "空的片段"),
            "去了空白": (lambda text, marks: [
                p.strip() for p in pieces_by_partition(text, marks) if p.strip()
            ], "空白也留着"),
            "接了起来": lambda text, marks: ["".join(pieces_by_partition(text, marks))],
        },
    ),
    "fast.tool_turn": dict(
        right=[turn_with_join],
        wrong={
            "一条一段": (lambda results: "".join(turn_with_join([r]) for r in results), "合成一段"),
            "多一个换行": (line_before_the_end, "没有换行"),
            "少一个换行": (stuck_together, "要有一个换行"),
            "空的也写": (lambda results: turn_with_join(results) or "<|im_start|>user\n<|im_end|>\n", "什么也不写"),
            "合成一对标签": (lambda results: turn_with_join(["\n".join(results)] if results else []), "各有各的"),
            "角色写成 tool": role_tool,
        },
    ),
}
