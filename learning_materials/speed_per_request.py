"""每秒几个 token，该先除再平均，还是先加再除？

短回答常常显得特别快或特别慢。把每次的速度直接平均，短的与长的一样重，得到的不是真正的速度。
对应章节：nbs/4_inference/67_minigpt.ipynb
"""

import random

from _kit import arguments, claim, picture

args = arguments(__doc__, asks=(200, "问几次", 10), speed=(50.0, "真正的速度，token 每秒", 1.0), seed=(0, "种子", 0))
rng = random.Random(args.seed)
tokens = [rng.choice([2, 5, 20, 200]) for _ in range(args.asks)]
seconds = [0.3 + n / args.speed for n in tokens]  # 每次开头都有 0.3 秒的准备
each = [n / s for n, s in zip(tokens, seconds)]
plain, weighted = sum(each) / len(each), sum(tokens) / sum(seconds)
print(f"一共 {sum(tokens):,} 个 token，用了 {sum(seconds):,.0f} 秒")
print(f"先除再平均：{plain:.1f}；先加再除：{weighted:.1f} token 每秒")
spent = sum(tokens) / plain
print(f"照前一个数，写这么多要 {spent:,.0f} 秒；真的用了 {sum(seconds):,.0f} 秒")
groups = {f"{n} 个": sum(e for e, t in zip(each, tokens) if t == n) / max(1, tokens.count(n)) for n in (2, 5, 20, 200)}
picture(args, lambda p: p.bars(groups, title="回答多长，看起来每秒几个 token", fmt="{:.0f}"))
claim(
    abs(sum(tokens) / weighted - sum(seconds)) < 1e-6 * sum(seconds) and plain < 0.9 * weighted,
    "先加再除才对得上总时间；先除再平均，短回答与长回答一样重，这里把速度说低了一截。",
)
