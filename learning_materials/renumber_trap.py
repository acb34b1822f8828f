"""插进一个新问题，后面的编号怎样改才不会乱？

笔记里有 Q1…Qn 和指向它们的链接。在中间插一个，后面都要加一。一个编号一个编号地替换，与按位置一次改完，
哪一种还指着原来的问题？对应章节：nbs/0_learning/50_notes.ipynb
"""

import re

from _kit import arguments, claim, picture

args = arguments(__doc__, count=(12, "原来有几个问题", 2), at=(4, "新问题插在第几个"))
n, at = args.count, min(args.at, args.count)
text = "".join(f"### Q{i}: 第{i}个问题\n见 [Q{i}](#q{i}) 的答案{i}。\n" for i in range(1, n + 1))
new = {i: i + (i >= at) for i in range(1, n + 1)}  # 旧编号 → 新编号

upward = text
for i in range(at, n + 1):
    upward = upward.replace(f"[Q{i}]", f"[Q{i + 1}]")  # 刚改好的，下一轮又被改
downward = text
for i in range(n, at - 1, -1):
    downward = downward.replace(f"Q{i}", f"Q{i + 1}")  # 倒着来，可是 Q1 也是 Q12 的开头
once = re.sub(r"\[Q(\d+)\]", lambda m: f"[Q{new[int(m[1])]}]", text)


def broken(result):
    "有几个链接不再指着原来的问题（答案后面的数字是原来的编号）。"
    return sum(int(m[1]) != new[int(m[2])] for m in re.finditer(r"\[Q(\d+)\].*?答案(\d+)。", result))


ways = {"从小到大替换": broken(upward), "从大到小替换": broken(downward), "一次改完": broken(once)}
print(f"{n} 个问题，在第 {at} 个的位置插进一个：")
for name, bad in ways.items():
    print(f"  {name}：{bad} 个链接指错")
print('还有一个坑：replace("Q1", "Q2") 会把 Q10 变成', "Q10".replace("Q1", "Q2"))
picture(
    args,
    lambda p: p.bars(
        ways, title="指错的链接", fmt="{:.0f}", colors=[p.COLORS["bad"], p.COLORS["neutral"], p.COLORS["good"]]
    ),
)
claim(
    ways["一次改完"] == 0 < ways["从小到大替换"],
    "一个一个替换会把改过的再改一遍；先算好新旧对照，再按位置一次改完才不会乱。",
)
