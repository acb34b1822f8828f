"""把一个大文件映射进来，内存算不算被占了？

申请一块内存写满，与映射一个同样大的文件读一遍，看操作系统把它们记在哪一栏：丢不掉的匿名页，还是随时能丢的文件页。
对应章节：nbs/9_lab/60_memory.ipynb
"""

import mmap
import sys
import tempfile
from pathlib import Path

from _kit import arguments, claim, picture

args = arguments(__doc__, megabytes=(64, "多大（MB）", 8))
SIZE, STATUS = args.megabytes * 2**20, Path("/proc/self/status")


def pages():
    "这个进程的（匿名页，文件页），单位 MB。只有 Linux 写着；别处返回 None。"
    if not STATUS.exists():
        return None
    rows = dict(r.split(":", 1) for r in STATUS.read_text().splitlines() if ":" in r)
    return tuple(int(rows[k].split()[0]) / 1024 for k in ("RssAnon", "RssFile")) if "RssAnon" in rows else None


if pages() is None:
    print(f"这个系统（{sys.platform}）不把两种页分开记，看不到；在 Linux 上再运行一次。")
    grown = {"写满内存": (args.megabytes, 0.0), "映射文件": (0.0, args.megabytes)}  # 照道理应是这样
else:
    grown = {}
    before = pages()
    block = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # 直接向系统要，不经过堆
    for at in range(0, SIZE, 4096):
        block[at] = 1
    grown["写满内存"] = tuple(b - a for a, b in zip(before, pages()))
    with tempfile.NamedTemporaryFile() as f:
        for _ in range(args.megabytes):
            f.write(b"1" * 2**20)
        f.flush()
        before = pages()
        with mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as view:
            total = sum(view[i] for i in range(0, SIZE, 4096))  # 每页碰一下，系统才把它读进来
            grown["映射文件"] = tuple(b - a for a, b in zip(before, pages()))
for name, (anon, file) in grown.items():
    print(f"{name} {args.megabytes} MB：匿名页多了 {anon:.0f} MB，文件页多了 {file:.0f} MB")
rows = 1_100_000
print(
    f"每行在内存里留下 80 个字节，一 GB 语料（约 {rows:,} 行）就是 {rows * 80 / 2**20:.0f} MB 匿名页；"
    "放进文件、映射进来，就是零"
)
picture(
    args,
    lambda p: p.bars(
        {"匿名页": {k: v[0] for k, v in grown.items()}, "文件页": {k: v[1] for k, v in grown.items()}},
        title="记在哪一栏（MB）", fmt="{:.0f}",
    ),
)
claim(
    grown["写满内存"][0] > 0.8 * args.megabytes > 5 * max(1.0, grown["映射文件"][0]),
    "自己申请的是匿名页，丢不掉；映射的是文件页，内存紧张时系统随时收回。看内存要看匿名页。",
)
