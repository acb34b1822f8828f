"""两份阶段测试共用的：从一次训练里读回什么，两份断点比不比得上，怎样在两个进程上走。

  python tests/stage_runs.py '[["dpo", {"save_dir": "…"}], ["Critic", {…}]]'     （单进程，或由 torchrun 启动）
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from minimind.inference.load import save_weights
from minimind.learning.paths import ROOT
from minimind.learning.stages import get_stage
from minimind.model import MiniMindConfig, MiniMindForCausalLM
from minimind.tokenizer.fast import load_tokenizer
from minimind.trainer.arguments import TrainArgs, args_of, make_args, train_of
from minimind.trainer.checkpoint import load_resume
from minimind.trainer.loop import TrainResult, train_stage

sys.path.insert(0, str(Path(__file__).parent))
import toy_stages  # noqa: E402


def train(name: str, given: dict) -> TrainResult:
    "训练一个阶段：玩具的名字大写开头，别的是阶段表里的。"
    if name[0].isupper():
        return train_stage(getattr(toy_stages, name), make_args(TrainArgs, **given))
    stage = get_stage(name)
    return train_of(stage)(make_args(args_of(stage), **given))


def journal(home: Path) -> list[dict]:
    return [json.loads(line) for line in (home / "out/metrics.jsonl").read_text(encoding="utf8").splitlines()]


def losses(home: Path) -> list[float]:
    return [row["loss"] for row in journal(home)]


def final(home: Path) -> dict:
    return load_resume(next((home / "checkpoints").glob("*_resume.pth")))


def without_python_random(state: dict) -> dict:
    "断点里去掉 Python 的 random：第一次导入某些库会用掉它几个数，训练不用它；torch 与 numpy 的照比。"
    return state | {"rng": [{k: v for k, v in r.items() if k != "python"} for r in state["rng"]]}


def same(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def tiny_base(home: Path, tok_dir: Path) -> tuple[Path, MiniMindForCausalLM, object]:
    "几万个参数的、没练过的底子，当作微调过的存着：（权重，模型，分词器）。"
    tok = load_tokenizer(tok_dir)
    torch.manual_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=len(tok))
    model = MiniMindForCausalLM(MiniMindConfig(**shape))
    return save_weights(model, home / "full_sft_32.pth", stage="full_sft", tokenizer_dir=tok_dir), model, tok


def resumes_bitwise(run: Callable[..., TrainResult], home: Path) -> TrainResult:
    "`run(文件夹, **改动)` 走 4 步；另走 2 步再续完：断点逐位相同，损失一笔不差。返回没断过的那次。"
    whole_run = run(home / "a")
    assert whole_run.steps == 4 and all(math.isfinite(v) for v in whole_run.journal["loss"])
    run(home / "b", max_steps=2)
    run(home / "b", from_resume=1)
    whole, rest = (without_python_random(final(home / x)) for x in "ab")
    for key in ("model", "optimizer", "rng", "replay", "step", "samples"):
        assert same(whole[key], rest[key]), key
    assert losses(home / "a") == losses(home / "b")
    return whole_run


def agree(model: torch.nn.Module) -> None:
    "各进程练出来的参数逐位相同，否则报错。"
    if not torch.distributed.is_initialized():
        return
    for name, p in model.named_parameters():
        low, high = p.detach().clone(), p.detach().clone()
        torch.distributed.all_reduce(low, torch.distributed.ReduceOp.MIN)
        torch.distributed.all_reduce(high, torch.distributed.ReduceOp.MAX)
        assert torch.equal(low, high), f"各进程的 {name} 不一样"


def on_two_processes(runs: list[tuple[str, dict]]) -> None:
    "两个 gloo 进程，一口气走几次，省下每次的导入。"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = [*torchrun, __file__, json.dumps(runs)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]


if __name__ == "__main__":
    from minimind.trainer.peers import distributed

    with distributed("cpu"):
        for name, given in json.loads(sys.argv[1]):
            agree(train(name, given).model)
