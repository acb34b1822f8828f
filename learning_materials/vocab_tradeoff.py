"""词表开多大合适？

在小世界的短文上训练一次 BPE，截取不同的合并次数，就得到大大小小的词表。看压缩了多少、词嵌入要花多少参数、
「每 token 的损失」与「每字节的比特数」谁说了真话。对应章节：nbs/2_tokenizer/30_measure.ipynb
"""

import math
import random
from collections import Counter

from _kit import arguments, claim, picture
from minimind.tokenizer.bpe import BPETokenizer
from minimind.world.stories import passage

args = arguments(__doc__, seed=(0, "随机种子", 0), passages=(400, "读几段短文", 50), width=(144, "模型的宽度"))
rng = random.Random(args.seed)
train = [passage(rng) for _ in range(args.passages)]
exam = [passage(rng) for _ in range(args.passages // 4)]
tok = BPETokenizer.train(train, 2000)
exam_bytes = sum(len(t.encode()) for t in exam)

print("词表    每 token 字节   词嵌入参数   每 token 损失   每字节比特（只数频率的模型）")
rows = {}
for size in (256, 400, 600, 1000, 1500, 2000):
    small = BPETokenizer.train(train, size) if size < 2000 else tok
    count, test = Counter(i for t in train for i in small.encode(t)), [i for t in exam for i in small.encode(t)]
    total = sum(count.values()) + len(small)
    nll = -sum(math.log((count[i] + 1) / total) for i in test)
    rows[len(small)] = (exam_bytes / len(test), nll / len(test), nll / math.log(2) / exam_bytes)
    a, b, c = rows[len(small)]
    print(f"{len(small):<8}{a:>8.2f}{len(small) * args.width:>14,}{b:>11.2f}{c:>13.2f}")
first, last = rows[min(rows)], rows[max(rows)]
picture(
    args,
    lambda p: p.curves(
        {
            "每 token 损失": (list(rows), [r[1] for r in rows.values()]),
            "每字节比特": (list(rows), [r[2] for r in rows.values()]),
        },
        "词表大小",
        "",
        "词表变大：一条上升，一条下降",
    ),
)
claim(
    last[1] > first[1] and last[2] < first[2],
    "词表越大，每 token 的损失越高，每字节的比特却越低：比较不同词表只能看每字节。收益越来越小，参数却直线上涨。",
)
