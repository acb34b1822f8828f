"""三个玩具阶段，证明接口够用：两个模型、两种学习率、一步几次更新；除数不是 token；自己的状态要活过断电。"""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from minimind.trainer.stage import Stage

N, LENGTH = 13, 10                                    # 行数故意除不尽：末尾有的进程没分到


class Toy(Stage):
    def rows(self):
        g = torch.Generator().manual_seed(0)
        ids = torch.randint(3, len(self.tokenizer), (N, LENGTH), generator=g)
        rows = [{"input_ids": r, "labels": r.clone(), "gt": f"第 {i} 题"} for i, r in enumerate(ids)]
        return rows, self.collate

    @staticmethod
    def collate(rows):
        return {"gt": [r["gt"] for r in rows]} | {k: torch.stack([r[k] for r in rows]) for k in ("input_ids", "labels")}


class Value(nn.Module):
    "给每个位置打分的小模型：(b, t) → (b, t)。"

    def __init__(self, vocab: int):
        super().__init__()
        self.table, self.head = nn.Embedding(vocab, 8), nn.Linear(8, 1)

    def forward(self, ids):
        return self.head(self.table(ids)).squeeze(-1)


class Critic(Toy):
    "演员学说话，评论家学打分：学习率差五倍，一步更新两次，数据里的文字要一路带到。"

    name, divisor, rollouts = "critic", "rows", 0

    def build(self):
        models = super().build()
        torch.manual_seed(7)
        return {"actor": models["model"], "critic": Value(len(self.tokenizer)).to(self.device)}

    def rate(self, module):
        return self.args.learning_rate * (5 if module == "critic" else 1)

    def updates(self, models, micro):
        self.rollouts += 1
        for batch in micro:
            assert all(gt.startswith("第 ") for gt in batch["gt"])
            with torch.no_grad(), self.amp:
                batch["target"] = models["critic"](batch["input_ids"]) + 1.0          # 一步之内目标不变
        yield micro
        yield micro[::-1]

    def weight(self, batch):
        return int((batch["labels"] != -100).any(1).sum())

    def probe(self, batch):
        return {**batch, "target": torch.zeros(batch["input_ids"].shape)}

    def loss(self, models, batch):
        out = models["actor"](batch["input_ids"], labels=batch["labels"], loss_only=True, num_items_in_batch=1)
        miss = (models["critic"](batch["input_ids"]) - batch["target"]).square() * (batch["labels"] != -100)
        return out.loss / LENGTH + miss.sum() / LENGTH, {"value_error": miss.sum() / LENGTH}

    def save(self, models):
        return super().save({"model": models["actor"]})


class Pairs(Toy):
    "一对一对地学（DPO 的样子）：冻结的参考，按对数平均，开头必是 ln 2。"

    name, divisor = "pairs", "pairs"

    def build(self):
        models = super().build()
        self.reference = copy.deepcopy(models["model"]).eval().requires_grad_(False)
        return models

    @staticmethod
    def collate(rows):
        good = Toy.collate(rows)
        bad = good["input_ids"].flip(1)
        return {**good, "input_ids": torch.cat([good["input_ids"], bad]), "labels": torch.cat([good["labels"], bad])}

    def weight(self, batch):
        return int((batch["labels"] != -100).any(1).sum()) // 2

    def loss(self, models, batch):
        score = lambda m: m(batch["input_ids"], labels=batch["labels"], log_probs=True).log_probs.sum(1)
        with torch.no_grad():
            ref = score(self.reference)
        good, bad = (score(models["model"]) - ref).chunk(2)
        alive = (batch["labels"] != -100).any(1).chunk(2)[0]
        return -(F.logsigmoid(good - bad) * alive).sum(), {"accuracy": ((good > bad) & alive).sum()}


class Tracker(Toy):
    "每一步按“比基线难多少”加权；基线自己走，要活过断电。"

    name, baseline = "tracker", 0.0

    def updates(self, models, micro):
        from minimind.trainer.runtime import sum_across_ranks

        with torch.no_grad(), self.amp:
            parts = [(super(Tracker, self).loss(models, b)[0].item(), self.weight(b)) for b in micro]
        total, count = (sum_across_ranks(sum(p[i] for p in parts)) for i in (0, 1))
        factor = 1 + total / count - self.baseline
        self.baseline = 0.9 * self.baseline + 0.1 * total / count
        yield [{**b, "factor": factor} for b in micro]

    def loss(self, models, batch):
        return super().loss(models, batch)[0] * batch.get("factor", 1.0), {}

    def state(self):
        return {"baseline": self.baseline}

    def load(self, state):
        self.baseline = state["baseline"]
