"""打开一份权重，会不会运行别人的程序？

造三份夹带了命令的「权重」（命令是无害的：在临时文件夹里建一个文件夹），用两种读法打开，数一数命令跑了几次，
再看老实的那份读不读得对。对应章节：nbs/4_inference/05_weights.ipynb
"""

import io
import os
import pickle
import random
import tempfile
from pathlib import Path

from _kit import arguments, claim, picture

args = arguments(__doc__, numbers=(1000, "一份权重有几个数"), seed=(0, "随机种子", 0))
rng = random.Random(args.seed)
weights = {"model.norm.weight": [rng.gauss(0, 1) for _ in range(args.numbers)]}


class Smuggled:
    "pickle 存它的时候，存下的是「装载时请调用 call(*words)」。"

    def __init__(self, call, *words):
        self.what = call, words

    def __reduce__(self):
        return self.what


class DataOnly(pickle.Unpickler):
    "只认数、文字、列表、字典；文件要找任何函数或类，一概不给。"

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"它要调用 {module}.{name}")


READERS = {"照单全收": pickle.loads, "只当数据": lambda data: DataOnly(io.BytesIO(data)).load()}
with tempfile.TemporaryDirectory() as box:
    mark = str(Path(box) / "脚印")
    tricks = {
        "直接调用": Smuggled(os.mkdir, mark),
        "藏在一句话里": Smuggled(eval, f"__import__('os').mkdir({mark!r})"),
        "先导入再调用": Smuggled(exec, f"import os; os.mkdir({mark!r})"),
    }
    files = {name: pickle.dumps({**weights, "extra": trick}) for name, trick in tricks.items()}
    honest = pickle.dumps(weights)
    print(f"老实的权重 {len(honest):,} 字节；夹带之后 {len(files['直接调用']):,} 字节，权重一个数也没动")
    ran = {}
    for how, read in READERS.items():
        assert read(honest) == weights
        ran[how], intact = 0, 0
        for name, data in files.items():
            try:
                intact += read(data)["model.norm.weight"] == weights["model.norm.weight"]
                said = "没有任何提示"
            except pickle.UnpicklingError as e:
                said = f"拒绝：{e}"
            if os.path.exists(mark):
                ran[how] += 1
                os.rmdir(mark)
            print(f"  {how}，{name}：{said}")
        print(f"{how}：{len(files)} 份里命令跑了 {ran[how]} 次，{intact} 份还给出了正确的权重")
picture(args, lambda p: p.bars(ran, title=f"打开 {len(files)} 份夹带的权重，命令跑了几次", fmt="{:.0f}"))
claim(
    ran["照单全收"] == len(files) and ran["只当数据"] == 0,
    f"会：照单全收时 {ran['照单全收']} 份全跑了，权重还照样能用，看不出来。只当数据读，一次也不跑；"
    "torch 里就是 weights_only=True，或用 safetensors。",
)
