"""RMSNorm 与 LayerNorm 差在哪里？

同一个向量，乘 10、加 10、再看方向，两种归一化各有什么反应；顺便数一数各要走几趟。
对应章节：nbs/3_model/20_norm.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, seed=(0, "随机种子", 0), width=(8, "向量多宽", 3))
x = np.random.default_rng(args.seed).normal(size=args.width)


def rms_norm(x):
    return x / np.sqrt((x**2).mean() + 1e-6)


def layer_norm(x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-6)


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


norms = {"RMSNorm": rms_norm, "LayerNorm": layer_norm}
change = {}
print("x =", np.round(x, 2))
for name, norm in norms.items():
    y = norm(x)
    change[name] = {"乘 10": float(np.abs(norm(10 * x) - y).max()), "加 10": float(np.abs(norm(x + 10) - y).max())}
    print(f"\n{name}(x) = {np.round(y, 2)}")
    print(f"  输出的平均 {y.mean():+.3f}，均方根 {np.sqrt((y**2).mean()):.3f}，与原向量的夹角余弦 {cosine(x, y):.4f}")
    print(f"  输入乘 10，输出最多变 {change[name]['乘 10']:.4f}；输入加 10，输出最多变 {change[name]['加 10']:.4f}")
centred = x - x.mean()
print(f"\n先减去平均，两者就一样：最大差 {np.abs(rms_norm(centred) - layer_norm(x)).max():.1e}")
picture(
    args,
    lambda p: p.bars(
        {n: {f"{i}": v for i, v in enumerate(f(x))} for n, f in norms.items()}, title="同一个向量，两种归一化",
        xlabel="第几维", fmt=None,
    ),
)
claim(
    change["RMSNorm"]["加 10"] > 0.1 > change["LayerNorm"]["加 10"] and cosine(x, rms_norm(x)) > 0.9999,
    "两者都不怕放大；RMSNorm 只缩放、方向不变，LayerNorm 还减去平均（看不见平移）。RMSNorm 少走一步。",
)
