"""缓存怎么知道自己旧了？

一个小程序由四个文件组成，结果存进缓存。改它两百次，比三种「钥匙」：只看主文件、看全部文件的修改时间、看用到的文件的内容。
数一数各自错用了几次旧结果，白算了几次。
对应章节：nbs/7_trainer/75_nano.ipynb
"""

import hashlib
import random

from _kit import arguments, claim, picture

args = arguments(__doc__, edits=(200, "改几次"), seed=(0, "随机种子", 0))
USES = {"train": ["model", "data"], "model": [], "data": [], "plot": []}  # train 用到 model 与 data，不用 plot
rng = random.Random(args.seed)


def reachable(name):
    "从一个文件出发，顺着它用到的走，走得到的全部文件。"
    found, todo = set(), [name]
    while todo:
        found.add(file := todo.pop())
        todo += [f for f in USES[file] if f not in found]
    return sorted(found)


def digest(*words):
    return hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()[:8]


text, touched = dict.fromkeys(USES, 0), dict.fromkeys(USES, 0)  # 每个文件的内容与修改时间
KEYS = {
    "只看主文件": lambda: digest(text["train"]),
    "看修改时间": lambda: digest(*touched.values()),
    "看用到的内容": lambda: digest(*(text[f] for f in reachable("train"))),
}
truth = lambda: (text["train"], text["model"], text["data"])  # 结果只由这三样决定
cache = {name: {} for name in KEYS}
wrong, wasted = dict.fromkeys(KEYS, 0), dict.fromkeys(KEYS, 0)
for step in range(args.edits + 1):
    for name, key in KEYS.items():
        known = cache[name]
        if key() in known:
            wrong[name] += known[key()] != truth()      # 拿旧结果当新的用
        else:
            wasted[name] += truth() in known.values()   # 算过一样的，又算一遍
            known[key()] = truth()
    file = rng.choice(list(USES))
    touched[file] = step + 1
    if rng.random() < 0.7:
        text[file] = rng.randrange(3)  # 三成只是存了一下盘；改了的也可能改回从前的样子

for name in KEYS:
    print(f"{name}：错用旧结果 {wrong[name]} 次，白算 {wasted[name]} 次，一共算了 {len(cache[name])} 次")
counts = {"错用旧结果": wrong, "白算": wasted}
picture(args, lambda p: p.bars(counts, title=f"改 {args.edits} 次，三种钥匙", ylabel="次", fmt="{:.0f}"))
claim(
    wrong["只看主文件"] > 0 and wasted["看修改时间"] > 0 and wrong["看用到的内容"] == wasted["看用到的内容"] == 0,
    "钥匙要由「影响结果的每一个文件的内容」算出来：少看一个就会拿旧的当新的，看时间就会白算。",
)
