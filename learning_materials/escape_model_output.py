"""模型吐出一段网页代码，报告会执行它吗？

五句「模型的话」，直接拼进网页与转义之后拼进网页，用标准库的解析器读一遍：页面里冒出了哪些标签、要去哪些外面的地址。
对应章节：nbs/8_serving/10_report.ipynb
"""

import html
from html.parser import HTMLParser

from _kit import arguments, claim, picture

SAYS = [
    "法国的首都是巴黎。", "<script>alert('你好')</script>", "3 < 5 而且 5 > 3", '<img src="http://别处/偷看.png">',
    "<think>\n先想一想\n</think>好的", 'x" onmouseover="alert(1)',
]
args = arguments(__doc__, say=("", "再加一句"))
SAYS += [args.say] if args.say else []


class Reader(HTMLParser):
    "记下页面里的标签、外面的地址、看得见的文字。"

    def __init__(self):
        super().__init__()
        self.tags, self.urls, self.text, self.handlers = [], [], "", 0

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.urls += [v for k, v in attrs if k in ("src", "href")]
        self.handlers += sum(k.startswith("on") for k, _ in attrs)

    def handle_data(self, data):
        self.text += data


def page(escape):
    e = html.escape if escape else (lambda s: s)
    reader = Reader()
    reader.feed("".join(f'<p title="{e(s)}">{e(s)}</p>' for s in SAYS))
    return reader


result = {}
for name, escape in (("直接拼", False), ("转义", True)):
    got = page(escape)
    strange = [t for t in got.tags if t != "p"]
    whole = sum(s in got.text for s in SAYS)
    result[name] = {
        "多出的标签": len(strange), "外面的地址": len(got.urls), "会执行的属性": got.handlers, "原话完整": whole
    }
    print(
        f"{name}：多出的标签 {strange or '没有'}，外面的地址 {got.urls or '没有'}，"
        f"会执行的属性 {got.handlers} 个；{len(SAYS)} 句原话完整显示的有 {whole} 句"
    )
print("转义就是：" + html.escape('<b>"&"</b>'))
picture(args, lambda p: p.bars(result, title="同样几句话，两种拼法", fmt="{:.0f}"))
safe = result["转义"]
claim(
    safe["多出的标签"] == safe["外面的地址"] == safe["会执行的属性"] == 0
    and safe["原话完整"] == len(SAYS) > result["直接拼"]["原话完整"],
    "模型的话永远只是文字：一律转义，既不会被执行，也一个字不丢；直接拼既危险，话还会缺。",
)
