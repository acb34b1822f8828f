"""几张短表能拼出多少句话？三句模板为什么不够？

用小世界的造句机不停地问首都，看抽了几千句之后还有多少新句子；再看考试的问法，训练里见过几句。
对应章节：nbs/1_world/20_language.ipynb
"""

import random

from _kit import arguments, claim, picture
from minimind.world.skills import SKILLS

TOY = ["{}的首都是哪里？", "请问{}的首都？", "你知道{}的首都吗？"]
args = arguments(__doc__, seed=(0, "随机种子", 0), draws=(4000, "抽几句", 100))
rng = random.Random(args.seed)


def ask(split):
    return SKILLS["capital"](rng, split).turns[0]["content"]


toy, real, grown = set(), set(), {"三句模板": [], "开场 × 句框 × 问法": []}
countries = [f"国家{i}" for i in range(30)]
for i in range(args.draws):
    toy.add(rng.choice(TOY).format(rng.choice(countries)))
    real.add(ask("train"))
    grown["三句模板"].append(len(toy))
    grown["开场 × 句框 × 问法"].append(len(real))
print("造句机说的：" + " ｜ ".join(sorted(real)[:4]))
print(
    f"抽 {args.draws} 句：三句模板只有 {len(toy)} 句不同，造句机有 {len(real)} 句不同（{len(real) / args.draws:.0%}）"
)
late = len(real) - grown["开场 × 句框 × 问法"][args.draws * 9 // 10]
print(f"最后十分之一里还有 {late} 句是新的，三句模板早就见底了")
exam = {ask("test") for _ in range(500)}
seen = len(exam & real)
print(f"考试的 {len(exam)} 种问法里，训练里一字不差出现过的：{seen} 句")
picture(args, lambda p: p.curves(grown, "抽了几句", "不同的句子", "模板很快见底，组合还在长"))
claim(
    seen == 0 and len(real) > 10 * len(toy),
    "多样靠组合：写几张短表，就有说不完的句子；考试用整条没出现过的问法，答对才算会。",
)
