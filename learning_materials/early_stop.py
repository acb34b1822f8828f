"""训练损失越来越低，该停在哪一步？

用越来越高次的多项式去拟合带噪声的点：练的点误差一路降，留出的点先降后升。
对应章节：nbs/7_trainer/55_validate.ipynb
"""

import torch

from _kit import arguments, claim, picture

args = arguments(
    __doc__, points=(24, "练的与留出的各几个点", 20), noise=(0.3, "噪声多大", 0.0), seed=(0, "随机种子", 0)
)
torch.manual_seed(args.seed)
x, y = [], []
for _ in range(2):
    at = torch.rand(args.points, dtype=torch.float64) * 2 - 1
    x.append(at)
    y.append(torch.sin(3 * at) + args.noise * torch.randn(args.points, dtype=torch.float64))


def powers(values, degree):
    return values[:, None] ** torch.arange(degree + 1)


degrees, errors = list(range(1, 16)), []
for degree in degrees:
    w = torch.linalg.lstsq(powers(x[0], degree), y[0][:, None]).solution[:, 0]
    errors.append([((powers(a, degree) @ w - b) ** 2).mean().item() for a, b in zip(x, y)])
train, held = zip(*errors)
best = degrees[min(range(len(held)), key=lambda i: held[i])]
print(f"练的误差：1 次 {train[0]:.3f} → 15 次 {train[-1]:.3f}")
print(f"留出的误差：1 次 {held[0]:.3f} → {best} 次 {min(held):.3f} → 15 次 {held[-1]:.3f}")
lines = {"练的": (degrees, list(train)), "留出的": (degrees, list(held))}
picture(args, lambda p: p.curves(lines, xlabel="次数", ylabel="均方误差", logy=True))
claim(
    train[-1] <= min(train) + 1e-9 and 1 < best < 15 and held[-1] > min(held),
    f"次数越高，练的误差越低；留出的误差先降后升，最好的是 {best} 次",
)
