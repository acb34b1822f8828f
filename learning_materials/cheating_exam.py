"""怎样知道模型是学会了，还是背下来了？

一个只会背书的「模型」：找训练题里最像的一句，照抄它的答案。让它考三份卷子：训练过的原题、没见过的问法、没见过的运算数，
再混几道考题进训练集看看。对应章节：nbs/8_serving/20_demo.ipynb
"""

import random

from _kit import arguments, claim, picture
from minimind.world.skills import SKILLS

args = arguments(__doc__, questions=(600, "每项几道训练题", 20), exam=(60, "每项几道考题", 5), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
SUBJECTS = {"capital": "首都", "sound": "叫声", "add": "加法"}


def items(skill, split, n):
    made = [SKILLS[skill](rng, split) for _ in range(n)]
    return [(m.turns[0]["content"], m.answers) for m in made]


def pieces(text):
    return {text[i : i + 2] for i in range(len(text) - 1)}


def parrot(book):
    "训练题 → 一个只会照抄最像那题答案的函数。"
    shelf = [(pieces(q), a) for q, a in book]

    def answer(question):
        mine = pieces(question)
        return max(shelf, key=lambda row: len(mine & row[0]) / (len(mine | row[0]) or 1))[1]

    return answer


score = {}
print("只会背书的模型，答对几成：")
for skill, name in SUBJECTS.items():
    book, exam = items(skill, "train", args.questions), items(skill, "test", args.exam)
    grade = lambda model, paper: sum(bool(set(model(q)) & set(a)) for q, a in paper) / len(paper)
    honest, cheat = parrot(book), parrot(book + exam)
    score[name] = {
        "原题": grade(honest, book[: args.exam]),
        "没见过的题": grade(honest, exam),
        "考题混进训练": grade(cheat, exam),
    }
    print(f"  {name}：" + "，".join(f"{k} {v:.0%}" for k, v in score[name].items()))
flipped = {paper: {name: score[name][paper] for name in score} for paper in ("原题", "没见过的题", "考题混进训练")}
picture(args, lambda p: p.bars(flipped, title="只会背书，也能拿高分", ylabel="正确率", fmt="{:.0%}"))
add = score["加法"]
claim(
    add["考题混进训练"] == 1 and add["没见过的题"] < 0.3 < add["原题"],
    "原题高分什么也说明不了，考题漏进训练就成了满分；要看没见过的，而且留出的是整种问法、整对运算数。",
)
