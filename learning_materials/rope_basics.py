"""把位置写成角度，为什么注意力就只看相对距离？

两根指针各按自己的位置转一个角度，算点积。整句往后挪，点积变不变？
对应章节：nbs/3_model/30_rope.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, theta=(0.3, "每走一位转多少弧度", 0.001), shift=(100, "整句往后挪几位"))
q, k = np.array([1.0, 0.2]), np.array([0.8, 0.6])


def turn(v, position):
    a = position * args.theta
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ v


print("查询在第 m 位，键在第 n 位，各转 m·θ 与 n·θ，再算点积：")
print("   m    n   相差     点积")
for m, n in [(5, 3), (7, 5), (105, 103), (5, 1), (9, 5)]:
    print(f"{m:>4} {n:>4} {m - n:>5} {turn(q, m) @ turn(k, n):>9.4f}")
moved = max(
    abs(turn(q, m) @ turn(k, n) - turn(q, m + args.shift) @ turn(k, n + args.shift))
    for m in range(12)
    for n in range(12)
)
print(f"\n整句挪 {args.shift} 位，144 对点积最多变了 {moved:.1e}")

added = lambda v, position: v + position * np.array([0.05, 0.05])  # 对照：把位置直接加上去
drift = max(
    abs(added(q, m) @ added(k, n) - added(q, m + args.shift) @ added(k, n + args.shift))
    for m in range(12)
    for n in range(12)
)
print(f"换成「把位置加到向量上」，同样挪一下，点积最多变了 {drift:.2f}")
print(f"转动不改变长短：{np.linalg.norm(q):.4f} → {np.linalg.norm(turn(q, 7)):.4f}；第 0 位不转：{turn(q, 0)}")
far = range(0, 40)
picture(
    args,
    lambda p: p.curves(
        {"点积": [turn(q, d) @ turn(k, 0) for d in far]}, "相差几位", "点积", "只用一种转速：转满一圈又回来了"
    ),
)
claim(moved < 1e-9 < drift, "各自转自己的角度，点积里只剩两个角度之差，也就是相差几位；整句平移什么都不变。")
