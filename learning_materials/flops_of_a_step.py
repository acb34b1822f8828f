"""一步训练要做多少次运算？省下其中一段，整步快多少？

数一数 25.8M 模型每个 token 的运算，再用阿姆达尔定律看：某一段占了几成、快了几倍，整步才快多少。
对应章节：nbs/9_lab/20_step_time.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(
    __doc__, params=(25.83, "百万参数（共用词嵌入的，按输出头算一次）", 0.1), layers=(8, "层数"),
    hidden=(512, "宽度"), length=(512, "长度"), batch=(8, "一批几行"), gflops=(100.0, "机器每秒几十亿次运算", 0.1),
)


def per_token(length):
    "训练一个 token：每个参数 6 次，注意力另加 6·层·宽·长。返回（参数部分，注意力部分）。"
    return 6 * args.params * 1e6, 6 * args.layers * args.hidden * length


dense, attention = per_token(args.length)
step = (dense + attention) * args.batch * args.length
print("前向每个参数 2 次（一乘一加），反向对输入、对权重各 2 次：一共 6 次")
print(
    f"每个 token：参数 {dense / 1e6:.0f}M 次，注意力 {attention / 1e6:.1f}M 次，共 {(dense + attention) / 1e6:.0f}M 次"
)
print(
    f"一步 {args.batch}×{args.length}：{step / 1e9:.0f} G 次；"
    f"机器每秒 {args.gflops:g} G 次，最快也要 {step / 1e9 / args.gflops:.1f} 秒"
)
for length in (128, 512, 2048, 8192):
    d, a = per_token(length)
    print(f"  长 {length:>4}：注意力占 {a / (a + d):.0%}")
print("\n某一段占 p，快了 k 倍，整步快 1/(1-p+p/k) 倍：")
speed = lambda p, k: 1 / (1 - p + p / k)
table = {}
for share in (0.1, 0.3, 0.5, 0.8):
    table[share] = speed(share, 1e9)
    print(
        f"  占 {share:.0%}：快 2 倍 → {speed(share, 2):.2f}，快 10 倍 "
        f"→ {speed(share, 10):.2f}，快到不要时间 → {table[share]:.2f}"
    )
picture(
    args,
    lambda p: p.curves(
        {f"占 {s:.0%}": (list(range(1, 21)), [speed(s, k) for k in range(1, 21)]) for s in (0.1, 0.3, 0.5, 0.8)},
        "这一段快几倍", "整步快几倍", "阿姆达尔定律",
    ),
)
claim(
    table[0.1] < 1.12 and speed(0.8, 2) > speed(0.3, 10),
    "每个参数每个 token 6 次运算；占一成的那段快到不要时间，整步也只快一成。先量占比，再动手。",
)
