"""流式输出为什么会冒出 �？

把一句话切成三种 token 流（一个字节一个、两个字节一个、随机切），比较三种显示办法：逐个解码、每次解码全文、增量解码。
数一数各冒出几个 �、有几次把已经显示的字改掉。对应章节：nbs/4_inference/40_chat.ipynb
"""

import codecs
import random

from _kit import arguments, claim, picture

args = arguments(__doc__, text=("猫在等你🐱。café", "换一句话"), seed=(0, "随机种子", 0))
data = args.text.encode()


def chunks(sizes):
    at, out = 0, []
    while at < len(data):
        n = next(sizes)
        out.append(data[at : at + n])
        at += n
    return out


def forever(make):
    while True:
        yield make()


def one_by_one(stream):
    return "".join(c.decode("utf8", "replace") for c in stream), 0


def whole_each_time(stream):
    shown, changed, got = "", 0, b""
    for c in stream:
        got += c
        now = got.decode("utf8", "replace")
        changed += not now.startswith(shown)  # 已经显示的字被改掉了
        shown = now
    return shown, changed


def incremental(stream):
    decoder = codecs.getincrementaldecoder("utf8")("replace")
    return "".join(decoder.decode(c) for c in stream), 0  # 凑不满一个字就先扣着


rng = random.Random(args.seed)
streams = {
    "一字节一个": chunks(forever(lambda: 1)),
    "两字节一个": chunks(forever(lambda: 2)),
    "随机切": chunks(forever(lambda: rng.randint(1, 4))),
}
ways, broken, fine = {"逐个解码": one_by_one, "每次解码全文": whole_each_time, "增量解码": incremental}, {}, True
print(f"「{args.text}」：{len(args.text)} 个字，{len(data)} 个字节")
for name, stream in streams.items():
    for way, fn in ways.items():
        text, changed = fn(stream)
        broken[way] = broken.get(way, 0) + text.count("�") + changed
        fine &= way != "增量解码" or text == args.text
        print(f"  {name}（{len(stream)} 块），{way}：{text}" + (f"，中途改口 {changed} 次" if changed else ""))
picture(args, lambda p: p.bars(broken, title="乱码与改口的次数", fmt="{:.0f}"))
claim(
    fine and broken["增量解码"] == 0 < broken["逐个解码"],
    "一个汉字三个字节，token 常常只装着其中一两个；从字节入手、凑满一个字再放，才不会出现 �。",
)
