"""第 5 层 · 数据：JSONL 的检查（formats）、只学回答的遮罩（masking）、数据集（datasets）、打包（packing）、
下载（download）。

这里只转交名字，用到时才加载对应的模块。
"""
from importlib import import_module

_WHERE = {
    "formats": [
        "KINDS", "DataReport", "RowProblem", "expand_paths", "open_lines", "parse_line", "check_turns", "file_kind",
        "guess_kind", "scan", "validate",
    ],
    "masking": [
        "IGNORE", "SYSTEM_PROMPTS", "to_messages", "render", "segments", "encode_texts", "build_sft", "build_prompt",
    ],
    "datasets": [
        "PretrainDataset", "SFTDataset", "DPODataset", "RLAIFDataset", "TokenStore", "load_rows", "cache_root",
    ],
    "packing": ["PackedDataset", "pack", "first_fit", "join", "collate_padded", "collate_packed"],
    "download": ["DATA", "MODELS", "RECIPES", "download_data", "download_model", "fetch"],
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
