"""同样多的参数，宽一点还是深一点？

参数总数定死，宽度从 256 到 768 各配上合适的层数。不造模型，只用公式算：参数花在哪里，每个 token 的缓存多大，
注意力多算多少，一个 token 要依次穿过几层。对应章节：nbs/3_model/37_presets.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(
    __doc__, params=(25.8, "一共几百万参数", 1.0), vocab=(6400, "词表"), length=(2048, "上下文多长"),
    head=(64, "每个头多宽", 8),
)


def layer_size(h):
    "一层的参数：查询与输出各 h×h，键与值是四分之一宽，前馈三块，归一化两条。"
    inner = -(-int(h * 8 / 3) // 64) * 64
    return 2 * h * h + 2 * h * key_width(h) + 3 * h * inner + 2 * h


def key_width(h):
    "键（或值）一共多宽：四个查询头合用一个，至少一个。"
    return max(1, h // args.head // 4) * args.head


rows = {}
for h in (256, 384, 512, 640, 768):
    embed = args.vocab * h
    layers = round((args.params * 1e6 - embed) / layer_size(h))
    if layers < 1:
        continue
    body = layers * layer_size(h) + h
    rows[h] = {
        "层": layers, "参数": embed + body, "词嵌入": embed / (embed + body),
        "缓存": 2 * layers * key_width(h) * 2,               # 键与值，每个数两字节
        "注意力": layers * h * args.length / (embed + body),  # 6·层·宽·长，比上 6·参数
    }
if len(rows) < 2:
    raise SystemExit("错误：词嵌入就用完了参数，配不出层数；把 --params 加大，或 --vocab 减小。")
print(f"参数都约 {args.params:g}M，词表 {args.vocab}，上下文 {args.length}：")
for h, r in rows.items():
    print(
        f"  宽 {h} × {r['层']:>2} 层：{r['参数'] / 1e6:.1f}M，词嵌入占 {r['词嵌入']:.0%}；每个 token 缓存 "
        f"{r['缓存'] / 1024:4.1f} KB，注意力多算 {r['注意力']:.0%}"
    )
thin, wide = rows[min(rows)], rows[max(rows)]
print(f"最窄的与最宽的比：要穿过的层是 {thin['层'] / wide['层']:.0f} 倍，缓存是 {thin['缓存'] / wide['缓存']:.1f} 倍")
gap = max(abs(r["参数"] / 1e6 / args.params - 1) for r in rows.values())
print(f"（层数是整数，参数凑不齐，最多差 {gap:.0%}）")
shown = {f"{h}×{r['层']}": r["缓存"] / 1024 for h, r in rows.items()}
picture(args, lambda p: p.bars(shown, title="参数一样多，每个 token 的缓存（KB）", fmt="{:.1f}"))
claim(
    thin["层"] > wide["层"] and thin["注意力"] > wide["注意力"] and thin["词嵌入"] < wide["词嵌入"],
    f"参数一样多，深而窄的要排队穿过 {thin['层']} 层（宽的 {wide['层']} 层），注意力也贵；宽而浅的把 "
    f"{wide['词嵌入']:.0%} 的参数花在词嵌入上。公式只算得出开销，谁学得好要练了才知道。",
)
