"""一张卡五年坏一次，一千张卡的训练还练得完吗？

模拟一次长训练：卡在随机的时刻坏，坏了就从最近一次存的地方重来。比三种人：从不存的、存得太勤的、
照公式 √(2 × 存一次 × 多久坏一次) 存的，各要几小时。对应章节：nbs/7_trainer/48_restart.ipynb
"""

import math
import random

from _kit import arguments, claim, picture

args = arguments(
    __doc__, cards=(1000, "几张卡"), years=(5.0, "一张卡平均几年坏一次", 0.1), work=(300.0, "不坏的话要几小时", 1),
    save=(0.05, "存一次几小时", 0.001), runs=(40, "每种练几遍"), seed=(0, "随机种子", 0),
)
BOOT, GIVE_UP = 0.1, 50  # 重新拉起几小时；超过原来的几十倍就不等了
between = args.years * 365 * 24 / args.cards
rng = random.Random(args.seed)


def hours(every):
    "每 `every` 小时存一次，一共几小时；一段没存上就坏了，这一段重做。"
    spent, done = 0.0, 0.0
    while done < args.work and spent < GIVE_UP * args.work:
        need, lasts = min(every, args.work - done) + args.save, rng.expovariate(1 / between)
        if lasts >= need:
            spent, done = spent + need, done + need - args.save
        else:
            spent += lasts + BOOT
    return spent


best = math.sqrt(2 * args.save * between)
plans = {"从不存": args.work, "每 3 分钟存": 0.05, f"每 {best:.1f} 小时存": best}
took = {name: sum(hours(every) for _ in range(args.runs)) / args.runs for name, every in plans.items()}
print(f"{args.cards} 张卡，平均 {between:.0f} 小时坏一张；不坏的话 {args.work:.0f} 小时")
for name, value in took.items():
    least = "至少 " if value > GIVE_UP * args.work / 2 else ""  # 有的等不到头，不等了
    print(f"{name}：{least}{value:,.0f} 小时")
picture(args, lambda p: p.bars(took, title=f"{args.work:.0f} 小时的活，实际几小时", fmt="{:,.0f}"))
never, often, young = took.values()
claim(young < often and young < never / 2, "不存就练不完；存得太勤也白花时间；照公式存，只多花一点")
