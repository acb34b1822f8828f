"攻击服务器一章的三个检查器。"

from minimind.exercises import server as it


def counts(given, key):
    wrong = sum(1 for a, b in zip(given, key) if a != b)
    return wrong + abs(len(given) - len(key)) == 0


def whole_equal(given, key):
    return given.items == key.items


def as_bytes(given, key):
    return bytes(given) == bytes(key)


def breaks(given, key):
    same = len(given) == len(key)
    for a, b in zip(given, key):
        if a ^ b:
            same = False
            break
    return same


def stops_at_half(given, key):
    half = len(key) // 2
    return len(given) == len(key) and not sum(a != b for a, b in zip(given[:half], key[:half]))


def always(given, key):
    sum(a != b for a, b in zip(given, key))
    return True


def with_flag(parts, most):
    kept, size = [], 0
    for part in parts:
        size += len(part)
        kept = [*kept, part] if size <= most else []
    return b"".join(kept) if size <= most else None


def empty_when_big(parts, most):
    body = b""
    for part in parts:
        body = (body + part)[: most + 1]
    return body if len(body) <= most else b""


def one_more(parts, most):
    body = b""
    for part in parts:
        body = (body + part)[: most + 2]
    return body if len(body) <= most + 1 else None


def admit_step_by_step(path, headers, hosts, key):
    name = headers.get("host", "").split(":")[0]
    if hosts and name not in hosts:
        return 403
    if key and path != "/health":
        words = headers.get("authorization", "").split(" ")
        if len(words) != 2 or words[0].lower() != "bearer" or words[1] != key:
            return 401
    return 200


ATTACKS = {
    "server.same": dict(
        right=[counts],
        wrong={
            "早收手": (it._early, "收手"),
            "不比长度": (it._no_length, "没有比长度"),
            "相减抵消": (it._sums, "抵消"),
            "异或抵消": (it._xors, "异或"),
            "只看最后": (it._last_only, "只剩最后"),
            "整串比": (whole_equal, "收手"),
            "变成 bytes": (as_bytes, "别先变成"),
            "中途停下": (breaks, "收手"),
            "只比一半": (stops_at_half, "最后一处"),
            "总说一样": (always, "最后一处"),
        },
    ),
    "server.body": dict(
        right=[with_flag],
        wrong={
            "一超就关门": (it._stops, "关了门"),
            "截断": (it._truncates, "截掉"),
            "正好也不收": (it._equal_too, "放得下"),
            "看每一段": (it._each_part, "合起来"),
            "跳过大的": (it._skips_big, "跳过"),
            "全存下来": (it._whole, "内存"),
            "太大给空的": (empty_when_big, "应返回 None"),
            "多收一个": (one_more, "应返回 None"),
        },
    ),
    "server.admit": dict(
        right=[admit_step_by_step],
        wrong={
            "先看钥匙": (it._key_first, "次序反了"),
            "端口没有去掉": (it._with_port, "端口"),
            "只比开头": (it._starts_with, "开头"),
            "报平安也要钥匙": (it._locks_health, "/health"),
            "什么方式都行": (it._any_scheme, "Bearer"),
            "空钥匙也查": lambda path, headers, hosts, key: 200 if key and admit_step_by_step(
                path, headers, hosts, key) == 200 else 401,
        },
    ),
}
