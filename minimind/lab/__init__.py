"实验室：测速、对照、看一步训练的时间花在哪里。名字用到时才导入。"
from importlib import import_module

_WHERE = {
    "bench": ["machine", "interleaved", "medians", "speedups", "matmul_ceiling", "show_table", "markdown_table", "save_result"],
    "step_time": ["flops_per_token", "measure_step", "step_parts", "useful_tokens"],
    "generation": ["twins", "batch_sweep", "read_speed", "compile_frozen"],
    "tokenizer_speed": ["sample_texts", "train_hf"],
    "parity": ["bench_parity"],
    "memory": ["bench_memory"],
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}
__all__ = list(_MODULE)


def __getattr__(name):
    if name not in _MODULE:
        raise AttributeError(f"minimind.lab 里没有 {name!r}")
    return getattr(import_module(f".{_MODULE[name]}", __name__), name)


def __dir__():
    return sorted([*globals(), *__all__])
