"""按长短给思考打分，会奖励出什么？

对应章节：nbs/7_trainer/88_train_reason.ipynb
"""

import re

from _kit import arguments, claim, picture

args = arguments(__doc__, pad=(20, "废话重复几遍", 1))
need = {"23+45=68", "68-7=61"}
thoughts = {
    "两步都对": "先算23+45=68，再算68-7=61。",
    "废话连篇": "让我好好想一想。" * args.pad,
    "同一步抄九遍": "23+45=68。" * 9,
    "写错一步": "先算23+45=69，再算69-7=62。",
    "只有得数": "61。",
}


def by_length(text):
    return min(1.0, len(text) / 60)


def by_depth(text):
    "该有的等式，写出来而且成立的占几成。"
    found = set(re.findall(r"(?<!\d)\d+[+-]\d+=\d+", text))
    true = {e for e in found if eval(e.split("=")[0]) == int(e.split("=")[1])}
    return len(true & need) / len(need)


for name, text in thoughts.items():
    print(f"{name:　<7}按长短 {by_length(text):.2f}　按深度 {by_depth(text):.2f}")
depth = {name: by_depth(text) for name, text in thoughts.items()}
picture(args, lambda p: p.bars(depth, fmt="{:.1f}", title="按深度打分"))
claim(
    by_length(thoughts["废话连篇"]) >= by_length(thoughts["两步都对"]) and max(depth, key=depth.get) == "两步都对",
    "按长短打分，废话最高；按深度打分，两步都对的最高",
)
