"""版本号当文字比，会比错几对？

一个库从 2.0 发到 2.N。任取两个版本，当文字比一次，拆成整数比一次，数一数有几成比反了。
对应章节：nbs/0_learning/90_doctor.ipynb
"""

from importlib import metadata
from itertools import combinations

from _kit import arguments, claim, picture
from minimind.learning.doctor import numbers, satisfies

args = arguments(__doc__, releases=(30, "一共发了几版", 11))


def share_wrong(releases):
    "前 `releases` 版里，文字的次序与发布的次序相反的占几成。"
    names = [f"2.{n}" for n in range(releases)]
    pairs = list(combinations(names, 2))  # 前一个总是更旧
    return sum(old > new for old, new in pairs) / len(pairs), pairs


counts = list(range(2, args.releases + 1))
wrong = {n: share_wrong(n)[0] for n in counts}
first = next((n for n in counts if wrong[n]), None)
late, names = wrong[args.releases], [f"2.{n}" for n in range(args.releases)]
newest = {"当文字": max(names), "拆成整数": max(names, key=numbers)}
print(f"前 10 版比错 {wrong[10]:.0%}；第 {first} 版（2.{first - 1}）起开始错，到 {args.releases} 版错 {late:.0%}")
print(f"「最新的是哪个」：当文字是 {newest['当文字']}，拆成整数是 {newest['拆成整数']}")
bad = [(a, b) for a, b in share_wrong(args.releases)[1] if numbers(a) >= numbers(b)]
print(f"拆成整数再比：{len(share_wrong(args.releases)[1])} 对里错 {len(bad)} 对")
fits = satisfies("2.6", [("==", "2.6.0")])
print(f"还要补零：(2, 6) == (2, 6, 0) 是 {(2, 6) == (2, 6, 0)}；补了零，2.6 与 2.6.0 {'相同' if fits else '不同'}")
found = [d.version for d in metadata.distributions()]
long = sum(any(n >= 10 for n in numbers(v)[1:]) for v in found)
print(f"这个 Python 里装着 {len(found)} 个库，{long} 个的小版本号已经到两位数，随时会比错")
shown = {"比错": (counts, list(wrong.values()))}
picture(args, lambda p: p.curves(shown, "发了几版", "比错的占几成", "版本号当文字比"))
claim(
    wrong[10] == 0 < late and not bad and fits,
    f"前十版一次不错，所以试不出来；到了 2.10 才开始错，{args.releases} 版时错 {late:.0%}。"
    "版本号要拆成整数、短的补零再比。",
)
