"""残差连接为什么要「只加不改」？

让信号和梯度各走几十层：一种每层改写，一种每层往上加。看第一个词还认不认得出，梯度还剩多少；再看归一化放在前面与后面的差别。
对应章节：nbs/3_model/70_transformer.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, layers=(48, "几层", 4), width=(64, "多宽", 8), seed=(0, "随机种子", 0))


def norm(x):
    return x / np.sqrt((x**2).mean())


def norm_jacobian(x):
    r = np.sqrt((x**2).mean())
    return (np.eye(len(x)) - np.outer(x, x) / (len(x) * r * r)) / r


def walk(kind):
    "返回每层之后（与起点的夹角余弦，起点的梯度有多大）。"
    rng = np.random.default_rng(args.seed)
    x = start = rng.normal(size=args.width)
    jac, out = np.eye(args.width), []
    for _ in range(args.layers):
        w = rng.normal(size=(args.width, args.width)) * 0.5 / np.sqrt(args.width)
        if kind == "改写":
            jac, x = w @ jac, w @ x
        elif kind == "只加（归一化在前）":
            jac, x = jac + w @ norm_jacobian(x) @ jac, x + w @ norm(x)
        else:  # 加完再归一化：残差的路也被它拦着
            jac, x = norm_jacobian(x + w @ x) @ (jac + w @ jac), norm(x + w @ x)
        out.append(
            (
                float(x @ start / np.linalg.norm(x) / np.linalg.norm(start)),
                float(np.linalg.norm(jac) / np.sqrt(args.width)),
            )
        )
    return np.array(out)


runs = {kind: walk(kind) for kind in ("改写", "只加（归一化在前）", "加完再归一化")}
print(f"走 {args.layers} 层之后：")
for kind, r in runs.items():
    print(f"  {kind:<12}：与原来的词的相似度 {r[-1, 0]:+.2f}，传回起点的梯度是原来的 {r[-1, 1]:.1e} 倍")
picture(
    args, lambda p: p.curves({k: r[:, 1] for k, r in runs.items()}, "第几层", "梯度", "梯度传回起点还剩多少", logy=True)
)
claim(
    runs["只加（归一化在前）"][-1, 1] > 0.5 > 1e-3 > runs["改写"][-1, 1],
    "每层改写，梯度传不回来；只往上加，梯度总有一条直路。归一化放在支路上，原来的词也留得更多"
    f"（相似度 {runs['只加（归一化在前）'][-1, 0]:.2f} 对 {runs['加完再归一化'][-1, 0]:.2f}）。",
)
