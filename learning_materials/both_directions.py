"""只学过「法国的首都是巴黎」，倒着问答得出吗？

一个最朴素的续写模型：记住前面四个字后面跟过什么。只读正着说的句子，与正反都读，各考一遍。
对应章节：nbs/1_world/40_stories.ipynb
"""

import random
from collections import Counter, defaultdict

from _kit import arguments, claim, picture
from minimind.world.facts import CAPITALS

args = arguments(__doc__, seed=(0, "随机种子", 0), order=(8, "往前看几个字", 2))
FORWARD, BACKWARD = "{c}的首都是{k}。", "{k}是{c}的首都。"


def learn(sentences):
    table = defaultdict(Counter)
    for s in sentences:
        s = "^" * args.order + s
        for i in range(args.order, len(s)):
            table[s[i - args.order : i]][s[i]] += 1
    return table


def write(table, prompt, limit=8):
    text = "^" * args.order + prompt
    for _ in range(limit):
        nxt = table.get(text[-args.order :])
        if not nxt:
            return "（接不下去）"
        text += nxt.most_common(1)[0][0]
        if text[-1] in "。的":
            break
    return text[args.order + len(prompt) : -1]


rows = random.Random(args.seed).sample(sorted(CAPITALS.items()), len(CAPITALS))
score = {}
for name, forms in {"只正着读": [FORWARD], "正反都读": [FORWARD, BACKWARD]}.items():
    table = learn([f.format(c=c, k=k) for c, k in rows for f in forms])
    score[name] = {
        "正着问": sum(write(table, f"{c}的首都是") == k for c, k in rows) / len(rows),
        "倒着问": sum(write(table, f"{k}是") == c for c, k in rows) / len(rows),
    }
    print(
        f"{name}：正着问对 {score[name]['正着问']:.0%}，倒着问对 {score[name]['倒着问']:.0%}；"
        f"例如「巴黎是」→ {write(table, '巴黎是')}"
    )
picture(args, lambda p: p.bars(score, title="读过什么，才答得出什么", ylabel="正确率", fmt="{:.0%}"))
claim(
    score["只正着读"]["倒着问"] == 0 and score["正反都读"]["倒着问"] == 1,
    "续写模型学的是「见到前文写后文」，方向是单行道；要会倒着答，就得让它读过倒着说的句子。",
)
