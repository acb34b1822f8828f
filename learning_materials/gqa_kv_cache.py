"""分组查询（GQA）能省多少缓存？

算一算生成时要为旧词记下的键和值有多大：层数 × 长度 × 键值头 × 头宽 × 2。再手工验证：把同一组键值复制给几个查询头，
与「头少一些」的结果一样，而复制的次序不能错。对应章节：nbs/3_model/40_attention.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, layers=(8, "层数"), heads=(8, "查询头", 2), head_dim=(64, "每个头多宽"), length=(8192, "上下文长度"),
    seed=(0, "随机种子", 0),
)


def cache_mb(kv_heads, batch=1, bytes_each=2):
    return 2 * args.layers * args.length * kv_heads * args.head_dim * bytes_each * batch / 2**20


choices = [n for n in range(1, args.heads + 1) if args.heads % n == 0]
size = {f"{n} 组": cache_mb(n) for n in choices}
print(f"{args.layers} 层，{args.heads} 个查询头，长 {args.length}，bf16：")
for n in choices:
    print(
        f"  {n} 个键值头：一条对话 {cache_mb(n):7.1f} MB，一批 32 条 {cache_mb(n, 32) / 1024:6.2f} GB"
        + ("  ← 每个头各记各的（MHA）" if n == args.heads else "  ← 全部共用一份（MQA）" if n == 1 else "")
    )

rng, kv = np.random.default_rng(args.seed), args.heads // 2
q, k = rng.normal(size=(args.heads, args.head_dim)), rng.normal(size=(kv, args.head_dim))
grouped = (q.reshape(kv, 2, -1) @ k[:, :, None])[..., 0].ravel()  # 两个相邻的查询头用同一个键
right, wrong = (q * np.repeat(k, 2, axis=0)).sum(1), (q * np.tile(k, (2, 1))).sum(1)
print(f"\n复制成 0,0,1,1…：与分组算的最大差 {np.abs(right - grouped).max():.1e}")
print(f"复制成 0,1,…,0,1…：最大差 {np.abs(wrong - grouped).max():.2f}，形状一样，却配错了组")
picture(args, lambda p: p.bars(size, title=f"一条对话的缓存（MB，长 {args.length}）", fmt="{:.0f}"))
claim(
    np.allclose(right, grouped)
    and not np.allclose(wrong, grouped)
    and cache_mb(args.heads) == cache_mb(1) * args.heads,
    f"缓存与键值头的个数成正比，{args.heads} 个查询头共用 {choices[1]} 组就小 {args.heads // choices[1]} 倍；"
    "复制的次序是 0,0,1,1。",
)
