"""模型写坏的工具调用，照「一坏就丢」的写法会丢掉多少？

造许多回答，每段有几次调用，其中一些写坏了（少一个引号、没写完）。比两种读法：读不出就当没有，
和读不出也交出来、附一句错在哪里。对应章节：nbs/4_inference/60_tools.ipynb
"""

import json
import random
import re

from _kit import arguments, claim, picture

from minimind.inference.tools import parse_calls

args = arguments(
    __doc__, answers=(500, "几段回答", 10), broken=(30, "百分之几的调用写坏", 1), seed=(0, "随机种子", 0)
)
rng = random.Random(args.seed)


def written():
    "一次调用的文字；照比例写坏。"
    text = json.dumps({"name": "calculator", "arguments": {"expression": f"{rng.randrange(99)}*{rng.randrange(99)}"}})
    if rng.random() * 100 >= args.broken:
        return f"<tool_call>\n{text}\n</tool_call>"
    return rng.choice([f"<tool_call>\n{text[:-3]}\n</tool_call>", f"<tool_call>\n{text}\n"])


def silent(text):
    "读不出的，悄悄丢掉。"
    found = []
    for raw in re.findall(r"<tool_call>(.*?)</tool_call>", text, re.S):
        try:
            found.append(json.loads(raw))
        except ValueError:
            pass
    return found


said = ["\n".join(written() for _ in range(rng.randint(1, 3))) for _ in range(args.answers)]
total = sum(text.count("<tool_call>") for text in said)
seen = {"悄悄丢掉": sum(len(silent(t)) for t in said), "坏的也交出来": sum(len(parse_calls(t)) for t in said)}
errors = sum(bool(call.error) for t in said for call in parse_calls(t))
for name, count in seen.items():
    print(f"{name}：{total} 次调用里看得见 {count} 次")
print(f"其中 {errors} 次带着一句错在哪里，可以念回去让模型改")
picture(args, lambda p: p.bars({**seen, "模型写的": total}, title="看得见几次调用"))
claim(seen["坏的也交出来"] == total > seen["悄悄丢掉"], "坏的也交出来，一次都不漏；悄悄丢掉，模型就不知道自己写错了")
