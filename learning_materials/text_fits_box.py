"""一行字有多宽，方框该留多宽？

一个汉字的宽等于字号，10 磅是 10/72 英寸；拉丁字母窄得多，每个又不一样宽。照字数估和真的量，差多少？
对应章节：nbs/0_learning/32_drawing.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(__doc__, size=(10.0, "字号（磅）"), box=(0.74, "方框的宽（英寸）", 0.1))

import matplotlib  # noqa: E402

matplotlib.use("Agg")

from minimind.learning.plotting import plt, setup  # noqa: E402

setup()
WORDS = ["归一化", "旋转位置", "混合专家层", "norm", "embedding", "feed-forward"]
fig = plt.figure(figsize=(4, 1))


def measured(text):
    drawn = fig.text(0, 0, text, fontsize=args.size)
    wide = drawn.get_window_extent(fig.canvas.get_renderer()).width / fig.dpi
    drawn.remove()
    return wide


widths = {text: measured(text) for text in WORDS}
for text, wide in widths.items():
    by_count = len(text) * args.size / 72
    fits = "放得下" if wide <= args.box else "放不下"
    print(f"{text:　<8} 量得 {wide:.2f} 英寸，按「一字一字号」估 {by_count:.2f}；{args.box:g} 英寸的框{fits}")
plt.close(fig)
picture(args, lambda p: p.bars(widths, title="一行字的宽（英寸）", fmt="{:.2f}"))
han = all(abs(w - len(t) * args.size / 72) < 0.1 * w for t, w in widths.items() if not t.isascii())
latin = all(w < 0.75 * len(t) * args.size / 72 for t, w in widths.items() if t.isascii())
claim(han and latin, "汉字的宽等于字号，数字数就够；拉丁字母只有它的一半多，要留得刚好就得量。")
