"攻击边写边送的三个检查器。"

import json

from minimind.exercises import sse as it


def joined(value):
    return b"".join([b"data: ", json.dumps(value, separators=(",", ":")).encode("utf8"), b"\n", b"\n"])


def text_not_bytes(value):
    return f"data: {json.dumps(value)}\n\n"


def newlines_removed(value):
    return f"data: {json.dumps(value).replace(chr(92) + 'n', ' ')}\n\n".encode()


def python_repr(value):
    return b"data: " + repr(value).encode() + b"\n\n"


def by_bytes(chunks):
    "一个字节一个字节地走。"
    line, found = bytearray(), []
    for byte in b"".join(chunks):
        if byte != 10:
            line.append(byte)
            continue
        name, _, rest = bytes(line).rstrip(b"\r").partition(b":")
        line.clear()
        if name == b"data":
            if rest.strip() == b"[DONE]":
                return found
            found.append(json.loads(rest))
    raise ValueError


def keeps_markers(chunks):
    return [*it._all_at_once(chunks), "[DONE]"]


def stops_at_any_done(chunks):
    found = []
    for line in b"".join(chunks).split(b"\n"):
        if b"[DONE]" in line:
            return found
        if line.startswith(b"data:"):
            found.append(json.loads(line[5:]))
    raise ValueError


def half_is_fine(chunks):
    try:
        return it._all_at_once(chunks)
    except ValueError:
        return []


def letter_in_pieces(text):
    body = bytearray(text, "utf8")
    head = bytearray(b"HTTP/1.0 200 OK")
    head += b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n" * 2
    return bytes(head + body)


def counts_characters(text):
    return b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text.encode()


ATTACKS = {
    "sse.event": dict(
        right=[joined],
        wrong={
            "没写成 JSON": (it._raw, "没有写成 JSON"),
            "少了空行": (it._one_newline, "少了空行"),
            "排了版": (it._pretty, "排了版"),
            "没有字段名": (it._no_field, "data:"),
            "交的是文字": (text_not_bytes, "要的是字节"),
            "把换行删了": (newlines_removed, "再读回来"),
            "Python 的写法": (python_repr, "不是 JSON"),
        },
    ),
    "sse.read": dict(
        right=[it._all_at_once, by_bytes],
        wrong={
            "一块当一条": (it._chunk_is_event, "一块当成一条"),
            "不留半行": (it._no_carry, "留给下一块"),
            "太早解码": (it._decode_early, "太早 decode"),
            "断了当完了": (it._break_is_done, "没有 [DONE]"),
            "说完还读": (it._past_done, "之后的不要"),
            "一定要空格": (it._with_space, "可有可无"),
            "记号也留着": (keeps_markers, "整段一块"),
            "内容里的也算": (stops_at_any_done, "内容里写着 [DONE]"),
            "断了给空的": (half_is_fine, "没有 [DONE]"),
        },
    ),
    "sse.letter": dict(
        right=[letter_in_pieces],
        wrong={
            "数了字": (counts_characters, "一个汉字三个字节"),
            "换行只有一半": (lambda text: letter_in_pieces(text).replace(b"\r\n", b"\n", 3), "结尾"),
            "没有空行": (lambda text: letter_in_pieces(text).replace(b"\r\n\r\n", b"\r\n", 1), "空行"),
            "没有信纸": (lambda text: letter_in_pieces(text).partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "没有写"),
            "给了字符串": (lambda text: letter_in_pieces(text).decode(), "要字节"),
            "没有写字数": lambda text: b"HTTP/1.0 200 OK\r\n\r\n" + text.encode(),
        },
    ),
}
