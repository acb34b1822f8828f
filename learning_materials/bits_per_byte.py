"""换了分词器，两个模型的损失还能比吗？

同一段文字、同样只会数频率的模型，一个一字节一个 token，一个一字一个 token，一个两字一个 token。
比一比每 token 的损失与每字节的比特，
旁边放上压缩软件。对应章节：nbs/6_evaluation/10_bits.ipynb
"""

import math
import random
import zlib
from collections import Counter

from _kit import arguments, claim, picture
from minimind.world.stories import passage

args = arguments(__doc__, passages=(800, "读几段短文", 20), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
train, test = ("".join(passage(rng) for _ in range(n)) for n in (args.passages, args.passages // 4))
size = len(test.encode())
CUTS = {
    "一字节一个": lambda t: list(t.encode()),
    "一字一个": list,
    "两字一个": lambda t: [t[i : i + 2] for i in range(0, len(t), 2)],
}

print(f"考的文字：{len(test)} 个字，{size} 个字节")
per_token, per_byte = {}, {}
for name, cut in CUTS.items():
    count, tokens = Counter(cut(train)), cut(test)
    total = sum(count.values()) + len(count) + 1
    nats = sum(-math.log((count[t] + 1) / total) for t in tokens)
    per_token[name], per_byte[name] = nats / len(tokens), nats / math.log(2) / size
    print(
        f"  {name:<6}：{len(tokens):>6} 个 token，每 token 损失 {per_token[name]:.2f}，每字节 {per_byte[name]:.2f} 比特"
    )
zipped = 8 * len(zlib.compress(test.encode(), 9)) / size
print(f"  zlib 压缩软件：每字节 {zipped:.2f} 比特（它看得见上文）；对每个字节瞎猜是 8 比特")
wrong = sum(len(bytes([b]).decode("utf8", "replace").encode()) for b in test.encode()) / size
print(f"字节数要数原文的：逐块解码再数，会多数成 {wrong:.1f} 倍；数字符又会少数成 {len(test) / size:.2f} 倍")
picture(
    args,
    lambda p: p.bars(
        {"每 token 损失": per_token, "每字节比特": per_byte}, title="两把尺子，次序正好相反", fmt="{:.2f}"
    ),
)
claim(
    sorted(per_token, key=per_token.get) == sorted(per_byte, key=per_byte.get, reverse=True),
    "token 越长，每 token 的损失越高，每字节的比特却越低。除以原文的字节数，换什么词表都能比，连压缩软件也能。",
)
