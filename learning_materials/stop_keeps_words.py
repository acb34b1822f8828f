"""回答写到一半被叫停，说过的话还在不在？

写完才记，半路叫停就什么也没留下；边写边记，停在哪里留到哪里。
对应章节：nbs/8_serving/32_web_turn.ipynb
用在页面上：对应章节：nbs/8_serving/34_web_chat.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(__doc__, words=(40, "一共要写几个词", 2))
WORDS = [f"词{i}" for i in range(args.words)]


def speak(stop_at):
    "一个词一个词地说，说到第 stop_at 个被叫停。"
    for i, word in enumerate(WORDS):
        if i == stop_at:
            raise KeyboardInterrupt
        yield word


def at_the_end(stop_at):
    "写完才记。"
    try:
        return list(speak(stop_at))
    except KeyboardInterrupt:
        return []


def along_the_way(stop_at):
    "边写边记。"
    kept = []
    try:
        for word in speak(stop_at):
            kept.append(word)
    except KeyboardInterrupt:
        pass
    return kept


stops = range(args.words + 1)  # 最后一个是没有叫停
ways = {"写完才记": [len(at_the_end(s)) for s in stops], "边写边记": [len(along_the_way(s)) for s in stops]}
for s in (args.words // 4, args.words - 1, args.words):
    kept = "，".join(f"{name}留下 {counts[s]} 个" for name, counts in ways.items())
    print(f"{'没有叫停' if s == args.words else f'说了 {s} 个被叫停'}：{kept}")
picture(args, lambda p: p.curves(ways, xlabel="说到第几个被叫停", ylabel="留下几个词", title="停在哪里，留到哪里"))
claim(
    all(n == s for n, s in zip(ways["边写边记"], stops)) and sum(ways["写完才记"]) == args.words,
    "边写边记，停在哪里就留到哪里；写完才记，差最后一个词被叫停，也是什么都没有。",
)
