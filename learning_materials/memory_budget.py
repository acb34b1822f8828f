"""训练要多少内存？先减哪一样？

权重、梯度、优化器按参数个数算，激活随批量与长度涨。手写一个两层网络的前向，真的数一数留给反向的中间结果，
再把 25.8M 的模型各样列成一张表。对应章节：nbs/7_trainer/45_memory.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, params=(25.8, "模型有几百万参数", 0.001), batch=(16, "一批几行"), length=(512, "每行多长"),
    hidden=(512, "宽度"), layers=(8, "层数"), vocab=(6400, "词表"),
)


def kept_for_backward(rows, d=64):
    "y = tanh(x @ w1) @ w2：反向要用到 x、tanh 的输出。返回留下的字节数。"
    x = np.zeros((rows, d), np.float32)
    h = np.tanh(x @ np.zeros((d, 4 * d), np.float32))
    return x.nbytes + h.nbytes


two, three, many = kept_for_backward(2), kept_for_backward(3), kept_for_backward(100)
print(
    f"小网络：两行留下 {two} 字节，三行 {three} 字节，差 {three - two}；"
    f"按这个差推一百行 {two + 98 * (three - two)}，实际 {many}"
)

MB, n, t = 2**20, args.params * 1e6, args.batch * args.length
ffn = args.hidden * 8 / 3


def budget(rows, optimizer="AdamW", recompute=False):
    t = rows * args.length
    layer = t * (6 * args.hidden + 3 * ffn) * 2  # 每层粗略：进出、q/k/v、门与上行，bf16
    kept = layer + args.layers * t * args.hidden * 4 if recompute else args.layers * layer
    return {
        "权重": 4 * n / MB,
        "梯度": 4 * n / MB,
        "优化器": {"AdamW": 8, "Muon": 4}[optimizer] * n / MB,
        "激活": kept / MB,
        "词表分数": 3 * t * args.vocab * 4 / MB,
    }  # 分数，外加反向时两份一样大的


print(f"\n{args.params:g}M 参数，{args.batch}×{args.length}（MB；激活是按公式粗估的）")
plans = {
    "原样": budget(args.batch),
    "批减半": budget(max(1, args.batch // 2)),
    "重算": budget(args.batch, recompute=True),
    "换 Muon": budget(args.batch, "Muon"),
}
print("        " + "  ".join(f"{k:>7}" for k in plans["原样"]) + "       合计")
for name, parts in plans.items():
    print(f"{name:<6}" + "  ".join(f"{v:>9,.0f}" for v in parts.values()) + f"  {sum(parts.values()):>9,.0f}")
total = {name: sum(parts.values()) for name, parts in plans.items()}
picture(args, lambda p: p.bars(plans, title="内存花在哪里（MB）", fmt=None))
claim(
    two + 98 * (three - two) == many and total["批减半"] < total["原样"],
    "激活对行数是直线，称两次就能推一整批。批大时先减批（配上梯度累积，结果不变），再开重算；换优化器省的是固定的那一份。",
)
