"""前后考同一份卷子，比考两份不同的卷子，能少多少误差？

考生的水平提高 5 个百分点，每次 200 道题：一种做法前后同一份卷子、逐题相减，一种做法各抽一份。
各考几千次，看两种做法算出的「提高」抖得多厉害。对应章节：nbs/6_evaluation/30_paired.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, questions=(200, "一共几道", 10), gain=(5, "真的提高几个百分点", 1), exams=(4000, "模拟几次", 100),
    seed=(0, "随机种子", 0),
)
rng, n, gain = np.random.default_rng(args.seed), args.questions, args.gain / 100


def sit(hard, skill):
    "一道题有多难，是题目自己的事：能力比它高就答对，再加一点点临场的手滑。"
    return (skill + rng.normal(0, 0.03, hard.shape) > hard).astype(float)


def gains(same):
    hard = rng.random((args.exams, n))
    other = hard if same else rng.random((args.exams, n))
    return (sit(other, 0.7 + gain) - sit(hard, 0.7)).mean(1)


paired, apart = gains(True), gains(False)
for name, values in (("同一份卷子", paired), ("两份卷子", apart)):
    low, high = np.percentile(values, [2.5, 97.5])
    print(f"{name}：平均提高 {values.mean():+.1%}，95% 落在 {low:+.1%} 到 {high:+.1%}")
spread = {"同一份卷子": float(paired.std()), "两份卷子": float(apart.std())}
picture(args, lambda p: p.bars(spread, fmt="{:.1%}", title="算出来的「提高」抖多少（标准差）"))
claim(paired.std() < apart.std() / 2, "两种做法平均起来都对，但同一份卷子抖得少一半以上")
