"""一次只写一个词，为什么这么慢？一次写八条呢？

真的量一量：一块大矩阵乘一个向量，与乘八个、三十二个向量各要多久。再算一算「每秒能读多少字节」给写词速度定的上限。
对应章节：nbs/9_lab/30_generation.ipynb
"""

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # 一个线程，量的才是内存而不是抢核；要在导入 numpy 之前
import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, size=(4096, "矩阵的边长", 256), rounds=(7, "量几次", 3), params=(25.8, "百万参数", 0.1))
rng = np.random.default_rng(0)
w = rng.normal(size=(args.size, args.size)).astype(np.float32)  # 默认 64 MB：缓存装不下，每次都得从内存里读


def fastest(fn):
    "几次里最快的一次，只数处理器自己花的时间：别的程序插进来不算。"
    times = []
    for _ in range(args.rounds + 1):  # 头一次是热身，反正不会最快
        start = time.process_time()
        fn()
        times.append(time.process_time() - start)
    return max(min(times), 1e-7)


speed = w.nbytes / fastest(lambda: w.sum())
print(f"这台机器读内存约每秒 {speed / 1e9:.1f} GB（对 {w.nbytes / 2**20:.0f} MB 求和量出来的，只作参考）")
each, total = {}, {}
for batch in (1, 2, 8, 32):
    x = rng.normal(size=(batch, args.size)).astype(np.float32)
    total[batch] = fastest(lambda: x @ w.T)
    each[batch] = total[batch] / batch
    print(
        f"  一次乘 {batch:>2} 个向量：{total[batch] * 1e3:7.2f} 毫秒，"
        f"平均每个 {each[batch] * 1e3:6.2f} 毫秒；每读一字节做 {2 * batch / 4:.1f} 次运算"
    )
print(f"\n写一个词要把 {args.params:g}M 个权重读一遍，按这个读法，上限大约是：")
for name, size in (("fp32", 4), ("bf16", 2), ("int8", 1)):
    print(f"  {name}：{args.params * size:6.1f} MB，每秒 {speed / (args.params * 1e6 * size):,.0f} 个词")
picture(
    args,
    lambda p: p.curves(
        {"平均每个向量": (list(each), [t * 1e3 for t in each.values()])}, "一次乘几个", "毫秒", "权重读一次，给一批用"
    ),
)
claim(
    each[32] < each[1] / 1.5,
    "写一个词，每个权重只用一次，时间花在搬运上；一次写 32 条，"
    f"平均每条只要 {each[32] / each[1]:.0%} 的时间。少读（int8）和多用（成批）是两条路。",
)
