"""把一个模型切成几片，各进程只保管一片，练出来的还一样吗？

几个“进程”各有一片参数与优化器：凑齐、算梯度、各拿自己那一片、各走一步。
对应章节：nbs/7_trainer/47_shard.ipynb
"""

import torch

from _kit import arguments, claim, picture

args = arguments(
    __doc__, world=(4, "几个进程", 2), steps=(30, "走几步", 2), width=(24, "几个参数", 4), seed=(0, "随机种子", 0)
)
torch.manual_seed(args.seed)
x, y = torch.randn(args.world, 16, args.width), torch.randn(args.world, 16)
start = torch.randn(args.width)


def loss(w, rank):
    return ((x[rank] @ w - y[rank]) ** 2).mean()


def mean_gradient(w):
    w = w.clone().requires_grad_()
    (sum(loss(w, rank) for rank in range(args.world)) / args.world).backward()
    return w.grad


def train(pieces):
    pieces = [torch.nn.Parameter(p.clone()) for p in pieces]
    optimizers, curve = [torch.optim.AdamW([p], lr=0.05) for p in pieces], []
    for _ in range(args.steps):
        full = torch.cat([p.detach() for p in pieces])
        curve.append(sum(loss(full, rank).item() for rank in range(args.world)) / args.world)
        for piece, grad, optimizer in zip(pieces, mean_gradient(full).split([len(p) for p in pieces]), optimizers):
            piece.grad = grad.clone()
            optimizer.step()
    return torch.cat([p.detach() for p in pieces]), curve, max(len(p) for p in pieces)


whole, curve, one = train([start])
cut, curve_cut, part = train(start.chunk(args.world))
gap = (whole - cut).abs().max().item()
print(f"不切：每个进程 {16 * one} 字节；切成 {args.world} 片：每个进程最多 {16 * part} 字节")
print(f"{args.steps} 步之后，权重最多差 {gap:.1e}")
picture(args, lambda p: p.curves({"不切": curve, "切开": curve_cut}, xlabel="步", ylabel="损失"))
claim(gap < 1e-5 and part < one, "AdamW 对每个数单独算，切开练与不切练是同一条路")
