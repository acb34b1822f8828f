"""全部检查、笔记本与测试，放进一个进程池：几个核同时干，长的先做。

python tools/run_tests.py                          # make test
python tools/run_tests.py --full                   # make test-full：加上慢测试，再把每一章照学习者的样子跑一遍
python tools/run_tests.py nbs/3_model tests/test_cli.py --workers 1
"""

import argparse
import contextlib
import importlib
import multiprocessing
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

import psutil
from course import EN, NBS, ROOT, clean_home, notebooks, remember, seconds

HEAVY = [  # 先在父进程里导入，分身出来的孩子就都有了
    "torch", "transformers.generation", "transformers.modeling_utils", "tokenizers", "datasets", "IPython",
    "nbdev.test", "pytest",
]
LIMIT = {"check": 600, "nano": 1800, "notebook": 1200, "learner": 3600, "tests": 3600}  # 一件活最多几秒，只防卡死


@dataclass
class Job:
    kind: str  # check、nano、notebook、learner、tests
    name: str
    full: bool = False

    @property
    def title(self) -> str:
        return {"check": "检查 ", "learner": "学习者 "}.get(self.kind, "") + self.name

    @property
    def needs_nano(self) -> bool:
        "用到练好的小模型：等它练好再开始，免得占着一个核空等。"
        if self.kind not in ("notebook", "learner", "tests"):
            return False
        return bool(re.search(r"nano_model\(|def \w+\([^)]*\bnano\b", (ROOT / self.name).read_text(encoding="utf8")))


@dataclass
class Result:
    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)  # 「哪个测试：为什么」
    left_out: int = 0  # 慢测试，这一次没有跑
    slow: list[tuple[float, str]] = field(default_factory=list)
    output: str = ""
    seconds: float = 0.0
    cpu: float = 0.0


class Count:
    "pytest 的插件：数结果，记住每个测试的秒数与跳过的理由。"

    def __init__(self, result: Result):
        self.result, self.spent = result, {}

    def pytest_deselected(self, items):
        self.result.left_out += len(items)

    def pytest_collectreport(self, report):
        self.result.failed += report.failed
        if report.skipped:
            self.result.skipped.append(f"{report.nodeid}：{report.longrepr[2]}")

    def pytest_runtest_logreport(self, report):
        name = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), report.nodeid)  # pytest 把汉字写成 \\u…
        self.spent[name] = self.spent.get(name, 0) + report.duration
        if report.when == "call" and report.passed:
            self.result.passed += 1
        self.result.failed += report.failed
        if report.skipped:
            reason = getattr(report, "wasxfail", None) or report.longrepr[2]
            self.result.skipped.append(f"{name}：{reason}")
        if report.when == "teardown":
            self.result.slow.append((self.spent[name], name))


def check(job: Job, result: Result) -> None:
    from check_repository import CHECKS

    bad = CHECKS[job.name]()
    print("\n".join(bad))
    result.passed, result.failed = int(not bad), int(bool(bad))


def nano(job: Job, result: Result) -> None:
    from minimind.trainer.nano import nano_model

    print(nano_model()[2])
    result.passed = 1


def notebook(job: Job, result: Result) -> None:
    from nbdev.config import get_config
    from nbdev.test import test_nb

    os.chdir(NBS)
    flags = get_config(path=ROOT).tst_flags.split()
    good, _ = test_nb(ROOT / job.name, skip_flags=flags, force_flags=flags if job.full else [], basepath=ROOT)
    result.passed, result.failed = int(good), int(not good)


def learner(job: Job, result: Result) -> None:
    from outputs import execute

    execute(ROOT / job.name)
    result.passed = 1


