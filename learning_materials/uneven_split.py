"""样本除不尽时，先分再切会怎样？

几个进程分一份数据：先分给各人再切批、补齐了再分、先切全局批再分。样本数从 1 数到几百，
看几成会卡住（有人多一批，等不到别人），又有几个样本被看了两遍。对应章节：nbs/7_trainer/50_batches.ipynb
"""

import math
from collections import Counter

from _kit import arguments, claim, picture

args = arguments(__doc__, world=(4, "几个进程", 2), batch=(4, "一批几个样本"), most=(400, "样本数最多到几", 16))


def chop(samples, size):
    return [samples[i : i + size] for i in range(0, len(samples), size)]


def share_first(n, world, size):
    "先分再切"
    return [chop(list(range(n))[r::world], size) for r in range(world)]


def pad_first(n, world, size):
    "补齐了再分（从头借几个样本）"
    order = [i % n for i in range(math.ceil(n / world) * world)]
    return [chop(order[r::world], size) for r in range(world)]


def chop_first(n, world, size):
    "先切全局批再分（不够分的得到空表，也算一批）"
    return [[big[r::world] for big in chop(list(range(n)), size * world)] for r in range(world)]


def judge(split, size):
    "返回（会卡住的样本数占几成，平均每份数据有几个样本看了不止一遍）。"
    stuck = again = 0
    for n in range(1, args.most + 1):
        shares = split(n, args.world, size)
        stuck += len({len(share) for share in shares}) > 1
        seen = Counter(i for share in shares for b in share for i in b)
        assert sorted(seen) == list(range(n))  # 一个也没漏
        again += sum(seen.values()) - n
    return stuck / args.most, again / args.most


print(f"{args.world} 个进程，每批 {args.batch} 个，样本数从 1 到 {args.most}：")
result = {}
for split in (share_first, pad_first, chop_first):
    result[split] = judge(split, args.batch)
    print(f"  {split.__doc__}：{result[split][0]:.1%} 的样本数会卡住，平均 {result[split][1]:.1f} 个样本看了两遍")
n = args.batch * args.world + 1
lengths = [len(share) for share in share_first(n, args.world, args.batch)]
print(f"例如 {n} 个样本先分再切，各人的批数是 {lengths}：0 号多一批，算完去等别人，别人已经收工")
stuck = {size: judge(share_first, size)[0] for size in (1, 2, 4, 8, 16)}
print("先分再切，批越小越常卡：" + "，".join(f"批 {size} → {share:.0%}" for size, share in stuck.items()))
picture(args, lambda p: p.bars(stuck, title="先分再切，会卡住的样本数占几成", xlabel="一批几个", fmt="{:.0%}"))
claim(
    result[share_first][0] > 0 and result[pad_first][0] == 0 < result[pad_first][1] and result[chop_first] == (0, 0),
    f"先分再切有 {result[share_first][0]:.0%} 的样本数会卡住；补齐不卡，却有样本白看一遍。"
    "先切全局批再分：批数人人相同，样本一个不多、一个不少。",
)
