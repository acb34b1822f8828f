"""DPO 的第一个损失是多少？除以 token 数呢？

几批长短不同的成对回答，模型与参考一模一样。损失除以「几对」与除以「几个 token」各是多少；
再看参考抄晚了会怎样。对应章节：nbs/7_trainer/56_stage.ipynb
"""

import math

import numpy as np

from _kit import arguments, claim, picture

args = arguments(
    __doc__, pairs=(8, "一批几对"), beta=(0.1, "β：偏好的力度", 0.001),
    moved=(0.4, "练过之后，每个 token 的对数概率至多挪多少", 0.01), seed=(0, "随机种子", 0),
)
rng = np.random.default_rng(args.seed)


def batch(short, long):
    "一批成对的回答：每个回答是逐个 token 的对数概率（参考模型给的）。"
    answers = lambda: [-rng.exponential(2.0, rng.integers(short, long)) for _ in range(args.pairs)]
    return answers(), answers()


def loss_sum(model, reference):
    "各对损失之和：-log σ(β·((好 - 参考的好) - (坏 - 参考的坏)))。"
    total = 0.0
    for good, bad, ref_good, ref_bad in zip(*model, *reference):
        margin = (good.sum() - ref_good.sum()) - (bad.sum() - ref_bad.sum())
        total += math.log1p(math.exp(-args.beta * margin))
    return total


def train(side, sign):
    return [tokens + sign * rng.uniform(0, args.moved, len(tokens)) for tokens in side]


kinds = {"几个字的": (3, 8), "一两句的": (20, 60), "整段的": (200, 400)}
batches = {name: batch(short, long) for name, (short, long) in kinds.items()}
by_pairs, by_tokens = {}, {}
for name, reference in batches.items():
    tokens = sum(len(answer) for side in reference for answer in side)
    total = loss_sum(reference, reference)  # 还没练：模型就是参考
    by_pairs[name], by_tokens[name] = total / args.pairs, total / tokens
    ways = f"除以几对 {by_pairs[name]:.4f}，除以 token 数 {by_tokens[name]:.4f}"
    print(f"{name}：{args.pairs} 对、{tokens} 个 token，{ways}")
print(f"ln 2 = {math.log(2):.4f}：分不出好坏，两边各一半")
weight = by_tokens["几个字的"] / by_tokens["整段的"]
print(f"除以 token 数时，一对短回答的分量是一对长回答的 {weight:.0f} 倍")
start = batches["一两句的"]
trained = train(start[0], +1), train(start[1], -1)
kept, late = (loss_sum(trained, reference) / args.pairs for reference in (start, trained))
print(f"练过之后：参考还是开始时的那份，损失 {kept:.4f}；断了再接、这时才抄参考，损失又成了 {late:.4f}")
both = {"除以几对": by_pairs, "除以 token 数": by_tokens}
picture(args, lambda p: p.bars(both, title="同样什么也没学，第一个损失是多少", fmt="{:.3f}"))
claim(
    all(math.isclose(v, math.log(2)) for v in (*by_pairs.values(), late)) and weight > 2 and kept < late,
    f"除以几对，第一个损失总是 ln 2 = {math.log(2):.3f}，不是就有错；"
    f"除以 token 数就随长短变，短的一对顶长的 {weight:.0f} 对。"
    "参考要在开头就抄好，抄晚了损失回到 ln 2，前面学的不算数。",
)