def tests(job: Job, result: Result) -> None:
    import pytest

    os.chdir(ROOT)
    chosen = [] if job.full else ["-m", "not slow"]
    options = ["-p", "no:cacheprovider", "--color=no", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([job.name, *chosen, *options], plugins=[Count(result)])
    if code not in (0, 1, 5) or code == 1 and not result.failed:
        result.failed += 1


def work(job: Job, pipe) -> None:
    "在孩子进程里做一件活，把结果送回去；它与它开的进程印出来的都收在一个文件里。"
    os.setsid()  # 自成一组：超时就整组停
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    log, result, start = tempfile.TemporaryFile(), Result(), time.monotonic()
    for fd in (1, 2):
        os.dup2(log.fileno(), fd)
    sys.stdout = sys.stderr = open(1, "w", encoding="utf8", buffering=1, closefd=False)
    try:
        globals()[job.kind](job, result)
    except BaseException:
        traceback.print_exc()
        result.failed += 1
    sys.stdout.flush()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    result.cpu, result.seconds = sum(u.ru_utime + u.ru_stime for u in used), time.monotonic() - start
    log.seek(0)
    result.output = log.read().decode("utf8", "replace")
    pipe.send(vars(result))  # 笔记本会换掉 __main__，所以不送类的实例
    pipe.close()


class Pool:
    "几个位子，一件活一个进程；谁先完就接着做下一件。"

    def __init__(self, jobs: list[Job], workers: int):
        self.waiting, self.workers, self.running = list(jobs), workers, {}
        linux = sys.platform.startswith("linux")
        self.context = multiprocessing.get_context("fork" if linux else "spawn")
        if linux:
            for name in HEAVY:
                importlib.import_module(name)

    def start(self) -> None:
        "位子有空就按次序开工；等小模型的活在它练好之前先让一让。"
        building = any(job.kind == "nano" for job in self.waiting + [job for job, *_ in self.running.values()])
        for job in list(self.waiting):
            if len(self.running) >= self.workers:
                return
            if not (building and job.needs_nano):
                self.waiting.remove(job)
                ours, theirs = self.context.Pipe(duplex=False)
                process = self.context.Process(target=work, args=(job, theirs))
                process.start()
                theirs.close()
                self.running[ours] = job, process, time.monotonic()

    def finished(self) -> list[tuple[Job, Result]]:
        "等到有活做完（或超时），收回结果。"
        done = []
        for pipe in wait(list(self.running), timeout=5):
            job, process, start = self.running.pop(pipe)
            try:
                result = Result(**pipe.recv())
                process.join(10)  # 结果已经到了；收尾卡住也不等它
            except EOFError:
                process.join()
                result = Result(failed=1, output=f"进程中途没了，退出码 {process.exitcode}")
                result.seconds = time.monotonic() - start
            stop(process)
            done.append((job, result))
        for pipe, (job, process, start) in list(self.running.items()):
            if time.monotonic() - start > LIMIT[job.kind]:
                del self.running[pipe]
                stop(process)
                said = f"超过 {LIMIT[job.kind]} 秒，停掉了"
                done.append((job, Result(failed=1, output=said, seconds=time.monotonic() - start)))
        return done

    def __iter__(self):
        try:
            while self.waiting or self.running:
                self.start()
                yield from self.finished()
        finally:
            for _, process, _ in self.running.values():
                stop(process)


def stop(process) -> None:
    "把一件活与它开的进程全停掉，自立门户的（浏览器、JupyterLab）也算；已经没有了就算了。"
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def all_jobs(only: list[str], full: bool) -> list[Job]:
    "要做的活；给了文件或文件夹就只做那些。长的在前，没做过的按种类估计。"
    from check_repository import CHECKS

    relative = lambda p: str(p.relative_to(ROOT) if p.is_relative_to(ROOT) else p)
    if only:
        paths = [Path(name).resolve() for name in only]
        books = [b for path in paths if path.is_relative_to(NBS) for b in notebooks(path)]
        twins = [b for path in paths if path.is_relative_to(EN) for b in notebooks(path)]
        rest = [path for path in paths if not path.is_relative_to(NBS) and not path.is_relative_to(EN)]
        scripts = [t for path in rest for t in sorted(path.rglob("test_*.py")) or [path]]
        jobs = []
    else:
        books, scripts = notebooks(), sorted((ROOT / "tests").glob("test_*.py"))
        twins = notebooks(EN) if full else []  # 平常只查英文版与中文版是不是同一份代码（check english）
        jobs = [Job("check", name) for name in CHECKS]
    jobs += [Job("notebook", relative(b), full) for b in books] + [Job("tests", relative(t), full) for t in scripts]
    jobs += [Job("learner", relative(b)) for b in [*(books if full else []), *twins]]
    guess, spent = {"check": 5, "notebook": 5, "tests": 60, "learner": 60}, seconds()
    jobs.sort(key=lambda job: -spent.get(job.title, guess[job.kind]))
    needed = any(job.needs_nano for job in jobs)
    return [Job("nano", "小模型")] * needed + jobs


def report(done: list[tuple[Job, Result]], start: float) -> int:
    "失败的细节、跳过的理由、最慢的十样、结尾的一行；返回退出码。"
    results = [result for _, result in done]
    for job, result in done:
        if result.failed:
            print(f"\n{'=' * 20} ✗ {job.title} {'=' * 20}\n{result.output.strip()}")
    skipped = [line for result in results for line in result.skipped]
    if skipped:
        print("\n跳过的：\n" + "\n".join(f"    {line}" for line in skipped))
    slow = [pair for result in results for pair in result.slow]
    slow += [(result.seconds, job.title) for job, result in done if job.kind != "tests"]
    print("\n最慢的十样：")
    for spent, name in sorted(slow, reverse=True)[:10]:
        print(f"    {spent:6.1f} 秒  {name}")
    left_out, cpu = sum(r.left_out for r in results), sum(r.cpu for r in results)
    print(f"\n用了 {time.monotonic() - start:.0f} 秒（各核一共忙了 {cpu:.0f} 秒）", end="")
    print(f"；另有 {left_out} 个慢测试由 make test-full 跑。" if left_out else "。")
    passed, failed = (sum(getattr(r, key) for r in results) for key in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return int(failed > 0 or not passed)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("only", nargs="*", help="只跑这些笔记本、文件夹或测试文件")
    ask.add_argument("--full", action="store_true", help="加上慢测试与学习者的样子")
    ask.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="同时做几件；默认每个核一件")
    given, start, done = ask.parse_args(), time.monotonic(), []
    jobs = all_jobs(given.only, given.full)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # 被请走时也把孩子们带走
    os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE", TOKENIZERS_PARALLELISM="false")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    sys.path.insert(0, str(ROOT))
    with clean_home() as home:
        os.environ["MINIMIND_HOME"] = str(home)
        try:
            for job, result in Pool(jobs, given.workers):
                done.append((job, result))
                mark, spent = "✗" if result.failed else "✓", f"{result.seconds:.1f} 秒（忙 {result.cpu:.1f}）"
                print(f"[{len(done):3}/{len(jobs)}] {mark} {job.title}  {spent}", flush=True)
        except KeyboardInterrupt:
            print(f"\n停下了，{len(jobs)} 件里做完了 {len(done)} 件：")
    remember({job.title: round(result.seconds, 1) for job, result in done if not result.failed})
    return report(done, start) or (130 if len(done) < len(jobs) else 0)


if __name__ == "__main__":
    sys.exit(main())
