"""权重为什么不能存成 bfloat16？

用 numpy 手工舍入到 bfloat16（8 位有效数字），把一个很小的改动加上一千次，看它到了没有；再看 float16 的上限与下限。
对应章节：nbs/7_trainer/10_runtime.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, step=(0.001, "每一步改多少", 1e-8), times=(1000, "改几次", 10))


def bf16(x):
    "砍掉 float32 的后 16 位，四舍五入（恰在中间时取偶）。"
    bits = np.atleast_1d(np.float32(x)).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32)[0]


kinds = {"float32": np.float32, "float16": np.float16, "bfloat16": bf16}
path, gap = {}, {}
for name, cast in kinds.items():
    w, seen = cast(1.0), []
    for _ in range(args.times):
        w = cast(float(w) + float(cast(args.step)))
        seen.append(float(w))
    path[name] = seen
    gap[name] = next(float(cast(1 + 2.0**-k)) - 1 for k in range(30, 0, -1) if float(cast(1 + 2.0**-k)) > 1)
    print(
        f"{name:<9}：1 的旁边最近的数是 1 + {gap[name]:.1e}；加了 {args.times} 次 {args.step:g}，"
        f"1 变成 {seen[-1]:.4f}（应是 {1 + args.step * args.times:.4f}）"
    )
print()
np.seterr(over="ignore")  # 下面正要看它溢出
for x in (70000.0, 1e-8):
    print(f"{x:g}：float16 里是 {float(np.float32(x).astype(np.float16)):g}，bfloat16 里是 {float(bf16(x)):g}")
a, b = np.random.default_rng(0).normal(size=(2, 64, 64)).astype(np.float32)
rounded = np.vectorize(bf16)(a) @ np.vectorize(bf16)(b)
error = np.linalg.norm(rounded - a @ b) / np.linalg.norm(a @ b)
print(f"只把矩阵乘法的输入换成 bfloat16，累加仍用 float32：相对误差 {error:.2%}")
picture(args, lambda p: p.curves(path, "第几步", "权重", f"每步加 {args.step:g}"))
claim(
    path["bfloat16"][-1] == 1.0 and abs(path["float32"][-1] - 1 - args.step * args.times) < 0.01 and error < 0.01,
    "小改动加到 bfloat16 的权重上会被舍入吃掉，加一千次等于没加；矩阵乘法可以用它，权重要留在 float32。",
)
