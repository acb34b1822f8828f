"""成批生成为什么要填在左边？

三条长短不一的提示，填在右边与填在左边，「最后一格」各是什么？填了左边，位置又该怎样数？
对应章节：nbs/4_inference/30_generate.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, prompts=("法国的首都是|小猫|大的反义词", "用竖线隔开的几条提示"))
rows = [list(r) for r in args.prompts.split("|") if r]
width, PAD = max(map(len, rows)), "□"
right = [r + [PAD] * (width - len(r)) for r in rows]
left = [[PAD] * (width - len(r)) + r for r in rows]

print("填在右边：")
for r in right:
    print("  " + "".join(r) + f"   最后一格是「{r[-1]}」" + ("  ← 新词接在空白后面" if r[-1] == PAD else ""))
print("填在左边：")
for r in left:
    print("  " + "".join(r) + f"   最后一格是「{r[-1]}」")
wrong_right, wrong_left = (sum(r[-1] == PAD for r in way) for way in (right, left))

mask = np.array([[c != PAD for c in r] for r in left], int)  # (b, t)
naive = np.broadcast_to(np.arange(width), mask.shape)
position = np.maximum(mask.cumsum(1) - 1, 0)  # 第一个真词数 0
print("\n左填充之后，每个词的位置：")
for r, n, p in zip(left, naive, position):
    print(f"  {''.join(r)}  从 0 数起 {n.tolist()} → 累加减一 {p.tolist()}")
alone = [list(range(len(r))) for r in rows]
same = all(position[i][mask[i] == 1].tolist() == alone[i] for i in range(len(rows)))
shifted = sum(naive[i][mask[i] == 1].tolist() != alone[i] for i in range(len(rows)))
print(f"不管填充直接数，{shifted} 条的位置与单独生成时不同；用掩码累加减一，全部相同：{same}")
picture(
    args,
    lambda p: p.heatmap(
        None, np.where(mask == 1, position, np.nan), [str(i) for i in range(width)],
        [f"第 {i + 1} 条" for i in range(len(rows))], "每个真词的位置（灰的是填充）", fmt=".0f",
    ),
)
claim(
    wrong_left == 0 and same,
    f"新词总是接在最右一格：填在右边，{len(rows)} 条里有 {wrong_right} 条接在空白后面；"
    "填在左边，再用掩码的累加减一当位置，成批与单独才一样。",
)
