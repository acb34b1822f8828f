"""装饰器的次序换一下会怎样？

同一个方法，缓存一次写在 `@patch` 的下面，一次写在上面，问同样的几百道题，数一数真正算了几次。
对应章节：nbs/0_learning/15_patch.ipynb
"""

import random
from functools import lru_cache

from _kit import arguments, claim, picture
from minimind.learning.patch import patch

args = arguments(__doc__, asks=(500, "一共问几次"), kinds=(12, "有几种不同的题"), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)


class Pupil:
    "一个做平方的小学生：`worked` 记着他真正动笔算了几次。"

    worked = 0


@patch
@lru_cache
def below(self: Pupil, n: int) -> int:
    self.worked += 1
    return n * n


@lru_cache  # 次序反了：缓存包住的是 patch 的返回值，不是装到类上的那个
@patch
def above(self: Pupil, n: int) -> int:
    self.worked += 1
    return n * n


@patch
def plain(self: Pupil, n: int) -> int:
    self.worked += 1
    return n * n


questions = [rng.randrange(args.kinds) for _ in range(args.asks)]
different = len(set(questions))
print(f"问 {args.asks} 次，其中不同的题只有 {different} 道：")
worked = {}
for name, label in (("plain", "不加缓存"), ("above", "缓存写在上面"), ("below", "缓存写在下面")):
    pupil = Pupil()
    answers = [getattr(pupil, name)(n) for n in questions]
    assert answers == [n * n for n in questions]
    worked[label] = pupil.worked
    kind = type(vars(Pupil)[name]).__name__
    print(f"  {label}：算了 {pupil.worked} 次，答案全对；类上装的是 {kind}")
print("装饰器从下往上生效：写在上面的缓存，包住的是 @patch 交回来的东西（这里是 None），不是那个方法")
picture(args, lambda p: p.bars(worked, title=f"问 {args.asks} 次，真正算了几次", fmt="{:.0f}"))
claim(
    worked["缓存写在下面"] == different and worked["缓存写在上面"] == worked["不加缓存"] == args.asks,
    f"@patch 装上的是它下面的一切，所以要写在最上面；写反了不报错、答案也对，缓存却没了，"
    f"多算 {args.asks / different:.0f} 倍。",
)
