"""把损失张量存进流水账，要多占多少内存？

走几十步，每步记一笔：存张量、存 `.item()`、边走边累加张量。数一数 torch 为反向留着的中间结果还有多少没放掉，
走过反向的与没走反向的（验证时忘了 no_grad）各数一次。对应章节：nbs/7_trainer/54_journal.ipynb
"""

import torch
from torch import nn

from _kit import arguments, claim, picture

args = arguments(__doc__, steps=(50, "走几步", 2), rows=(512, "一批几行"), width=(128, "宽度"), seed=(0, "随机种子", 0))
torch.manual_seed(args.seed)
net = nn.Sequential(*[part for _ in range(4) for part in (nn.Linear(args.width, args.width), nn.Tanh())])
x = torch.randn(args.rows, args.width)
own = {t.data_ptr() for t in (x, *net.parameters())}  # 权重与输入本来就在，不算
alive = {}  # {内存块的地址: [几处拿着它, 多少字节]}


class Kept:
    "torch 为反向留下的一个张量；torch 放手，它就消失，账上跟着减。"

    def __init__(self, t):
        self.tensor, self.where = t.detach(), t.data_ptr()
        if self.where not in own:
            alive.setdefault(self.where, [0, t.nbytes])[0] += 1

    def __del__(self):
        if self.where in alive:
            alive[self.where][0] -= 1
            if not alive[self.where][0]:
                del alive[self.where]


def walk(backward, note, start):
    "走几步，把记的账与没放掉的字节数一起返回。"
    book = start
    for _ in range(args.steps):
        with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.tensor):
            loss = net(x).square().mean()
        if backward:
            loss.backward()
            net.zero_grad()
        book = note(book, loss)
    del loss
    return book, sum(size for _, size in alive.values()) / 2**20


HABITS = {
    "存张量": (lambda book, loss: book + [loss], []), "存 .item()": (lambda book, loss: book + [loss.item()], []),
    "累加张量": (lambda book, loss: book + loss, 0.0),
}
held = {"走过反向": {}, "没走反向": {}}
for name, (note, start) in HABITS.items():
    for how, backward in (("走过反向", True), ("没走反向", False)):
        book, held[how][name] = walk(backward, note, start)
        graph = "还连着计算图" if getattr(book[-1] if isinstance(book, list) else book, "grad_fn", None) else "只是数"
        print(f"{name}，{how}：{args.steps} 步之后还占着 {held[how][name]:.1f} MB；账里的东西{graph}")
        del book
each = held["没走反向"]["存张量"] / args.steps
print(f"没走反向时，每记一笔就多占 {each:.2f} MB；走一千步是 {1000 * each / 1024:.1f} GB")
picture(args, lambda p: p.bars(held, title=f"记了 {args.steps} 笔账，还占着多少（MB）", fmt="{:.0f}"))
leaky = held["没走反向"]
claim(
    min(leaky["存张量"], leaky["累加张量"]) > 0 == leaky["存 .item()"] == max(held["走过反向"].values()),
    f"没走反向的步（例如验证）存张量，每笔留住 {each:.1f} MB 的激活；走过反向的激活已经放掉，图的架子却还留着。"
    "记账只记 .item()，什么也不留。",
)
