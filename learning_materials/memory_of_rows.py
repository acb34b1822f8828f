"""二十万个 token，放进 Python 列表要多少内存？

同样的编号，四种放法：列表里装字典、列表里装列表、一条 16 位的长数组、内存映射。逐一称重，再看取出来的是不是一样。
对应章节：nbs/5_dataset/30_datasets.ipynb
"""

import tempfile
import tracemalloc
from pathlib import Path

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, rows=(2000, "几条样本", 10), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
lengths = rng.integers(20, 200, args.rows)
flat = rng.integers(300, 6400, int(lengths.sum())).astype(np.uint16)
offsets = np.concatenate([[0], lengths.cumsum()])  # 第 i 条就是 flat[offsets[i]:offsets[i+1]]


def weigh(make):
    tracemalloc.start()
    kept = make()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size, kept


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "ids.bin"
    flat.tofile(path)
    ways = {
        "列表里装字典": lambda: [
            {"input_ids": flat[a:b].tolist(), "labels": flat[a:b].tolist()} for a, b in zip(offsets, offsets[1:])
        ],
        "列表里装列表": lambda: [flat[a:b].tolist() for a, b in zip(offsets, offsets[1:])],
        "一条长数组": lambda: np.array(flat),
        "内存映射": lambda: np.memmap(path, np.uint16, "r"),
    }
    size, kept = {}, {}
    for name, make in ways.items():
        size[name], kept[name] = weigh(make)
        print(f"{name:<8}：{size[name] / 1e6:8.3f} MB，每个 token {size[name] / len(flat):6.2f} 字节")
    i = args.rows // 2
    a, b = offsets[i], offsets[i + 1]
    same = (
        kept["列表里装列表"][i]
        == kept["一条长数组"][a:b].tolist()
        == kept["内存映射"][a:b].tolist()
        == kept["列表里装字典"][i]["input_ids"]
    )
    print(
        f"文件 {path.stat().st_size / 1e6:.2f} MB，{len(flat):,} 个 token；"
        f"四种放法取出的第 {i} 条{'相同' if same else '不同'}"
    )
    kept.clear()
picture(
    args, lambda p: p.bars({k: v / 1e6 for k, v in size.items()}, title="同样的 token，占多少内存（MB）", fmt="{:.2f}")
)
claim(
    same and size["列表里装字典"] > 10 * size["一条长数组"] > 10 * size["内存映射"],
    f"列表装字典比一条 16 位长数组大 {size['列表里装字典'] / size['一条长数组']:.0f} 倍；"
    "内存映射几乎不占，读到哪里才搬哪里。",
)
