"""补齐要白算多少？打包能省多少？

造一批长短悬殊的样本，比较四种凑法：补到上限、补到一批里最长的、排好序再补、打包（先来先放与接着放）。看有用的占几成。
对应章节：nbs/5_dataset/40_packing.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, samples=(3000, "几条样本", 10), longest=(512, "上限", 8), batch=(16, "一批几条"), seed=(0, "随机种子", 0)
)
rng = np.random.default_rng(args.seed)
lengths = np.clip(rng.lognormal(4, 0.8, args.samples).astype(int), 2, args.longest)


def padded(order):
    return sum(len(b) * b.max() for b in np.split(order, range(args.batch, len(order), args.batch)))


def next_fit():
    "接着放：放不下就封箱。"
    boxes, room = 1, args.longest
    for n in lengths:
        if n > room:
            boxes, room = boxes + 1, args.longest
        room -= n
    return boxes * args.longest


def first_fit():
    "先来先放：放进第一个装得下的箱子。"
    room = []
    for n in lengths:
        i = next((i for i, r in enumerate(room) if r >= n), None)
        if i is None:
            room.append(args.longest - n)
        else:
            room[i] -= n
    return len(room) * args.longest


useful = int(lengths.sum())
cost = {
    "补到上限": len(lengths) * args.longest,
    "补到批里最长": padded(lengths),
    "排好序再补": padded(np.sort(lengths)),
    "打包：接着放": next_fit(),
    "打包：先来先放": first_fit(),
}
share = {name: useful / total for name, total in cost.items()}
print(
    f"{args.samples} 条，中位数 {np.median(lengths):.0f}，"
    f"平均 {lengths.mean():.0f}，最长 {lengths.max()}；有用的 token {useful:,}"
)
for name, total in cost.items():
    print(f"  {name:<8}：要算 {total:>9,} 个位置，有用的占 {share[name]:.1%}")
print("（排好序再补看着不错，可是同样长的总凑在一批，次序就不随机了）")
picture(args, lambda p: p.bars(share, title="有用的占几成", fmt="{:.0%}"))
claim(
    share["打包：先来先放"] > 0.95 > 0.6 > share["补到上限"],
    f"补到上限只有 {share['补到上限']:.0%} 有用；先来先放的打包到 {share['打包：先来先放']:.1%}，"
    f"同样的时间多学 {share['打包：先来先放'] / share['补到上限']:.1f} 倍。",
)
