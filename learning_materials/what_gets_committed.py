"""收工时 `git add -A`，会把什么一起交上去？

在临时文件夹里造一个真的仓库：几页笔记、一份权重、一份数据。比较「全都加」与「只列出笔记」，再看删掉权重之后仓库变小了没有。
对应章节：nbs/98_notes_cli.ipynb
"""

import os
import random
import subprocess
import tempfile
from pathlib import Path

from _kit import arguments, claim, picture

args = arguments(__doc__, megabytes=(2, "权重多大（MB）"), seed=(0, "随机种子", 0))
NOTES = ["notes.md", "learning_log.md", "knowledge_base.md"]
ENV = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "我",
    "GIT_AUTHOR_EMAIL": "me@example.com",
    "GIT_COMMITTER_NAME": "我",
    "GIT_COMMITTER_EMAIL": "me@example.com",
}


def git(folder, *words):
    return subprocess.run(["git", "-C", folder, *words], env=ENV, check=True, capture_output=True, text=True).stdout


def weight(folder):
    return sum(p.stat().st_size for p in (Path(folder) / ".git" / "objects").rglob("*") if p.is_file()) / 1024  # KB


def repository(folder):
    git(folder, "init", "-q")
    for name in NOTES:
        (Path(folder) / name).write_text("今天学了注意力。\n" * 50, encoding="utf8")
    (Path(folder) / "full_sft_144.pth").write_bytes(
        random.Random(args.seed).randbytes(args.megabytes * 2**20)
    )  # 权重压不小
    (Path(folder) / "pretrain.jsonl").write_text('{"text": "语料"}\n' * 20000, encoding="utf8")


size = {}
with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
    for folder in (a, b):
        repository(folder)
    git(a, "add", "-A")
    git(a, "commit", "-qm", "记一天")
    size["全都加"] = weight(a)
    git(a, "rm", "-q", "full_sft_144.pth", "pretrain.jsonl")
    git(a, "commit", "-qm", "删掉权重")
    git(a, "gc", "-q", "--prune=now")
    size["再删掉权重"] = weight(a)
    git(b, "add", "full_sft_144.pth")  # 有人先把权重放进了暂存区
    git(b, "add", *NOTES)
    git(b, "commit", "-qm", "记一天", "--", *NOTES)  # 只提交列出来的路径
    size["只交笔记"] = weight(b) - (Path(b) / "full_sft_144.pth").stat().st_size / 1024  # 暂存的那份还没进历史
    inside = git(b, "ls-tree", "--name-only", "HEAD").split()
for name, kb in size.items():
    print(f"{name}：仓库里的历史约 {max(kb, 0):,.0f} KB")
print(f"只交笔记的那一次提交里有：{'、'.join(inside)}（暂存着的权重没有跟进去）")
picture(args, lambda p: p.bars({k: max(v, 0) for k, v in size.items()}, title="仓库有多大（KB）", fmt="{:.0f}"))
claim(
    size["再删掉权重"] > 1000 * args.megabytes > size["只交笔记"] and sorted(inside) == sorted(NOTES),
    "权重进过一次历史，删掉也还在；提交时把笔记的路径一个个列出来，别的就跟不进去。",
)
