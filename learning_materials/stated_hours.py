"""一门课写着「大约多久」，真要多久？

把每章写着的时间加起来，再乘上学习者通常的倍数，看一天两小时要学多少天。
对应章节：nbs/0_learning/53_route.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(__doc__, each=(2.0, "一天几小时"))
STATED = {"看一遍全程": 10, "手写 BPE": 60, "查询、键、值": 60, "注意力": 60, "块与模型": 40, "语言模型": 50,
          "采样": 30, "哪里要学": 30, "预训练": 40, "微调": 40, "全程演示": 20}


def days(minutes, each):
    "照次序、不把一章拆开：放得下就今天，放不下就明天；比一天还长的自己占一天。"
    out = []
    for m in minutes:
        if out and out[-1] + m <= each:
            out[-1] += m
        else:
            out.append(m)
    return len(out)


total = sum(STATED.values())
need = {}
for times in (1, 1.5, 2, 3):
    need[f"{times:g} 倍"] = days([times * m for m in STATED.values()], 60 * args.each)
    print(f"{times:g} 倍：{times * total / 60:.1f} 小时，一天 {args.each:g} 小时要 {need[f'{times:g} 倍']} 天")
picture(args, lambda p: p.bars(need, title="主线十一章要几天", fmt="{:.0f}"))
claim(
    need["2 倍"] > need["1 倍"] and total == 440,
    f"写着 {total / 60:.1f} 小时的十一章，按两倍是 {2 * total / 60:.1f} 小时；照写着的时间排日程，第一周就会落空。",
)
