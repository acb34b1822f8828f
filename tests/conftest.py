"""测试共用的东西：小模型、小分词器、小数据，全部现造，不用任何外来文件。"""

import atexit
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("course", deadline=None)  # 旁边有别的程序时，一题多久都有可能：时间不算对错
settings.load_profile("course")
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


@pytest.fixture(scope="session")
def nano():
    "练好的小模型：`(model, tokenizer, folder)`；一次测试只练一回，大家合用，所以只读——要改先抄一份。"
    from minimind.trainer.nano import nano_model

    return nano_model()


def command_env(home: Path, **env) -> dict[str, str]:
    return {**os.environ, "MINIMIND_HOME": str(home), "OMP_NUM_THREADS": "1", **env}


def run(
    *argv, home: Path, module: str | None = None, nproc: int = 0, timeout: int = 300, **env
) -> subprocess.CompletedProcess:
    "在新开的 Python 里跑命令行：`run('train', 'pretrain', …)`，或 `module=` 直接跑模块，`nproc=` 用 torchrun。"
    base = [sys.executable, "-m"]
    if nproc:
        base += ["torch.distributed.run", "--standalone", "--nproc_per_node", str(nproc), "-m"]
    command = base + [module or "minimind.cli", *map(str, argv)]
    if not module:
        command = [str(Path(sys.executable).with_name("minimind")), *map(str, argv)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env=command_env(home, **env), cwd=home
    )


HEAVY = ["torch", "transformers.generation", "transformers.modeling_utils", "tokenizers", "datasets"]
CAN_FORK = sys.platform.startswith("linux")


class Fork:
    """从这个进程分身出来的进程，用起来像 `subprocess.Popen([python, "-c", code, *argv], …)`，省下几秒的导入。

    它真的是另一个进程：自己的环境变量、当前文件夹、输出、退出码、信号，自成一组；课程的包重新导入（它在导入时读
    MINIMIND_HOME）。不同的只有解释器自己的启动，那由 `run` 测。
    """

    def __init__(self, code: str, *argv: str, env: dict[str, str], cwd: Path, merge: bool = False):
        for name in HEAVY:
            importlib.import_module(name)
        out, out_end = os.pipe()
        err, err_end = (out, out_end) if merge else os.pipe()
        self.args, self.returncode, self.pid = ["-c", *argv], None, os.fork()
        if not self.pid:
            self._become(code, env, cwd, out_end, err_end)
        for end in {out_end, err_end}:
            os.close(end)
        self.stdout = open(out, encoding="utf8", errors="replace")
        self.stderr = None if merge else open(err, encoding="utf8", errors="replace")

    def _become(self, code: str, env: dict[str, str], cwd: Path, out: int, err: int) -> None:
        "分身里的一生：换掉输出、环境与文件夹，跑代码，退出。"
        status = 1
        try:
            atexit._clear()  # 父进程登记的收尾不归分身做
            os.setsid()
            for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
                os.dup2(source, target)
            sys.stdin, sys.argv = open(0, encoding="utf8", closefd=False), self.args
            sys.stdout, sys.stderr = (open(fd, "w", encoding="utf8", closefd=False) for fd in (1, 2))
            for handler in filter(None, (ref() for ref in logging._handlerList)):
                if type(handler) is logging.StreamHandler:
                    handler.stream = sys.stderr  # 它们记着的是父进程的屏幕
            warnings.resetwarnings()
            for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", kind)
            warnings._showwarnmsg_impl = lambda m: sys.stderr.write(
                warnings.formatwarning(m.message, m.category, m.filename, m.lineno, m.line)
            )
            os.environ.clear()
            os.environ.update(env)
            os.chdir(cwd)
            ours = ("minimind", "conftest")
            for name in [n for n in sys.modules if n.partition(".")[0] in ours or n.startswith("test_")]:
                del sys.modules[name]
            exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
            status = 0
        except SystemExit as e:
            status = e.code if isinstance(e.code, int) else int(e.code is not None)
            if isinstance(e.code, str):
                print(e.code, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        finally:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def poll(self) -> int | None:
        if self.returncode is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if done else None
        return self.returncode

    def wait(self, timeout: float = 300) -> int:
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = 300) -> tuple[str, str | None]:
        "读完余下的输出，等到结束；超时就整组停掉，抛 `subprocess.TimeoutExpired`。"
        said = {}
        files = [f for f in (self.stdout, self.stderr) if f]
        readers = [threading.Thread(target=lambda f=f: said.update({f: f.read()})) for f in files]
        for reader in readers:
            reader.start()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()
            raise
        finally:
            for reader in readers:
                reader.join()
        return said[self.stdout], said.get(self.stderr)


def spawn(code: str, *argv: str, env: dict[str, str], cwd: Path, merge: bool = False) -> Fork | subprocess.Popen:
    "开一个进程跑一段代码（像 `python -c`）：能分身就分身，不能就新开。`merge`：两个输出合在 stdout 里。"
    if CAN_FORK and threading.current_thread() is threading.main_thread():
        return Fork(code, *argv, env=env, cwd=cwd, merge=merge)
    err = subprocess.STDOUT if merge else subprocess.PIPE
    command = [sys.executable, "-c", code, *argv]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=err, text=True, env=env, cwd=cwd, start_new_session=True
    )


def forked(*argv, home: Path, timeout: int = 300, **env) -> subprocess.CompletedProcess:
    "从这个进程分身出来跑一次 `minimind 参数…`。"
    code = "import sys; sys.argv[0] = 'minimind'; from minimind.cli import main; sys.exit(main())"
    child = Fork(code, *map(str, argv), env=command_env(home, **env), cwd=home)
    out, err = child.communicate(timeout)
    return subprocess.CompletedProcess(["minimind", *map(str, argv)], child.returncode, out, err)


def invoke(*argv, home: Path, real: bool = False, **how) -> subprocess.CompletedProcess:
    "跑一次命令行：能分身就分身，要模块、要几个进程、在线程里、系统不支持或 `real=True` 时新开一个 Python。"
    here = threading.current_thread() is threading.main_thread()
    if real or not (here and CAN_FORK) or "module" in how or "nproc" in how:
        return run(*argv, home=home, **how)
    return forked(*argv, home=home, **how)


@pytest.fixture
def cli():
    return invoke
