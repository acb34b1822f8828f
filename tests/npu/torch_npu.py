"""没有昇腾时的替身：放在 PYTHONPATH 里，`import torch_npu` 得到的就是它，有两张卡。

内存与算子是 CPU 的（`npu_sim.cpp`），张量、autocast、GradScaler、`torch.npu` 都是 torch 自己的那一套；
`hccl` 由 gloo 转运。它查得出“这条路走不走得通、数对不对”，查不出真卡上的速度、算子的缺漏与精度。
环境变量 NPU_SIM 是编好的扩展（`build()` 返回的路径）；NPU_SIM_LOG 给了，就在结束时把走过的路写进去。
"""

import atexit
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import tempfile
import types
from pathlib import Path

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import ProcessGroupGloo, _create_work_from_future
from torch.futures import Future

SOURCE = Path(__file__).with_name("npu_sim.cpp")


def build() -> Path:
    "编好扩展，返回它的路径；同样的源码与 torch 只编一次（一个核四五十秒）。"
    key = hashlib.sha256(SOURCE.read_bytes() + torch.__version__.encode()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"minimind-npu-{os.getuid()}-{key}"
    ready = home / "npu_sim.so"
    if not ready.exists():
        from torch.utils.cpp_extension import load

        home.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home) as folder:
            load("npu_sim", [str(SOURCE)], extra_cflags=["-O0"], build_directory=folder, is_python_module=False)
            os.replace(Path(folder) / "npu_sim.so", ready)
    return ready


def _load(path: str) -> types.ModuleType:
    loader = importlib.machinery.ExtensionFileLoader("npu_sim", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("npu_sim", loader))
    loader.exec_module(module)
    return module


# ---- torch.npu ------------------------------------------------------------------------------------------------


def _module(sim: types.ModuleType) -> types.ModuleType:
    "torch.npu：名字与 torch_npu 的相同。"
    npu = types.ModuleType("torch.npu")
    npu.is_available, npu.device_count, npu.current_device = (lambda: True), (lambda: sim.cards), sim.current
    npu.set_device = lambda d: sim.set_device(torch.device(d).index if isinstance(d, (str, torch.device)) else d)
    npu.synchronize = npu.empty_cache = lambda *a: None
    npu._is_in_bad_fork = lambda: False
    npu.manual_seed = npu.manual_seed_all = sim.seed
    npu.get_rng_state, npu.get_rng_state_all = (lambda d=0: sim.get_rng()), (lambda: [sim.get_rng()] * sim.cards)
    npu.set_rng_state, npu.set_rng_state_all = (lambda s, d=0: sim.set_rng(s)), (lambda states: sim.set_rng(states[0]))
    npu.get_amp_supported_dtype, npu.is_bf16_supported = (lambda: [torch.float16, torch.bfloat16]), (lambda: True)
    npu.memory_allocated, npu.max_memory_allocated = (lambda d=None: sim.in_use()), (lambda d=None: sim.peak())
    npu.reset_peak_memory_stats = lambda d=None: sim.reset_peak()
    return npu


# ---- hccl -----------------------------------------------------------------------------------------------------


def _done(value: object) -> object:
    future = Future()
    future.set_result(value)
    return _create_work_from_future(future)


class Hccl(dist.ProcessGroup):
    "npu 张量的集体通信：抄到内存里，交给 gloo，再抄回来。"

    used = {}  # 哪种通信用了几次

    def __init__(self, store: dist.Store, rank: int, size: int, timeout: object) -> None:
        super().__init__(rank, size)
        self.gloo = ProcessGroupGloo(store, rank, size, timeout)

    def _carry(self, name: str, tensors: list[torch.Tensor], opts: object) -> object:
        assert all(t.device.type == "npu" for t in tensors), "hccl 只认 npu 上的张量"
        Hccl.used[name] = Hccl.used.get(name, 0) + 1
        copies = [t.cpu() for t in tensors]
        getattr(self.gloo, name)(copies, opts).wait()
        for tensor, copy in zip(tensors, copies):
            tensor.copy_(copy)
        return _done(tensors)

    def allreduce(self, tensors, opts=None):
        return self._carry("allreduce", tensors, opts or dist.AllreduceOptions())

    def allreduce_coalesced(self, tensors, opts=None):
        for tensor in tensors:
            self.allreduce([tensor])
        return _done(tensors)

    def broadcast(self, tensors, opts=None):
        return self._carry("broadcast", tensors, opts or dist.BroadcastOptions())

    def allgather(self, outs, ins, opts=None):
        Hccl.used["allgather"] = Hccl.used.get("allgather", 0) + 1
        copies = [[o.cpu() for o in row] for row in outs]
        self.gloo.allgather(copies, [i.cpu() for i in ins]).wait()
        for row, copied in zip(outs, copies):
            for out, copy in zip(row, copied):
                out.copy_(copy)
        return _done(outs)

    def barrier(self, opts=None):
        Hccl.used["barrier"] = Hccl.used.get("barrier", 0) + 1
        self.gloo.barrier().wait()
        return _done([])

    def getBackendName(self):
        return "hccl"


def npu_fusion_attention(*given: object, **more: object) -> None:
    "transformers 见到 torch_npu 就要导入它；课程的模型不用。"
    raise NotImplementedError("替身没有昇腾的融合算子")


# ---- 记下走过的路，给测试看 -----------------------------------------------------------------------------------


def _diary(sim: types.ModuleType, path: str) -> None:
    "记下建的组、autocast 的精度、GradScaler 的开关、编译过没有；结束时连同算子的次数写进 `path`.进程编号。"
    seen = {"groups": [], "autocast": [], "scalers": [], "compiled": 0}
    init, enter, scaler, compiled = (
        dist.init_process_group, torch.autocast.__enter__, torch.amp.GradScaler.__init__, torch.compile
    )

    def init_process_group(backend=None, *given, **more):
        seen["groups"].append([backend, sim.current()])
        return init(backend, *given, **more)

    def autocast_enter(self):
        if [self.device, str(self.fast_dtype)] not in seen["autocast"]:
            seen["autocast"].append([self.device, str(self.fast_dtype)])
        return enter(self)

    def scaler_init(self, device="cuda", *given, **more):
        scaler(self, device, *given, **more)
        seen["scalers"].append([device, self.is_enabled()])

    def counted(*given, **more):
        seen["compiled"] += 1
        return compiled(*given, **more)

    dist.init_process_group, torch.compile = init_process_group, counted
    torch.autocast.__enter__, torch.amp.GradScaler.__init__ = autocast_enter, scaler_init

    def write():
        seen.update(calls=sim.calls(), hccl=Hccl.used, card=sim.current())
        Path(f"{path}.{os.environ.get('RANK', 0)}").write_text(json.dumps(seen), encoding="utf8")

    atexit.register(write)


if "NPU_SIM" in os.environ:
    torch.utils.rename_privateuse1_backend("npu")
    _sim = _load(os.environ["NPU_SIM"])
    torch._register_device_module("npu", _module(_sim))
    torch.utils.generate_methods_for_privateuse1_backend()
    dist.Backend.register_backend("hccl", Hccl, devices=["npu"])
    if "NPU_SIM_LOG" in os.environ:
        _diary(_sim, os.environ["NPU_SIM_LOG"])
