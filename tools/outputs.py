"""把存在笔记本里的输出重做一遍：每一章在新的内核里从头跑到尾，清理，盖上代码的印。

python tools/outputs.py                      # make outputs：全部
python tools/outputs.py nbs/3_model          # make outputs ONLY=nbs/3_model
python tools/outputs.py --stale              # make outputs STALE=1：只做代码改过的
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from course import EN, NBS, PRIVATE, ROOT, clean_home, code_stamp, notebooks, remember, seconds

LONG = 60  # 上次超过这么多秒的，与量快慢的实验室，排在最后，独占所有的核
LIMIT = 1800  # 一格最多几秒


def execute(path: Path) -> dict:
    "照学习者的样子跑一个笔记本（新内核，包括标着 `eval: false` 的格子），返回跑过的笔记本；出错就抛异常。"
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    NotebookClient(book, timeout=LIMIT, kernel_name="python3", resources=where).execute()
    book.metadata.pop("widgets", None)  # 滑块的内部状态又大又没有用：没有内核它也动不了
    return book


PLACES = re.compile(rf"(?:{'|'.join(map(re.escape, PRIVATE))})/[^\s，。；：]*/")


def tidy(outputs: list[dict]) -> list[dict]:
    "去掉库的警告（写到 stderr 的）；文字里这台电脑的路径只留文件名那一截。"
    kept = [o for o in outputs if o.get("name") != "stderr"]
    for out in kept:
        if isinstance(text := out.get("text"), (str, list)):
            whole = text if isinstance(text, str) else "".join(text)
            out["text"] = PLACES.sub("…/", whole).splitlines(keepends=True)
    return kept


def refresh(path: Path) -> None:
    "跑、清理、盖印、写回；中途出错，原来的文件一个字节也不动。"
    import nbformat
    from execnb.nbio import dict2nb, nb2str
    from nbdev.clean import clean_nb
    from nbdev.config import get_config

    stamp, config = code_stamp(path), get_config(path=ROOT)
    book = dict2nb(json.loads(nbformat.writes(execute(path))))
    keep = {f"allowed_{k}": config.get(f"allowed_{k}").split() for k in ("metadata_keys", "cell_metadata_keys")}
    clean_nb(book, **keep)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = tidy(cell.outputs)
    book.metadata["minimind"] = {"code": stamp}
    if code_stamp(path) != stamp:
        raise RuntimeError("跑的时候代码又改了，结果没有存；再来一次")
    draft = path.with_suffix(".tmp")
    draft.write_text(nb2str(book), encoding="utf8")
    draft.replace(path)


def is_stale(path: Path) -> bool:
    meta = json.loads(path.read_text(encoding="utf8"))["metadata"]
    return meta.get("minimind", {}).get("code") != code_stamp(path)


def title(path: Path) -> str:
    return "学习者 " + str(path.relative_to(ROOT))


def one(path: Path, threads: int) -> tuple[str, float]:
    "在子进程里做一个；返回报错的最后几行（成了是空的）与秒数。"
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT), "IN_TEST": ""}
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(path)], env=env, cwd=ROOT, capture_output=True, text=True
    )
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)  # 去掉颜色
    said = "\n".join(said.strip().splitlines()[-25:])
    return (said or f"退出码 {done.returncode}") if done.returncode else "", time.monotonic() - start


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("only", nargs="*", help="只做这些笔记本或文件夹；默认 nbs/ 与 nbs_en/ 里全部")
    ask.add_argument("--stale", action="store_true", help="只做代码改过、输出还是旧的")
    ask.add_argument("--jobs", type=int, default=2, help="同时做几个（默认 2）")
    ask.add_argument("--one", help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.one:
        refresh(Path(given.one))
        return 0
    books = [b for name in given.only or [NBS, EN] for b in notebooks(name) if not given.stale or is_stale(b)]
    spent, cores = seconds(), len(os.sched_getaffinity(0))
    alone = {b for b in books if "_lab" in b.parent.name or spent.get(title(b), 0) > LONG}
    jobs = max(1, min(given.jobs, cores))
    groups = [([b for b in books if b not in alone], jobs), (sorted(alone, key=lambda b: spent.get(title(b), 0)), 1)]
    failed, count = [], 0
    with clean_home() as home:
        os.environ["MINIMIND_HOME"] = str(home)
        for group, workers in groups:
            with ThreadPoolExecutor(workers) as pool:
                waiting = {pool.submit(one, b, max(1, cores // workers)): b for b in group}
                for future in as_completed(waiting):
                    book, (error, took), count = waiting[future], future.result(), count + 1
                    mark, name = "✗" if error else "✓", book.relative_to(ROOT)
                    print(f"[{count:3}/{len(books)}] {mark} {name}  {took:.0f} 秒", flush=True)
                    remember({} if error else {title(book): round(took, 1)})
                    failed += [(book, error)] if error else []
    for book, error in failed:
        print(f"\n{'=' * 20} ✗ {book.relative_to(ROOT)}（没有动它）{'=' * 20}\n{error}")
    print(f"\n{count - len(failed)} 个重做好了，{len(failed)} 个没成。")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
