"""第 4 层 · 推理：装载权重（load）、采样（sampling）、生成（generate）、对话（chat）、工具（tools）。

这里只转交名字，用到时才加载对应的模块。
"""
import importlib
import sys
import types

_WHERE = {
    "load_model": "load", "load_weights": "load", "save_weights": "load", "list_weights": "load",
    "find_weights": "load", "weight_file": "load", "weight_files": "load", "newest_weight": "load",
    "find_tokenizer": "load", "check_tokenizer": "load", "read_sidecar": "load", "read_state": "load",
    "sidecar_path": "load",
    "infer_config": "load", "clean_key": "load", "clean_state_dict": "load", "unwrap": "load", "config_dict": "load",
    "SamplingParams": "sampling", "sample_next": "sampling", "adjust_logits": "sampling", "seen_mask": "sampling",
    "apply_repetition_penalty": "sampling", "apply_temperature": "sampling", "top_k_filter": "sampling",
    "top_p_filter": "sampling", "min_p_filter": "sampling",
    "generate": "generate", "stream": "generate", "Generation": "generate", "left_pad": "generate",
    "quantize_int8": "int8", "pack_weights": "int8", "Int8Linear": "int8", "weight_bytes": "int8",
    "ChatSession": "chat", "chat_in_terminal": "chat", "StreamDecoder": "chat", "ThinkSplitter": "chat",
    "Conversation": "chat", "talk_in_terminal": "chat",
    "split_reasoning": "chat", "answer": "chat", "answer_stream": "chat",
    "answer_ids": "chat", "thinking_score": "chat", "describe": "load",
    "Registry": "tools", "Call": "chat", "ToolTalk": "tools", "Store": "tools", "schema_of": "tools",
    "parse_calls": "chat", "execute": "tools", "calculate": "tools", "tool_turn": "tools", "tool_loop": "tools",
    "ToolChat": "tools", "Turn": "tools", "use_tools": "tools", "world_tools": "tools", "builtin_tools": "builtin",
    "tool_calling_inference": "minigpt", "ultra_think_inference": "minigpt", "benchmark_performance": "minigpt",
    "Constraint": "constrain", "json_constraint": "constrain", "tool_constraint": "constrain",
    "Engine": "batching", "Row": "batching",
}
_MODULES = {"load", "sampling", "chat", "int8", "tools", "builtin", "constrain", "minigpt"}
__all__ = list(_WHERE)


def __getattr__(name):
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"minimind.inference 里没有 {name!r}。")


def __dir__():
    return sorted(__all__)


class _Face(types.ModuleType):
    "generate 既是模块名又是函数名：Python 装载子模块后会把模块挂到包上，挡住函数，所以不让它挂。"

    def __setattr__(self, name, value):
        if not (name == "generate" and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
