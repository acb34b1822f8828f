"""连着学了几天，怎样数才不会数错？

数条数，一天记三条就成了三天；把日期当数字减，过了月底就断了。要按日历一天一天地退。
对应章节：nbs/8_serving/37_web_progress.ipynb
几页合起来：对应章节：nbs/8_serving/38_web_pages.ipynb
"""

from datetime import date, timedelta

from _kit import arguments, claim, picture

args = arguments(__doc__, days=(9, "真的连着学了几天", 4), notes=(3, "一天记几条", 2))
today = date(2024, 3, 4)  # 前面有一个二月二十九
days = [today - timedelta(days=i) for i in range(args.days)]
notes = [day for day in days for _ in range(args.notes)] + [today - timedelta(days=args.days + 2)]  # 更早的一条隔了两天


def by_calendar(entries):
    "按日历退：今天、昨天、前天……哪一天没有就停。"
    have, day = set(entries), today
    while day in have:
        day -= timedelta(days=1)
    return (today - day).days


def by_number(entries):
    "写成 20240301 这样的数，看是不是连着。"
    numbers = {int(d.strftime("%Y%m%d")) for d in entries}
    now = int(today.strftime("%Y%m%d"))
    return next(i for i in range(len(numbers) + 1) if now - i not in numbers)


ways = {"按日历退": by_calendar(notes), "当数字减": by_number(notes), "数条数": len(notes)}
for name, found in ways.items():
    print(f"{name}：{found} 天{'' if found == args.days else '（错）'}")
picture(args, lambda p: p.bars(ways, title=f"真的连着学了 {args.days} 天", fmt="{:.0f}"))
claim(
    ways["按日历退"] == args.days and ways["当数字减"] != args.days and ways["数条数"] != args.days,
    "按日历一天一天地退才数得对；当数字减，过了月底就断；数条数，记得勤的人凭空多了几天。",
)
