"""一条消息被网络切成几块，接的人怎样拼回来？

网络只管字节，不管一条消息在哪里结束，还会把一个汉字切成两半。来一块解一块就会出错；攒到空行再解才对。
对应章节：nbs/8_serving/42_sse.ipynb
消息里写什么：对应章节：nbs/8_serving/45_protocol.ipynb
谁来接：对应章节：nbs/8_serving/55_remote.ipynb
"""

import json
import random

from _kit import arguments, claim, picture

args = arguments(__doc__, tries=(300, "切几种", 20), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
said = ["你好", "，", "喵 🙂", "\n", "再见"]
stream = "".join(f"data: {json.dumps({'t': s}, ensure_ascii=False)}\n\n" for s in said).encode()


def cut():
    "随便切成几块。"
    marks = sorted(rng.sample(range(1, len(stream)), rng.randint(0, 12)))
    return [stream[a:b] for a, b in zip([0, *marks], [*marks, len(stream)])]


def hasty(chunks):
    "来一块解一块。"
    return [json.loads(line[6:])["t"] for chunk in chunks for line in chunk.decode().split("\n\n") if line]


def patient(chunks):
    "攒字节，遇到空行才解一条。"
    kept, out = b"", []
    for chunk in chunks:
        *whole, kept = (kept + chunk).split(b"\n\n")
        out += [json.loads(line.decode()[6:])["t"] for line in whole]
    return out


def right(reader, chunks):
    try:
        return reader(chunks) == said
    except (UnicodeDecodeError, json.JSONDecodeError):
        return False


cuts = [cut() for _ in range(args.tries)]
ways = {"来一块解一块": hasty, "攒到空行": patient}
good = {name: sum(right(f, c) for c in cuts) / args.tries for name, f in ways.items()}
for name, rate in good.items():
    print(f"{name}：{args.tries} 种切法里对 {rate:.0%}")
picture(args, lambda p: p.bars(good, title="接对了几成", fmt="{:.0%}"))
claim(
    good["攒到空行"] == 1 and good["来一块解一块"] < 0.5,
    "块的边界什么也不说明；攒着字节，见到空行才算一条完整的消息，怎么切都接得对。",
)
