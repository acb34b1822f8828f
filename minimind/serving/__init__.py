"""第 8 层 · 服务：名字从这里取，用到哪个模块才导入哪个。"""
from importlib import import_module

_WHERE = {
    "report": ["read_metrics", "draw_curves", "skill_rows", "pick_samples", "write_report"],
    "demo": ["run_demo"],
    "convert": ["write_folder", "to_torch"],
    "gguf": ["write_gguf", "modelfile"],
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
