"""把一个对象整个存下来交给别人，他打得开吗？

造一门小小的「课程」（一个模块），把其中的模型两样交出去：一样是 pickle 存的整个对象，一样是数据加一份独立的代码。
收的人没有这门课，看哪一样打得开。对应章节：nbs/8_serving/60_convert.ipynb
"""

import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

from _kit import arguments, claim, picture

args = arguments(__doc__, numbers=(1000, "模型有几个数", 1), seed=(0, "随机种子", 0))
CODE = """
class Model:
    def __init__(self, weights):
        self.weights = weights

    def answer(self, x):
        return sum(w * x for w in self.weights)
"""
OPEN = {
    "整个对象": "import pickle; model = pickle.load(open('model.pkl', 'rb'))",
    "数据与代码": "import json, model_code; model = model_code.Model(json.load(open('weights.json')))",
}
weights = [((i * 7919 + args.seed) % 101 - 50) / 50 for i in range(args.numbers)]
with tempfile.TemporaryDirectory() as box:
    home, gift = Path(box) / "课程", Path(box) / "礼物"
    for folder in (home, gift):
        folder.mkdir()
    (home / "lesson_code.py").write_text(CODE, encoding="utf8")
    sys.path.insert(0, str(home))
    sys.dont_write_bytecode = True
    import lesson_code

    model = lesson_code.Model(weights)
    (gift / "model.pkl").write_bytes(pickle.dumps(model))
    (gift / "weights.json").write_text(json.dumps(weights), encoding="utf8")
    (gift / "model_code.py").write_text(CODE, encoding="utf8")
    size = {p.name: p.stat().st_size for p in gift.iterdir()}
    opened = {}
    for what, how in OPEN.items():
        ask = [sys.executable, "-c", f"{how}\nprint(model.answer(2.0))"]
        done = subprocess.run(ask, cwd=gift, capture_output=True, text=True)
        opened[what] = done.returncode == 0 and float(done.stdout) == model.answer(2.0)
        last = (done.stderr or done.stdout).strip().splitlines()[-1]
        print(f"  {what}：{'打开了，答得一样' if opened[what] else '打不开'}（{last}）")
print(f"pickle 里没有代码：{size['model.pkl']:,} 字节里只写着「去 lesson_code 里找 Model」")
picture(args, lambda p: p.bars(size, title="三个文件各多大（字节）", fmt="{:,.0f}"))
claim(
    not opened["整个对象"] and opened["数据与代码"],
    "整个对象只记着类的名字，收的人没有那门课就打不开。数据归数据，代码归一个独立的文件，谁都打得开。",
)
