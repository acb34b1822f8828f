"""第 2 层 · 分词器：手写 BPE（bpe）、快速分词器与对话模板（fast）、渲染一段对话（render）、
测量（evaluation）、六个方面的比较（evaluate）。

这里只转交名字，用到时才加载对应的模块。
"""
import importlib

_WHERE = {
    "BPETokenizer": "bpe", "split_text": "bpe", "bytes_to_chars": "bpe", "train_bpe": "bpe",
    "SPECIAL_TOKENS": "fast", "CONTROL_TOKENS": "fast", "TAG_TOKENS": "fast", "CHAT_TEMPLATE": "fast",
    "train_tokenizer": "fast", "load_tokenizer": "fast", "save_tokenizer": "fast",
    "fingerprint": "fast", "token_bytes": "fast",
    "segments": "render", "encode_segments": "render", "encode_texts": "render", "build_prompt": "render",
    "to_messages": "render", "Segment": "render",
    "bytes_per_token": "evaluation", "compression_by_group": "evaluation", "check_round_trip": "evaluation",
    "unused_tokens": "evaluation", "compare_tokenizers": "evaluation", "evaluate_tokenizer": "evaluation",
    "evaluate_tokenizers": "evaluate", "open_tokenizers": "evaluate", "find_tokenizers": "evaluate",
}
__all__ = list(_WHERE)


def __getattr__(name):
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    if name in {"bpe", "fast", "render", "evaluation", "evaluate"}:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"minimind.tokenizer 里没有 {name!r}。")


def __dir__():
    return sorted(__all__)
