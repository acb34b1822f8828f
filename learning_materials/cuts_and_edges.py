"""处处下刀，算不算切得像词？

同样的几十句话，词界由人手画。三个切法：一个字节一刀、在小世界上学的 BPE、整句不切。只看「词界上有没有刀」，
最笨的一个拿满分；只看「切出来的是不是完整的词」，不切的拿满分。对应章节：nbs/2_tokenizer/40_evaluate.ipynb
"""

import random

from _kit import arguments, claim, picture
from minimind.tokenizer.bpe import BPETokenizer
from minimind.tokenizer.evaluate import MARKED, quality
from minimind.world.stories import passage


class Whole:
    "整句一个 token；编号记着是哪一句。"

    def __init__(self):
        self._bytes = {}

    def encode(self, text):
        self._bytes[len(self._bytes)] = text.encode()
        return [len(self._bytes) - 1]


args = arguments(__doc__, seed=(0, "随机种子", 0), passages=(400, "读几段短文", 50), vocab=(1000, "词表", 300))
rng = random.Random(args.seed)
trained = BPETokenizer.train([passage(rng) for _ in range(args.passages)], args.vocab)
marked = [line for lines in MARKED.values() for line in lines]
tokenizers = {"一个字节一刀": BPETokenizer.train([], 256), "学来的 BPE": trained, "整句不切": Whole()}
rows = {name: quality(tok, marked) for name, tok in tokenizers.items()}
shown = dict(units="完整的词", precision="刀在词界", recall="词界有刀", f1="F1")
print("切法          " + "".join(f"{title:>8}" for title in shown.values()))
for name, row in rows.items():
    print(f"{name:<10}" + "".join("       —" if row[k] is None else f"{row[k]:>10.1%}" for k in shown))
heights = {name: {title: row[k] or 0 for k, title in shown.items()} for name, row in rows.items()}
picture(args, lambda p: p.bars(heights, title="像不像词", fmt="{:.2f}"))
raw, ours, whole = rows.values()
claim(
    raw["recall"] == 1 and whole["units"] == 1 and ours["f1"] > max(raw["f1"], whole["f1"]),
    "处处下刀，词界上当然有刀；一刀不切，当然没有切坏词。两个数要一起看：F1 最高的是学来的那个。",
)
