"""点 `#某某` 为什么跳不过去？

按 GitHub 的规矩给中文标题起锚点，再检查一批链接：哪些是活的，死的那些错在哪里。
对应章节：nbs/0_learning/65_notes_check.ipynb
"""

import unicodedata

from _kit import arguments, claim, picture

TITLES = [
    "4. 模型", "Q1: 为什么第一步的损失不是 0，而是 8 点几？", "RMSNorm 与 LayerNorm", "2026-11-21：从零开始", "小结",
    "小结",
]
LINKS = {
    "4-模型": "照规矩写",
    "4.-模型": "留下了句点",
    "q1-为什么第一步的损失不是-0而是-8-点几": "照规矩写",
    "Q1-为什么第一步的损失不是-0而是-8-点几": "没有变小写",
    "rmsnorm-与-layernorm": "照规矩写",
    "rmsnorm与layernorm": "空格没有换成连字符",
    "2026-11-21从零开始": "照规矩写",
    "2026-11-21-从零开始": "全角冒号后面本来没有空格",
    "小结-1": "第二个重名的",
    "小结-2": "没有第三个",
}
args = arguments(__doc__, title=("", "再试一个自己的标题"))


def anchor(title, taken):
    "变小写；只留文字、数字、下划线、连字符与空格；空格换成连字符；重名的加 -1、-2。"
    keep = "".join(c for c in title.lower() if c in " -_" or unicodedata.category(c)[0] in "LNM")
    name = base = keep.replace(" ", "-")
    extra = 0
    while name in taken:
        extra += 1
        name = f"{base}-{extra}"
    taken.add(name)
    return name


taken = set()
for title in TITLES + ([args.title] if args.title else []):
    print(f"{title}  →  #{anchor(title, taken)}")
print()
alive = {link: link in taken for link in LINKS}
for link, why in LINKS.items():
    print(f"{'✓' if alive[link] else '✗'} #{link}（{why}）")
count = {"活的": sum(alive.values()), "死的": len(alive) - sum(alive.values())}
picture(args, lambda p: p.bars(count, title="十个链接", fmt="{:.0f}", colors=[p.COLORS["good"], p.COLORS["bad"]]))
claim(
    count == {"活的": 5, "死的": 5},
    "锚点会丢掉标点、变成小写、空格换连字符；手写最容易错在全角标点和大小写，交给程序算。",
)
