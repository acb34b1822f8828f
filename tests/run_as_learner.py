"""像学习者按“全部运行”那样跑笔记本：`#| eval: false` 的格子也跑，空壳没有填。

python tests/run_as_learner.py 结果.json 笔记本…

大件（torch、transformers、matplotlib）只载入一次，每个笔记本 fork 一个进程，所以都有全新的命名空间。
正文很长，按测试的规模跑，跑到最后一个小空为止：后面的与空壳无关，别处都跑过。练习本完全照学习者的样子跑。
"""

import json
import os
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from course import clean_home


def cells(path: Path) -> list[tuple[str, str]]:
    "代码格：[(编号, 源代码)]。"
    nb = json.loads(path.read_text(encoding="utf8"))
    return [(c["id"], "".join(c["source"])) for c in nb["cells"] if c["cell_type"] == "code"]


def asked(path: Path) -> list[tuple[str, str]]:
    "要跑的格子：练习本是全部，正文到最后一个检查为止。"
    found = cells(path)
    stubs = [i for i, (_, source) in enumerate(found) if re.search(r"^check\(", source, re.M)]
    return found if path.stem.endswith("_exercises") or not stubs else found[: stubs[-1] + 1]


def run(path: Path, home: Path) -> dict:
    "跑一个笔记本，返回 {error: 第一处回溯, recorded: 记下的通过, unwritten: 说了“还没写”的次数, seconds: CPU 秒}。"
    from execnb.shell import CaptureShell

    os.environ["MINIMIND_HOME"] = str(home)
    os.chdir(path.parent)
    shell, error, unwritten = CaptureShell(mpl_format="png"), "", 0
    for id, source in asked(path):
        long_chapter = not path.stem.endswith("_exercises") and "check(" not in source
        os.environ["IN_TEST"] = "1" if long_chapter else "0"
        outputs = shell.run(source)
        said = "".join("".join(o.get("text", [])) for o in outputs if o["output_type"] == "stream")
        unwritten += said.count("还没写：")
        if shell.exc and not error:
            error = f"{id}：{type(shell.exc).__name__}：{shell.exc}"
    done = home / ".minimind" / "progress.jsonl"
    recorded = [json.loads(line)["id"] for line in done.read_text().splitlines()] if done.exists() else []
    return dict(error=error, recorded=recorded, unwritten=unwritten, seconds=time.process_time())


def main(out: str, *paths: str) -> None:
    import execnb.shell  # noqa: F401  大件在 fork 之前载入一次
    import matplotlib.pyplot  # noqa: F401
    import torch  # noqa: F401
    import transformers.models.llama.modeling_llama  # noqa: F401

    results = {}
    for path in map(Path, paths):
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                with clean_home() as home:  # 进度是空的；练好的小模型与平时合用，不必每本练一个
                    found = run(path.resolve(), home)
            except BaseException as error:
                found = dict(error=f"{type(error).__name__}：{error}", recorded=[], unwritten=0, seconds=0)
            with os.fdopen(writing, "w") as file:
                file.write(json.dumps(found))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as file:
            results[str(path)] = json.loads(file.read() or '{"error": "进程没有说完就退出了"}')
        os.wait()
    Path(out).write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf8")


if __name__ == "__main__":
    main(*sys.argv[1:])
