"""哪些词要学，哪些只看不学？

把一段对话排成 token，看三种标签各学了什么：全学、只学回答、只学回答却漏了结束标记。
再算一算「把提问也学进去」浪费了几成。
对应章节：nbs/5_dataset/20_masking.ipynb
"""

from _kit import arguments, claim, picture

CHAT = [
    ("user", "法国的首都是哪里？我下个月要去旅行。"), ("assistant", "巴黎。"), ("user", "谢谢"),
    ("assistant", "不客气！"),
]
args = arguments(__doc__, question=("", "换掉第一句提问"))
if args.question:
    CHAT[0] = ("user", args.question)

tokens, speaker = [], []
for role, content in CHAT:
    head = ["<|im_start|>", role, "\n"]
    row = head + list(content) + ["<|im_end|>", "\n"]
    tokens += row
    speaker += ["模板"] * 3 + [role] * len(content) + [f"{role} 结束", "模板"]

LABELS = {
    "全都学": lambda s: s != "",
    "只学回答": lambda s: s in ("assistant", "assistant 结束"),
    "漏了结束标记": lambda s: s == "assistant",
}
print("token：" + " ".join("↵" if t == "\n" else t for t in tokens))
learn = {}
for name, rule in LABELS.items():
    mask = [rule(s) for s in speaker]
    learn[name] = sum(mask)
    text = "".join(t for t, m in zip(tokens, mask) if m).replace("\n", "↵")
    print(f"\n{name}：{learn[name]}/{len(tokens)} 个 token 有标签\n  {text}")
waste = 1 - learn["只学回答"] / learn["全都学"]
print(f"\n全都学的话，{waste:.0%} 的力气花在学怎样提问和写模板上")
shown = "".join(t for t, s in zip(tokens, speaker) if LABELS["只学回答"](s))
stops = shown.count("<|im_end|>")
# 标签与输入对齐，模型内部再错开一位：位置 i 的输出预测位置 i+1 的词
first = next(i for i, s in enumerate(speaker) if s == "assistant")
print(
    f"错开一位：学会写「{tokens[first]}」的，"
    f"是前一格「{ {chr(10): '↵'}.get(tokens[first - 1], tokens[first - 1]) }」的输出"
)
picture(
    args,
    lambda p: p.bars({k: v for k, v in learn.items()}, title=f"{len(tokens)} 个 token 里，几个有标签", fmt="{:.0f}"),
)
claim(
    shown == "巴黎。<|im_end|>不客气！<|im_end|>" and stops == 2,
    "要学的恰好是助手的话加它的结束标记：多学提问是浪费，少学结束标记就停不下来。",
)
