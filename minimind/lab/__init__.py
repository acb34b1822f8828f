"""第 9 层 · 实验室：测速、对照、看一步训练的时间花在哪里。名字用到时才导入。"""
from importlib import import_module

_WHERE = {
    "bench": [
        "machine", "interleaved", "medians", "speedups", "matmul_ceiling", "show_table", "markdown_table",
        "save_result",
    ],
    "step_time": ["flops_per_token", "step_phases", "step_parts", "useful_tokens"],
    "generation": ["twins", "batch_sweep", "read_speed", "compile_frozen"],
    "tokenizer_speed": ["sample_texts", "train_hf"],
    "parity": ["bench_parity"],
    "memory": ["bench_memory"],
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}
__all__ = list(_MODULE)


def __getattr__(name):
    if name in _MODULE:
        return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
    if name in _WHERE:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"{__name__} 里没有 {name!r}。")


def __dir__():
    return sorted([*globals(), *__all__])
