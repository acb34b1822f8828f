"""线路老断，下一个大文件：从头来要多传多少？接着下呢？

每传 1 MB 都有一点可能断。真的掷骰子：从头来的要碰上一次不断的才算完；接着下的只丢掉手上的那 1 MB。
对应章节：nbs/5_dataset/50_download.ipynb
"""

import random
import statistics

from _kit import arguments, claim, picture

args = arguments(
    __doc__, size=(100, "文件多少 MB", 1), cut=(2, "每 MB 有百分之几的可能断", 1), trials=(300, "掷几遍", 10),
    seed=(0, "随机种子", 0),
)
rng, p = random.Random(args.seed), min(args.cut, 50) / 100


def restart():
    "从头来：断了，前面的全白传。"
    sent = got = 0
    while got < args.size and sent < 10**5:
        sent += 1
        got = got + 1 if rng.random() >= p else 0
    return sent


def resume():
    "接着下：断了，只重传断的那 1 MB。"
    sent = got = 0
    while got < args.size:
        sent += 1
        got += rng.random() >= p
    return sent


mean = {"从头来": statistics.mean(restart() for _ in range(args.trials)) / args.size}
mean["接着下"] = statistics.mean(resume() for _ in range(args.trials)) / args.size
expected = (((1 - p) ** -args.size - 1) / p) / args.size
print(f"{args.size} MB 的文件，每 MB 有 {p:.0%} 的可能断，各掷 {args.trials} 遍：一共要传文件的几倍？")
for name, times in mean.items():
    print(f"  {name}：{times:.2f} 倍")
print(f"（公式说从头来是 {expected:.2f} 倍，接着下是 {1 / (1 - p):.2f} 倍）")
picture(args, lambda plt: plt.bars(mean, title="一共要传文件的几倍", fmt="{:.1f}"))
claim(
    mean["接着下"] < 1.2 / (1 - p) and mean["从头来"] > mean["接着下"],
    f"接着下几乎不多传（{mean['接着下']:.2f} 倍），从头来要 {mean['从头来']:.1f} 倍；文件越大差得越多，是指数地多。",
)
