"""BPE 是怎样一步步把字节拼成词的？

从字节出发，每一步把最常相邻的一对并成新 token，逐步打印：并了谁、出现几次、全文剩几个 token。
对应章节：nbs/2_tokenizer/10_bpe.ipynb
"""

from collections import Counter

from _kit import arguments, claim, picture

args = arguments(
    __doc__, text=("今天天气很好，今天去公园。明天天气也很好，明天也去公园。", "换一段文字"), merges=(24, "合并几次")
)
tokens = [bytes([b]) for b in args.text.encode()]
sizes = [len(tokens)]
show = lambda t: t.decode() if not t.decode("utf8", "replace").count("�") else t.hex(" ")
print(f"{len(args.text)} 个字，{sizes[0]} 个字节")
for step in range(1, args.merges + 1):
    pairs = Counter(zip(tokens, tokens[1:]))
    (a, b), times = max(pairs.items(), key=lambda kv: (kv[1], kv[0]), default=((b"", b""), 0))
    if times < 2:
        print(f"第 {step} 步：再没有出现两次的一对，停下")
        break
    merged, i = [], 0
    while i < len(tokens):  # 从左到右，不重叠地合并
        if i + 1 < len(tokens) and (tokens[i], tokens[i + 1]) == (a, b):
            merged.append(a + b)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    tokens = merged
    sizes.append(len(tokens))
    if step <= 6 or step % 4 == 0:
        print(f"第 {step:>2} 步：{show(a)} + {show(b)} → {show(a + b)}（出现 {times} 次），还剩 {len(tokens)} 个 token")
print("切成：" + "|".join(show(t) for t in tokens))
assert b"".join(tokens).decode() == args.text  # 拼回去一个字节不差
picture(args, lambda p: p.curves({"token 数": sizes}, "合并几次", "全文有几个 token", "每合并一次，文字就短一点"))
claim(
    sizes == sorted(sizes, reverse=True) and len(sizes) > 1,
    f"{len(sizes) - 1} 次合并把 {sizes[0]} 个字节变成 {sizes[-1]} 个 token；它只数次数，先拼出半个汉字也不奇怪。",
)
