"""一个没收尾的代码块，会吞掉多少笔记？

往一份问答笔记的某个答案里放一个只有开头的 ```，数一数程序还认得出几个问题。
对应章节：nbs/0_learning/60_notes_write.ipynb
"""

import re

from _kit import arguments, claim, picture

args = arguments(__doc__, count=(20, "笔记里有几个问题", 4), every=(5, "每几个答案里有一段代码", 2))


def notes(open_fence_at=0):
    rows = []
    for i in range(1, args.count + 1):
        rows += [f"### Q{i}: 第 {i} 个问题？", "**A**: 因为……"]
        if i % args.every == 1:  # 有的答案里带一小段代码
            rows += ["```python", f"x = {i}", "# 忘了收尾" if i == open_fence_at else "```"]
    return "\n".join(rows)


def visible_questions(text):
    "按 Markdown 的规矩数问题：代码块里的 ### 不是标题。"
    found, inside = 0, False
    for row in text.splitlines():
        if inside:
            inside = not re.fullmatch(r"`{3,}\s*", row)  # 收尾的那一行不能再有别的字
        elif row.startswith("```"):
            inside = True
        else:
            found += row.startswith("### Q")
    return found


places = [i for i in range(1, args.count + 1) if i % args.every == 1]
whole, seen = visible_questions(notes()), [visible_questions(notes(p)) for p in places]
print(f"{args.count} 个问题，每 {args.every} 个答案里有一段代码：")
print(f"  都收了尾：认得 {whole} 个")
for place, n in zip(places, seen):
    print(f"  第 {place} 个答案忘了收尾：认得 {n} 个，吞掉 {whole - n} 个")
lost = {f"第 {p} 个": whole - n for p, n in zip(places, seen)}
picture(args, lambda p: p.bars(lost, title="哪一个忘了收尾，吞掉几个问题", fmt="{:.0f}"))
claim(
    whole == args.count and min(lost.values()) > 0,
    "没收尾的代码块会一直开到下一处收尾（没有就到文末），中间的问题全被当成代码；写进去之前先数反引号。",
)
