"""学新的会忘旧的；每步混进一点旧的，混多少才够？

一个线性模型先学会一组旧题，再去学一组新题；新题的每一步混进 λ 份旧题的损失。
λ 从 0 到 1，看新旧两组题最后各错多少。对应章节：nbs/7_trainer/57_replay.ipynb
"""

import torch

from _kit import arguments, claim, picture

args = arguments(__doc__, steps=(300, "学新题几步", 10), width=(40, "模型有几个参数", 25), seed=(0, "随机种子", 0))
torch.manual_seed(args.seed)
old, new = (torch.randn(12, args.width) for _ in range(2))
answers = {"old": torch.randn(12), "new": torch.randn(12)}


def error(w, which):
    x, y = (old, answers["old"]) if which == "old" else (new, answers["new"])
    return ((x @ w - y) ** 2).mean()


def learn(w, steps, loss):
    w = w.clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(w).backward()
        optimizer.step()
    return w.detach()


start = learn(torch.zeros(args.width), 1000, lambda w: error(w, "old"))
print(f"学完旧题：旧题的误差 {error(start, 'old'):.4f}")
final = {}
for share in (0.0, 0.03, 0.1, 0.3, 1.0):
    w = learn(start, args.steps, lambda w, share=share: error(w, "new") + share * error(w, "old"))
    final[share] = (error(w, "old").item(), error(w, "new").item())
    print(f"λ = {share:<4g}  旧题误差 {final[share][0]:.4f}  新题误差 {final[share][1]:.4f}")
lines = {"旧题": (list(final), [o for o, _ in final.values()]), "新题": (list(final), [n for _, n in final.values()])}
picture(args, lambda p: p.curves(lines, xlabel="λ（旧题的分量）", ylabel="误差", title="一点点复习就留住大半"))
claim(
    final[0.1][0] < final[0.0][0] / 5, "不复习，旧题错回去；混进一成分量的旧题，误差就降到五分之一以下，新题照样学得会"
)
