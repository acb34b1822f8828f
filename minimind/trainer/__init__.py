"""第 7 层 · 训练：运行环境、优化器、存盘、循环，然后一个阶段一个模块。

名字在用到时才导入，`python -m minimind.trainer.train_…` 不会把自己导入两遍。
"""
from importlib import import_module

from minimind.learning.stages import STAGES

_HOME = {
    "is_npu_available": "runtime", "pick_device": "runtime", "pick_dtype": "runtime", "setup_seed": "runtime",
    "init_distributed_mode": "runtime", "is_main_process": "runtime", "Logger": "runtime",
    "get_model_params": "runtime",
    "get_lr": "optim", "Muon": "optim", "build_optimizer": "optim",
    "TrainArgs": "arguments", "make_args": "arguments",
    "lm_checkpoint": "checkpoint", "weight_file": "checkpoint",
    **{stage.args: "arguments" for stage in STAGES},
    "SkipBatchSampler": "batches", "init_model": "stage", "Loop": "loop", "TrainResult": "loop", "train_stage": "loop",
    "LiveCurve": "journal", "language_model_loss": "stage", "Stage": "stage", "train_step": "step",
}
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"{__name__} 里没有 {name!r}。")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__():
    return sorted([*globals(), *__all__])
