"""小脚本共用的三件事：读选项、画图、下结论。它自己不回答任何问题。"""

import argparse
import sys
from pathlib import Path


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"错误：选项不对（{message}）。加 --help 看用法。\n")


def _at_least(low, kind):
    def read(text):
        value = kind(text)
        if not low <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} 太小或太大，至少是 {low}")
        return value

    read.__name__ = "整数" if kind is int else "小数"
    return read


def arguments(doc: str, **options):
    "脚本的选项：`名字=(默认值, 说明)` 或 `(默认值, 说明, 最小值)`；每个脚本都有 --plot。"
    parser = _Parser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (default, about, *low) in options.items():
        kind = str if isinstance(default, str) else _at_least(low[0] if low else 1, type(default))
        parser.add_argument(f"--{name}", type=kind, default=default, help=f"{about}（默认 {default}）")
    parser.add_argument(
        "--plot", nargs="?", const="", metavar="图.png", help="再画一张图；不写文件名就存到 out/materials/"
    )
    return parser.parse_args()


def picture(args, draw):
    "有 --plot 才画：`draw(p)` 收到的 p 是 `minimind.learning.plotting`。"
    if args.plot is None:
        return
    import matplotlib

    matplotlib.use("Agg")
    from minimind.learning import plotting
    from minimind.learning.paths import OUT

    plotting.setup()
    draw(plotting)
    path = Path(args.plot or OUT / "materials" / f"{Path(sys.argv[0]).stem}.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    plotting.plt.gcf().savefig(path)
    print(f"图：{path}")


def claim(holds, text: str):
    "最后一行。成立就写结论；换了选项而不成立时照实说，以退出码 1 结束。"
    if not holds:
        print(f"这一组选项下没有看到：{text}")
        sys.exit(1)
    print(f"结论：{text}")
