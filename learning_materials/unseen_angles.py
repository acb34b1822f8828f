"""读得比训练长，哪些指针转到了没见过的角度？

转满过一圈的什么角度都见过；没转满的，再往前走就出界。内插、NTK、YaRN 各让几对回到界内，各让最快的一对慢了多少。
对应章节：nbs/3_model/35_yarn.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, dim=(64, "每个头多宽（偶数）", 4), base=(1e4, "底数", 2.0), length=(128, "训练多长", 16),
    times=(4.0, "读到几倍", 1.0),
)
i = np.arange(args.dim // 2)
speeds = args.base ** (-2 * i / args.dim)
turns = args.length * speeds / (2 * np.pi)
edge = lambda r: args.dim * np.log(args.length / (2 * np.pi * r)) / (2 * np.log(args.base))
low, high = max(np.floor(edge(32)), 0), min(np.ceil(edge(1)), args.dim - 1)
ramp = np.clip((i - low) / max(high - low, 1e-3), 0, 1)
wide = (args.base * args.times ** (args.dim / (args.dim - 2))) ** (-2 * i / args.dim)
ways = {"不管": speeds, "内插": speeds / args.times, "NTK": wide, "YaRN": speeds * (1 - ramp + ramp / args.times)}
print(f"训练 {args.length} 步：{(turns < 1).sum()} 对没转满一圈，共 {len(i)} 对；要读到 {args.times:g} 倍")
out, slow = {}, {}
for name, s in ways.items():
    out[name] = int(((turns < 1) & (args.times * s / speeds > 1.001)).sum())
    slow[name] = speeds[1] / s[1]
    print(f"  {name:<5}：{out[name]:2d} 对出界；第 1 对慢了 {slow[name]:.2f} 倍")
picture(args, lambda p: p.curves({n: speeds / s for n, s in ways.items()}, "第几对", "放慢几倍", "三种办法"))
claim(out["YaRN"] == 0 < out["不管"] and slow["YaRN"] < slow["内插"], "YaRN 让出界的全回来，又不像内插那样把近处弄糊。")
