"""打错一个字母，程序猜得出你想写什么吗？

把十个真实的选项名各随机打错一处，看「最像的那个」猜对多少次；再拿毫不相干的词去问，
看它乱猜多少次。门槛设多少合适，两个数一比就知道。对应章节：nbs/0_learning/10_errors.ipynb
"""

import difflib
import random
import string

from _kit import arguments, claim, picture

NAMES = [
    "batch_size", "learning_rate", "max_seq_len", "hidden_size", "num_hidden_layers", "save_dir", "data_path",
    "epochs", "grad_clip", "from_resume",
]
args = arguments(__doc__, seed=(0, "随机种子", 0), trials=(40, "每个名字打错几次"))
rng = random.Random(args.seed)


def typo(word):
    "漏一个、多一个、换一个、或者相邻两个颠倒。"
    i = rng.randrange(len(word) - 1)
    letter = rng.choice(string.ascii_lowercase)
    return rng.choice(
        [
            word[:i] + word[i + 1 :], word[:i] + letter + word[i:], word[:i] + letter + word[i + 1 :],
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        ]
    )


typos = [(name, typo(name)) for name in NAMES for _ in range(args.trials)]
noise = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 12))) for _ in typos]
print("例如：" + "，".join(f"{bad}（{good}）" for good, bad in typos[:: args.trials][:4]))
print("门槛   打错的猜对   不相干的也乱猜")
right, wrong = {}, {}
for cutoff in (0.2, 0.4, 0.6, 0.8, 0.95):
    best = lambda word: (difflib.get_close_matches(word, NAMES, 1, cutoff) or [None])[0]
    right[cutoff] = sum(best(bad) == good for good, bad in typos) / len(typos)
    wrong[cutoff] = sum(best(word) is not None for word in noise) / len(noise)
    print(f"{cutoff:<6} {right[cutoff]:>8.0%} {wrong[cutoff]:>14.0%}")
picture(
    args,
    lambda p: p.curves(
        {"打错的猜对了": (list(right), list(right.values())), "不相干的也乱猜": (list(wrong), list(wrong.values()))},
        "门槛", "比例", "相似到多少才开口猜",
    ),
)
claim(
    right[0.6] > 0.95 and wrong[0.6] < 0.05,
    f"门槛 0.6 时，打错一处的猜对 {right[0.6]:.0%}，不相干的词只乱猜 {wrong[0.6]:.0%}；再低会乱猜，再高会装不认识。",
)
