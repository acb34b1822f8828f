"""雷达上掉了分，是变差了吗？

两个分词器比一遍，再拉来一个更快的比一遍。前两个的数一个也没有变，分数却掉了：雷达除的是「这次比较里最好的」。
对应章节：nbs/8_serving/17_tokenizer_report.ipynb
"""

from _kit import arguments, claim, picture
from minimind.tokenizer.evaluate import scores

args = arguments(__doc__, rival=(20.0, "第三个的编码速度，MB/秒", 0.1))
two = {"甲": dict(encode=2.0, bytes_per_token=3.4), "乙": dict(encode=1.0, bytes_per_token=2.7)}
three = two | {"丙": dict(encode=args.rival, bytes_per_token=2.0)}
before, after = scores(two), scores(three)
print("        编码 MB/秒   效率分：两个比   三个比")
for name, row in three.items():
    first = f"{before[name]['效率']:.2f}" if name in before else "—"
    print(f"{name:<8}{row['encode']:>8.1f}{first:>16}{after[name]['效率']:>12.2f}")
both = {"两个比": before, "三个比": after}
heights = {title: {name: row["效率"] for name, row in found.items()} for title, found in both.items()}
picture(args, lambda p: p.bars(heights, title="同样的数，不同的效率分"))
claim(
    after["甲"]["效率"] < before["甲"]["效率"] == 1,
    f"甲一直是 2 MB/秒，效率分却从 1 掉到 {after['甲']['效率']:.2f}。雷达只说这次比较里的高低；变没变，看原来的数。",
)
