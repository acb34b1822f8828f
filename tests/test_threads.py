"别的程序忙时让一让：退得快、加得慢、只说一次；线程数不同，float32 练出的权重逐位相同。"

import hashlib
import json
import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minimind.learning import cores, device
from minimind.trainer.batches import reading_processes
from minimind.trainer.loop import Loop

CPU = torch.device("cpu")


@given(frees=st.lists(st.floats(0, 64), max_size=30), most=st.integers(1, 64))
def test_advice_stays_between_one_and_most(frees, most):
    threads = cores.Threads(most)
    for free in frees:
        before = threads.now
        now = threads.advise(free)
        assert 1 <= now <= most
        assert now >= before or free < before - 0.4        # 退，一定是因为核不够
        assert now <= before or free > before + 0.8        # 加，一定是因为核有空


@given(most=st.integers(1, 64), noise=st.lists(st.floats(-0.3, 0.0), min_size=1, max_size=20))
def test_an_idle_machine_keeps_every_thread(most, noise):
    threads = cores.Threads(most)
    assert all(threads.advise(most + n) == most for n in noise)


def busy_clocks(monkeypatch, frees):
    "一秒一秒地过，第 i 秒里有 frees[i] 个核归我。"
    at = {"now": 0.0, "idle": 0.0}
    ticks = iter(frees)

    def clocks():
        at["now"] += 1.0
        at["idle"] += next(ticks)
        return at["now"], at["idle"], 0.0

    monkeypatch.setattr(cores, "clocks", clocks)
    monkeypatch.setattr(cores.time, "perf_counter", lambda: at["now"] + 1.0)
    monkeypatch.delattr(cores._mine, "threads", raising=False)


def test_a_run_gives_way_and_says_so_once(monkeypatch, capsys):
    kept, asked = torch.get_num_threads(), []
    monkeypatch.delenv("MINIMIND_FIXED_THREADS", raising=False)
    torch.set_num_threads(2)
    try:
        busy_clocks(monkeypatch, [2, 0.7, 0.7, 2, 2, 2, 0.7, 2])
        loop = Loop.__new__(Loop)
        loop.device, loop.crowded = CPU, False
        for _ in range(8):
            loop.make_room()
            asked.append(torch.get_num_threads())
        assert asked == [2, 1, 1, 1, 1, 2, 1, 1]
        assert capsys.readouterr().out.count("线程从 2 减到 1") == 1
    finally:
        torch.set_num_threads(kept)
        cores._mine.__dict__.pop("threads", None)


def test_the_users_own_number_is_the_most(monkeypatch):
    kept = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        busy_clocks(monkeypatch, [64] * 9)
        assert [cores.adjust_threads() for _ in range(5)] == [(1, 1)] * 5
        torch.set_num_threads(2)
        monkeypatch.setenv("MINIMIND_FIXED_THREADS", "1")
        busy_clocks(monkeypatch, [0] * 9)
        assert [cores.adjust_threads() for _ in range(5)] == [(2, 2)] * 5
    finally:
        torch.set_num_threads(kept)
        cores._mine.__dict__.pop("threads", None)


RUN = """
import hashlib, json, sys
import torch
from minimind.trainer.arguments import PretrainArgs, make_args
from minimind.trainer import train_pretrain
torch.set_num_threads(int(sys.argv[2]))
done = train_pretrain.train(make_args(PretrainArgs, **json.loads(sys.argv[1])))
print("权重", hashlib.sha256(b"".join(v.numpy().tobytes() for v in done.model.state_dict().values())).hexdigest())
"""


@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() != "AVX512",
    reason="没有 AVX512 的 CPU 上，torch 的注意力反向按线程数分段加，MKL 的开关管不着",
)
def test_float32_weights_do_not_depend_on_the_number_of_threads(small, tmp_path):
    "没有 MKL_CBWR 那一行，这里两步就不同了。"
    given = dict(
        data_path=str(small["pretrain"]), tokenizer_path=str(small["tok"]), hidden_size=144, num_hidden_layers=2,
        batch_size=8, max_steps=2, accumulation_steps=1, device="cpu", dtype="float32", num_workers=0,
    )
    env = {k: v for k, v in os.environ.items() if k not in ("MKL_CBWR", "OMP_NUM_THREADS")}
    found = []
    for threads in (1, 2):
        home = tmp_path / str(threads)
        words = [sys.executable, "-c", RUN, json.dumps(given | {"save_dir": str(home / "out")}), str(threads)]
        env |= {"MINIMIND_FIXED_THREADS": "1", "MINIMIND_HOME": str(home)}
        done = subprocess.run(words, capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        found.append(done.stdout.split("权重")[-1].strip())
    assert found[0] == found[1] and len(found[0]) == len(hashlib.sha256().hexdigest())


def test_threads_follow_the_quota(monkeypatch):
    kept = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        monkeypatch.setattr(device, "cores_allowed", lambda: 1.5)
        assert device.fit_threads() == 1
    finally:
        torch.set_num_threads(kept)


def test_affinity_is_followed_in_a_new_process():
    "只许在一个核上跑的进程，只开一个线程，也不开读数据的子进程。"
    code = (
        "import os\nos.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})\n"
        "import torch\nfrom minimind.learning.device import fit_threads\n"
        "from minimind.trainer.batches import reading_processes\nprint(fit_threads(), reading_processes(8))"
    )
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("这个系统没有亲和性；在 Linux 上跑 pytest tests/test_threads.py")
    env = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.split() == ["1", "0"], done.stderr


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_no_reading_processes_where_they_import_torch_anew(system, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    assert reading_processes(8) == 0


@pytest.mark.parametrize("name", ["arm64", "aarch64"])
@pytest.mark.parametrize("library", [True, False])
def test_arm_has_bfloat16_when_its_library_says_so(name, library, monkeypatch):
    monkeypatch.setattr(device.platform, "machine", lambda: name)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: library)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    device._bf16_works.cache_clear()
    try:
        assert device._bf16_works() is library
    finally:
        device._bf16_works.cache_clear()


@pytest.mark.parametrize("has", [True, False])
def test_apple_gpu_uses_bfloat16_only_where_it_multiplies(has, monkeypatch):
    monkeypatch.setattr(device, "_mps_bf16", lambda: has)
    mps = torch.device("mps")
    assert device.pick_dtype("bfloat16", mps) is (torch.bfloat16 if has else torch.float32)
    assert device.pick_dtype("float16", mps) is torch.float32
