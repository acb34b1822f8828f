"""温度升高，蒸馏的梯度会小多少？

对应章节：nbs/7_trainer/86_train_distillation.ipynb
"""

import numpy as np

from _kit import arguments, claim, picture

args = arguments(__doc__, words=(50, "词表多大", 2), gap=(0.1, "学生与老师差多少", 0.001), seed=(0, "随机种子", 0))
rng = np.random.default_rng(args.seed)
teacher = rng.normal(0, 2, args.words)
student = teacher + rng.normal(0, args.gap, args.words)


def softmax(z):
    p = np.exp(z - z.max())
    return p / p.sum()


def gradient(temperature):
    "KL(老师‖学生) 对学生分数的梯度有多大：(softmax(学生/T) − softmax(老师/T)) / T。"
    return np.linalg.norm(softmax(student / temperature) - softmax(teacher / temperature)) / temperature


temperatures = [1, 2, 4, 8, 16, 32]
plain = [gradient(t) for t in temperatures]
scaled = [g * t * t for g, t in zip(plain, temperatures)]
for t, a, b in zip(temperatures, plain, scaled):
    print(f"温度 {t:>2}：梯度 {a:.2e}，乘 T² 之后 {b:.4f}")
picture(
    args,
    lambda p: p.curves(
        {"不乘": (temperatures, plain), "乘 T²": (temperatures, scaled)}, xlabel="温度", ylabel="梯度的大小"
    ),
)
claim(
    plain[-1] < plain[0] / 50 and 0.1 < scaled[-1] / scaled[0] < 10, "不乘 T²，温度一高梯度就没了；乘上以后，大小差不多"
)
