"""热力图为什么不用彩虹色？

把 0 到 1 均匀地染上颜色，量每个颜色的亮度。好的色带，数越大就一路越深（或越浅）；彩虹色忽明忽暗，
平平的数据会被看出几道「边界」。对应章节：nbs/0_learning/30_plotting.ipynb
"""

import matplotlib
import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, steps=(256, "取多少级颜色", 16))


def lightness(name):
    "每一级颜色的亮度（CIE L*，0 黑 100 白）。"
    rgb = matplotlib.colormaps[name](np.linspace(0, 1, args.steps))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]  # 眼睛对绿最敏感，对蓝最迟钝
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


def turns(values):
    "亮度改变方向的次数：一次方向改变，就是一道眼睛会看见、数据里却没有的边。"
    step = np.sign(np.diff(values)[np.abs(np.diff(values)) > 0.02])
    return int((step[1:] != step[:-1]).sum())


bands = {"彩虹 jet": "jet", "彩虹 hsv": "hsv", "单向 Blues": "Blues", "单向 viridis": "viridis"}
found = {}
for name, key in bands.items():
    values = lightness(key)
    found[name] = turns(values)
    print(
        f"{name:<10}  亮度从 {values[0]:.0f} 到 {values[-1]:.0f}，"
        f"最亮处 {values.max():.0f}，中途改变方向 {found[name]} 次"
    )
picture(
    args,
    lambda p: p.curves(
        {n: (np.linspace(0, 1, args.steps), lightness(k)) for n, k in bands.items()}, "数值", "亮度",
        "数值变大时颜色有多亮",
    ),
)
claim(
    found["单向 Blues"] == found["单向 viridis"] == 0 < found["彩虹 jet"],
    f"单向色带的亮度一路到底；jet 中途转了 {found['彩虹 jet']} 次，会画出并不存在的边界。",
)
