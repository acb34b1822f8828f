"""边写边显示，页面一共送了多少字？

每来一个 token 就把全文重送一遍，n 个 token 要送 n(n+1)/2 份。改成最多每 0.05 秒送一次，数一数省多少、会不会丢字。
对应章节：nbs/8_serving/30_web.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(__doc__, tokens=(400, "写几个 token"), every=(0.05, "最少隔几秒更新一次", 0.001))


def every_token(n, speed):
    "每来一个 token 就送一次全文：返回（更新几次，一共送了几个 token，最后显示的长度）。"
    return n, n * (n + 1) // 2, n


def gathered(n, speed):
    shown_at, updates, sent, shown = -1e9, 0, 0, 0
    for i in range(1, n + 1):
        now = i / speed  # 假的钟：第 i 个 token 到达的时刻
        if now - shown_at >= args.every or i == n:  # 最后一次一定送到
            shown_at, updates, sent, shown = now, updates + 1, sent + i, i
    return updates, sent, shown


saved = {}
print(f"写 {args.tokens} 个 token：")
for speed in (5, 50, 500, 5000):
    a, b = every_token(args.tokens, speed), gathered(args.tokens, speed)
    saved[f"{speed}/秒"] = a[1] / b[1]
    print(
        f"  每秒 {speed:>4} 个：逐个送 {a[0]} 次、{a[1]:,} 个 token；"
        f"攒着送 {b[0]} 次、{b[1]:,} 个，省 {a[1] / b[1]:.1f} 倍，最后显示 {b[2]} 个"
    )
    assert b[2] == args.tokens
picture(args, lambda p: p.bars(saved, title="攒着送省几倍", fmt="{:.1f}"))
claim(
    saved["5/秒"] == 1 and saved["500/秒"] > 5,
    "人眼一秒看二十次就够连贯；慢的模型照样一个个送，快的模型省掉大半，最后一次一定送到，一个字也不丢。",
)
