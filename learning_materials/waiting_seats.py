"""一批里有人写完了，他的座位该空着等，还是马上让给排队的？

整批一起走：最长的写完之前，写完的座位都空着。连续批处理：走一个、坐一个。
对应章节：nbs/4_inference/70_batching.ipynb
服务器怎样用它：对应章节：nbs/8_serving/50_server.ipynb
量真的：对应章节：nbs/9_lab/37_serving.ipynb
"""

import random

from _kit import arguments, claim, picture

args = arguments(__doc__, seats=(8, "几个座位", 1), people=(80, "几个人", 8), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
lengths = [rng.choice([5, 10, 20, 100]) for _ in range(args.people)]  # 各要写几步


def whole_batches():
    "整批一起走：返回（一共几步，各人第几步写完）。"
    now, done = 0, []
    for at in range(0, len(lengths), args.seats):
        group = lengths[at : at + args.seats]
        done += [now + n for n in group]
        now += max(group)
    return now, done


def continuous():
    "走一个坐一个。"
    free, done = [0] * args.seats, []
    for n in lengths:
        seat = min(range(args.seats), key=free.__getitem__)
        free[seat] += n
        done.append(free[seat])
    return max(free), done


table = {"整批": whole_batches(), "连续": continuous()}
for name, (steps, done) in table.items():
    busy = sum(lengths) / (steps * args.seats)
    print(f"{name}：一共 {steps} 步，座位坐满 {busy:.0%}，平均第 {sum(done) / len(done):.0f} 步拿到回答")
picture(args, lambda p: p.bars({k: v[0] for k, v in table.items()}, title="写完所有人要几步", fmt="{:.0f}"))
claim(
    table["连续"][0] < table["整批"][0] and sum(table["连续"][1]) < sum(table["整批"][1]),
    f"同样的活，整批要 {table['整批'][0]} 步，连续只要 {table['连续'][0]} 步：长短差得越多，空着的座位越多。",
)
