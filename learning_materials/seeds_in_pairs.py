"""要练几遍，才分得清两种写法？

假装练：一种写法真的好一点点，每颗种子有两边共有的运气，也有各自的运气。看用几颗种子，才有八成的把握说出“更好”；
同一颗种子相减，与各练各的，差多少遍。对应章节：nbs/9_lab/80_ablations.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, gain=(0.01, "真的好多少（每字节比特）", 0.0), shared=(0.03, "两边共有的运气", 0.0),
    own=(0.004, "各自的运气", 0.0001), trials=(2000, "每种情形试几场", 100), seed=(0, "随机种子", 0),
)
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
rng = np.random.default_rng(args.seed)


def decided(n, paired):
    "n 颗种子时，有几成的场次说得出“更好”。"
    luck = args.shared * rng.normal(size=(2, args.trials, n))
    old = luck[0] + args.own * rng.normal(size=(args.trials, n))
    new = luck[0 if paired else 1] + args.own * rng.normal(size=(args.trials, n)) - args.gain
    gap = new - old
    half = T95[n - 1] * gap.std(1, ddof=1) / np.sqrt(n)
    return float((gap.mean(1) + half < 0).mean())


seeds = range(2, 11)
power = {"同一颗种子相减": {n: decided(n, True) for n in seeds}, "各练各的": {n: decided(n, False) for n in seeds}}
print(f"真的好 {args.gain:g}，共有的运气 {args.shared:g}，各自的 {args.own:g}；说得出“更好”的机会：")
for n in seeds:
    print(f"  {n:>2} 颗种子：" + "，".join(f"{how} {table[n]:.0%}" for how, table in power.items()))
enough = {how: next((n for n in seeds if table[n] >= 0.8), None) for how, table in power.items()}
for how, n in enough.items():
    print(f"{how}：" + (f"{n} 颗种子就有八成把握" if n else "十颗种子也没有八成把握"))
lines = {how: (list(seeds), [*table.values()]) for how, table in power.items()}
picture(args, lambda p: p.curves(lines, "几颗种子", "说得出“更好”的机会"))
few = enough["同一颗种子相减"]
claim(
    few and few < (enough["各练各的"] or 11),
    f"同样的差别，同一颗种子相减，{few} 颗就有八成把握；各练各的，"
    + (f"要 {enough['各练各的']} 颗。" if enough["各练各的"] else "十颗也不够。")
    + " 说“未定”，常常只是练得太少。",
)
