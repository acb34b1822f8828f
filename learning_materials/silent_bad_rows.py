"""「宽容」地读数据，会悄悄丢掉多少？

往一份 JSONL 里掺几种真实的坏行，比较三种读法：遇错就崩、`row.get("text", "")` 式的宽容、逐行检查。
看各自学到几行、说得出几处毛病。对应章节：nbs/5_dataset/10_formats.ipynb
"""

import json
import random

from _kit import arguments, claim, picture

args = arguments(__doc__, rows=(1000, "好行有几行", 10), bad=(40, "坏行有几行"), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
SPOILERS = {
    "键名拼错": lambda r: json.dumps({"txet": r["text"]}, ensure_ascii=False),
    "内容是空的": lambda r: '{"text": ""}',
    "少了引号": lambda r: '{"text: "' + r["text"] + '"}',
    "写成了数组": lambda r: json.dumps([r["text"]], ensure_ascii=False),
    "值是空（null）": lambda r: '{"text": null}',
    "半个表情": lambda r: '{"text": "\\ud83d"}',
}
lines = [json.dumps({"text": f"第 {i} 段短文。"}, ensure_ascii=False) for i in range(args.rows)]
kinds = [rng.choice(list(SPOILERS)) for _ in range(args.bad)]
for kind in kinds:
    lines.insert(rng.randrange(len(lines)), SPOILERS[kind]({"text": "坏行"}))


def tolerant():
    texts = []
    for line in lines:
        try:
            texts.append(json.loads(line).get("text", "") or "")
        except Exception:
            continue
    return texts


def problem(line):
    try:
        row = json.loads(line)
    except ValueError as e:
        return f"不是合法的 JSON：{e.msg}"
    if not isinstance(row, dict):
        return "一行要是一个对象 {…}"
    if "text" not in row:
        return f"少了 text，只有 {'、'.join(row)}"
    if not isinstance(row["text"], str) or not row["text"]:
        return "text 是空的"
    if row["text"].encode(errors="ignore").decode() != row["text"]:
        return "有半个表情符号"


try:
    [json.loads(line)["text"].encode() for line in lines]
except Exception as e:
    print(f"直接读：{type(e).__name__}: {e}（没有文件名，没有行号）")
texts = tolerant()
poison, lost = sum(not t or not t.isprintable() for t in texts), len(lines) - len(texts)
print(f"宽容地读：一声不吭，得到 {len(texts)} 段，其中 {poison} 段是空的或坏的，另有 {lost} 行凭空不见")
found = [(n, why) for n, line in enumerate(lines, 1) if (why := problem(line))]
print(f"逐行检查：{len(found)} 处毛病，前三处：" + "；".join(f"data.jsonl:{n}：{why}" for n, why in found[:3]))
count = {k: sum(x == k for x in kinds) for k in SPOILERS}
picture(args, lambda p: p.bars(count, title=f"掺进的 {args.bad} 行坏数据", fmt="{:.0f}"))
claim(
    len(found) == args.bad and poison > 0,
    f"{args.bad} 处毛病逐行检查一处不漏；宽容的读法损失照样下降，却有 {poison} 段垃圾混进了训练集。",
)
