"""学习率写成 nan，检查拦得住吗？

要求 0 < 学习率 ≤ 1。把几个不该收的数交给四种检查，数一数各放过几个；再用放过来的数练几步，看模型怎么样了。
对应章节：nbs/0_learning/85_command.ipynb
"""

import click
import numpy as np

from _kit import arguments, claim, picture
from minimind.learning.command import check_range
from minimind.learning.errors import UserError

args = arguments(__doc__, steps=(5, "练几步"), seed=(0, "随机种子", 0))
BAD, GOOD = [-1.0, 0.0, 2.0, float("inf"), float("nan")], [1e-5, 0.1, 1.0]


def too_small(x):
    "太小或太大就报错。"
    if x <= 0 or x > 1:
        raise ValueError


def not_enough(x):
    "不够大、或不够小，就报错。"
    if not (x > 0 and x <= 1):
        raise ValueError


CHECKS = {
    "太小太大就报错": too_small,
    "click 的范围": lambda x: click.FloatRange(0, 1, min_open=True).convert(x, None, None),
    "不在里面就报错": not_enough,
    "课程的检查": lambda x: check_range("learning_rate", x, high=1, above=0),
}


def passes(check, x):
    try:
        check(x)
        return True
    except (ValueError, click.BadParameter, UserError):
        return False


leaked = {}
for name, check in CHECKS.items():
    assert all(passes(check, x) for x in GOOD)  # 该收的都收
    through = [x for x in BAD if passes(check, x)]
    leaked[name] = len(through)
    print(f"{name}：{len(BAD)} 个坏数放过 {len(through)} 个 {through}")
nan = float("nan")
print(f"nan <= 0 是 {nan <= 0}，nan > 1 是 {nan > 1}，nan > 0 也是 {nan > 0}；夹进 0 与 1 还是 {np.clip(nan, 0, 1)}")
rng = np.random.default_rng(args.seed)
x, w = rng.normal(size=(32, 8)), np.zeros(8)
y, alive = x @ rng.normal(size=8), [len(w)]
for _ in range(args.steps):
    w -= nan * x.T @ (x @ w - y) / len(x)
    alive.append(int(np.isfinite(w).sum()))
print(f"放它进去：8 个权重里还是数的，一步步是 {alive}，没有一步报错")
picture(args, lambda p: p.bars(leaked, title=f"{len(BAD)} 个坏数，各放过几个", fmt="{:.0f}"))
claim(
    leaked["太小太大就报错"] == 1 and leaked["不在里面就报错"] == leaked["课程的检查"] == alive[1] == 0,
    "NaN 和谁比都是假：问「太小吗」它混得过去，问「够大吗」才拦得下。混进来一步就毁掉全部权重，而且不报错。",
)
