"""第 6 层 · 评估：每字节比特数（bits）、逐技能的问答正确率（exact_match）、成对比较（paired）、工具（tool_use）。

这里只转交名字，用到时才加载对应的模块。
"""
from importlib import import_module

_WHERE = {
    "bits": ["bits_per_byte", "token_nll", "text_bits"],
    "exact_match": [
        "Report", "ask", "evaluate_questions", "final_answer", "load_items", "plot_reports", "score", "thin", "wilson",
    ],
    "paired": ["base_skills", "compare", "paired_interval"],
    "tool_use": ["ToolReport", "evaluate_tools", "judge", "same_calls"],
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
