"""测试共用的东西：小模型、小分词器、小数据，全部现造，不用任何外来文件。"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
SENTENCES = ["法国的首都是巴黎。", "小猫喵喵叫。", "大的反义词是小。", "三加四等于七。", "The cat says meow."]


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    "一套能训练的小家当：分词器文件夹、预训练与对话的 JSONL（每种 60 行，长短不一）。"
    from minimind.tokenizer.fast import save_tokenizer, train_tokenizer

    home = tmp_path_factory.mktemp("small")
    tok = save_tokenizer(train_tokenizer(SENTENCES * 20, vocab_size=320), home / "tok")
    pretrain, sft = home / "pretrain.jsonl", home / "sft.jsonl"
    pretrain.write_text(
        "".join(json.dumps({"text": "".join(SENTENCES[: 1 + i % 5])}, ensure_ascii=False) + "\n" for i in range(60)),
        encoding="utf8",
    )
    rows = [
        {"conversations": [{"role": "user", "content": s}, {"role": "assistant", "content": s[: 3 + i % 4]}]}
        for i, s in enumerate(SENTENCES * 12)
    ]
    sft.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf8")
    return {"home": home, "tok": tok, "pretrain": pretrain, "sft": sft}


def run(
    *argv, home: Path, module: str | None = None, nproc: int = 0, timeout: int = 300, **env
) -> subprocess.CompletedProcess:
    "在子进程里跑命令行：`run('train', 'pretrain', …)`，或 `module=` 直接跑模块，`nproc=` 用 torchrun。"
    base = [sys.executable, "-m"]
    if nproc:
        base += ["torch.distributed.run", "--standalone", "--nproc_per_node", str(nproc), "-m"]
    command = base + [module or "minimind.cli", *map(str, argv)]
    if not module:
        command = [str(Path(sys.executable).with_name("minimind")), *map(str, argv)]
    env = {**os.environ, "MINIMIND_HOME": str(home), "OMP_NUM_THREADS": "1", **env}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=env, cwd=home)


@pytest.fixture
def cli():
    return run
