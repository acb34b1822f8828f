"""每题只答一遍，和自己过去比，比得过答八遍再和同伴比吗？

对应章节：nbs/7_trainer/98_train_spo.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, questions=(200, "几道题", 20), budget=(9600, "一共采样几句", 800), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
rates = rng.beta(0.5, 0.5, args.questions)  # 每题答对的机会：大半不是太易就是太难
GROUP = 8


def by_groups():
    "每题答八遍，减组平均；全对或全错的组，八句都白采。"
    used, error = 0, []
    for q in rng.integers(args.questions, size=args.budget // GROUP):
        right = rng.random(GROUP) < rates[q]
        used += GROUP * (0 < right.sum() < GROUP)
        error.append(abs(right.mean() - rates[q]))
    return used / args.budget, float(np.mean(error))


def by_memory(keep=0.9, prior=1.0):
    "每题一遍，减这一题过去的估计；只有估计与得分恰好相同的才白采。"
    s, w, everyone = np.zeros(args.questions), np.zeros(args.questions), [0.0, 1e-9]
    used, error = 0, []
    for q in rng.integers(args.questions, size=args.budget):
        guess = (s[q] + prior * everyone[0] / everyone[1]) / (w[q] + prior)
        right = float(rng.random() < rates[q])
        used += abs(right - guess) > 0.02
        error.append(abs(guess - rates[q]))
        s[q], w[q] = keep * s[q] + right, keep * w[q] + 1
        everyone = [everyone[0] + right, everyone[1] + 1]
    return used / args.budget, float(np.mean(error[len(error) // 2 :]))


share = {}
for name, run in (("答八遍，和同伴比", by_groups), ("答一遍，和过去比", by_memory)):
    share[name], error = run()
    print(f"{name}：有用的采样占 {share[name]:.0%}，基线平均差 {error:.2f}")
picture(args, lambda p: p.bars(share, fmt="{:.0%}", title="同样多的采样，有用的占几成"))
claim(
    share["答一遍，和过去比"] > share["答八遍，和同伴比"] + 0.1,
    "题太难太易时，一组里人人一样，八句白采；和过去比，几乎每一句都有用",
)
