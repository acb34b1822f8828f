"攻击“连到别处的服务”的两个检查器。"

import json

from minimind.exercises import remote as it


def hear_in_two_tables(parts):
    names, texts = {}, {}
    for part in parts:
        i, inner = part.get("index", 0), part["function"]
        names[i] = names.get(i, "") + (inner.get("name") or "")
        texts[i] = texts.get(i, "") + (inner.get("arguments") or "")
    return [(names[i], json.loads(texts[i]) if texts[i] else {}) for i in sorted(names)]


def base_with_split(url):
    pieces = (url if "://" in url else "http://" + url).split("/")
    if pieces[0] not in ("http:", "https:") or not pieces[2]:
        raise ValueError(url)
    path = "/".join(p for p in pieces[3:] if p)
    path = path[: -len("chat/completions")].rstrip("/") if path.endswith("chat/completions") else path
    return "/".join([pieces[0], "", pieces[2], path or "v1"])


def reads_files(url):
    try:
        return base_with_split(url)
    except ValueError:
        return url


def plain_concatenation(url):
    return (url if "://" in url else f"http://{url}").rstrip("/") + "/v1"


ATTACKS = {
    "remote.hear": dict(
        right=[hear_in_two_tables],
        wrong={
            "认先后": (it._by_arrival, "认先后"),
            "只留最后一截": (it._last_part, "最后一截"),
            "没有读成字典": (it._not_parsed, "读成字典"),
            "谁先来谁在前": (it._first_seen, "谁先来"),
            "只要第 0 个": lambda parts: hear_in_two_tables(parts)[:1],
        },
    ),
    "remote.base": dict(
        right=[base_with_split],
        wrong={
            "总是 /v1": (it._always_v1, "总用"),
            "路径没有收拾": (it._keeps_path, "要去掉"),
            "丢了端口": (it._drops_port, "端口"),
            "都成了 http": (it._always_http, "https"),
            "什么都认": (reads_files, "不能认"),
            "总在后面接": plain_concatenation,
        },
    ),
}
