"""RoPE 为什么要用许多种转速？

只用一种转速，像只有秒针的钟：相差 0 和相差一整圈分不清。数一数，各种转速组合里，有几成的距离会认错成很远的另一个。
对应章节：nbs/3_model/30_rope.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, dim=(32, "每个头多宽（偶数）", 4), base=(1e6, "底数", 2.0), length=(1200, "最远相差几位", 50))
d = np.arange(args.length)


def signature(speeds):
    "相差 d 位时每一对维度的（余弦，正弦）：这就是模型看得见的全部。"
    angle = d[:, None] * np.asarray(speeds)  # (距离, 转速)
    return np.concatenate([np.cos(angle), np.sin(angle)], 1)


def confused(speeds, near=0.08):
    "有几成的距离，会与某个相差 20 位以上的距离几乎分不清。"
    s = signature(speeds)  # (距离, 2·转速)
    gap = 2 * len(speeds) - 2 * s @ s.T  # 每行的长度都是 √转速数，平方距离只要点积
    far = np.abs(d[:, None] - d[None]) > 20
    return float(((gap < near**2) & far).any(1).mean())


pairs = args.dim // 2
speeds = args.base ** (-np.arange(pairs) / pairs)
turns = args.length * speeds / (2 * np.pi)
choices = {"一种快的": [1.0], "一种慢的": [speeds[-1]], "两种": speeds[[0, pairs // 2]], f"全部 {pairs} 种": speeds}
print(
    f"转速从 {speeds[0]:.0f} 到 {speeds[-1]:.1e} 弧度每位；"
    f"{args.length} 位里最快的转 {turns[0]:.0f} 圈，最慢的转 {turns[-1]:.4f} 圈"
)
mixed, blunt = {}, {}
for name, s in choices.items():
    mixed[name] = confused(s)
    step = np.abs(signature(s)[1] - signature(s)[0]).max()
    print(f"  {name:<8}：{mixed[name]:5.1%} 的距离会认错成很远的另一个；挪一位，最灵的那根指针动 {step:.1e}")
picture(
    args,
    lambda p: p.curves(
        {f"第 {i} 对": np.cos(d[:200] * speeds[i]) for i in (0, pairs // 4, pairs // 2)}, "相差几位", "余弦",
        "秒针、分针、时针",
    ),
)
claim(
    mixed[f"全部 {pairs} 种"] == 0 < mixed["一种快的"], "快的分得清近处，慢的分得清远处；一起用，每个距离的样子都不同。"
)
