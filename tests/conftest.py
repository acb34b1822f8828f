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
import traceback
import warnings
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


def become(argv: list[str], home: Path, env: dict[str, str], out: int, err: int) -> None:
    "在分身里当一次 `minimind 参数…`：标准输出接到管道，环境换掉，课程的包重新导入（它在导入时读 MINIMIND_HOME）。"
    atexit._clear()  # 父进程登记的收尾不归分身做
    os.setsid()
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    sys.stdin = open(0, encoding="utf8", closefd=False)
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
    os.chdir(home)
    for name in [n for n in sys.modules if n.partition(".")[0] in ("minimind", "conftest") or n.startswith("test_")]:
        del sys.modules[name]
    sys.argv = ["minimind", *argv]
    from minimind.cli import main

    sys.exit(main())


def forked(*argv, home: Path, timeout: int = 300, **env) -> subprocess.CompletedProcess:
    """与 `run` 一样真的是另一个进程，但从这个进程分身出来：torch 等大库不必再等几秒导入。

    命令的代码、退出码、两个输出、环境变量、当前文件夹都与新开的一样；解释器自己的启动不在其中，那由 `run` 测。
    """
    for name in HEAVY:
        importlib.import_module(name)
    command, given = ["minimind", *map(str, argv)], command_env(home, **env)
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            become(command[1:], home, given, out_end, err_end)
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else int(e.code is not None)
            if isinstance(e.code, str):
                print(e.code, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        finally:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(out_end)
    os.close(err_end)
    said, killer = {}, threading.Timer(timeout, os.killpg, (pid, signal.SIGKILL))
    readers = [threading.Thread(target=lambda fd=fd: said.update({fd: open(fd, "rb").read()})) for fd in (out, err)]
    killer.start()
    for reader in readers:
        reader.start()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    late = not killer.is_alive()
    killer.cancel()
    for reader in readers:
        reader.join()
    texts = [said[fd].decode("utf8", "replace") for fd in (out, err)]
    if late:
        raise subprocess.TimeoutExpired(command, timeout, *texts)
    return subprocess.CompletedProcess(command, code, *texts)


def invoke(*argv, home: Path, real: bool = False, **how) -> subprocess.CompletedProcess:
    "跑一次命令行：能分身就分身，要模块、要几个进程、在线程里、系统不支持或 `real=True` 时新开一个 Python。"
    here = threading.current_thread() is threading.main_thread() and sys.platform.startswith("linux")
    if real or not here or "module" in how or "nproc" in how:
        return run(*argv, home=home, **how)
    return forked(*argv, home=home, **how)


@pytest.fixture
def cli():
    return invoke
