"""25.8M 个参数是怎样数出来的？

不造模型，只用五个数就数清参数，再看它们花在了哪里：宽度加倍、层数加倍、词表加倍各贵多少。
对应章节：nbs/3_model/38_config.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(
    __doc__, hidden=(512, "宽度", 8), layers=(8, "层数"), vocab=(6400, "词表"), heads=(8, "查询头"),
    kv_heads=(2, "键值头"),
)


def parts(h, layers, v, heads, kv):
    ffn = -(-int(h * 8 / 3) // 64) * 64  # 8/3 倍，向上取到 64 的整数倍
    return {
        "词嵌入（与输出头共用）": v * h,
        "注意力": layers * (2 * h * h + 2 * h * (h // heads * kv)),  # q、o 两块方的；k、v 两块窄的
        "前馈": layers * 3 * h * ffn,
        "归一化": (2 * layers + 1) * h,
    }


base = parts(args.hidden, args.layers, args.vocab, args.heads, args.kv_heads)
total = sum(base.values())
print(f"宽 {args.hidden}，{args.layers} 层，词表 {args.vocab}：共 {total:,} 个参数")
for name, n in base.items():
    print(f"  {name:<12} {n:>12,}  {n / total:6.1%}")
changes = {
    "宽度加倍": (2 * args.hidden, args.layers, args.vocab),
    "层数加倍": (args.hidden, 2 * args.layers, args.vocab),
    "词表加倍": (args.hidden, args.layers, 2 * args.vocab),
}
grown = {name: sum(parts(*shape, args.heads, args.kv_heads).values()) / total for name, shape in changes.items()}
print("，".join(f"{name} → {x:.2f} 倍" for name, x in grown.items()))
tiny = parts(64, 2, 50_000, 4, 2)
print(f"宽 64 的小模型配五万词表：词嵌入占 {tiny['词嵌入（与输出头共用）'] / sum(tiny.values()):.0%}")
picture(args, lambda p: p.bars({k: v / 1e6 for k, v in base.items()}, title="参数花在哪里（百万）", fmt="{:.2f}"))
claim(
    grown["宽度加倍"] > grown["层数加倍"] > 1,
    "参数随层数直线涨，随宽度平方涨，前馈占大头；小模型要配小词表，不然参数全成了词嵌入。"
    + (f"默认这套正好 {total:,} 个。" if total == 25_829_888 else ""),
)
