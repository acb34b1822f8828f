"""第 3 层 · 模型：名字从这里取，用到哪个模块才导入哪个。"""
from importlib import import_module

_WHERE = {
    "presets": ["PRESETS"],
    "config": ["MiniMindConfig"],
    "norm": ["RMSNorm"],
    "rope": ["apply_rotary_pos_emb", "rope_frequencies", "rope_tables"],
    "yarn": ["precompute_freqs_cis", "yarn_frequencies"],
    "attention": ["Attention", "KVCache", "repeat_kv", "build_attention_mask"],
    "feedforward": ["FeedForward"],
    "moe": ["MoEGate", "MOEFeedForward", "load_balance_loss"],
    "transformer": ["MiniMindBlock", "MiniMindModel", "MiniMindPreTrainedModel", "unwrap"],
    "causal_lm": ["MiniMindForCausalLM", "next_token_loss", "token_log_probs"],
    "lora": ["LoRA", "apply_lora", "detach_lora", "load_lora", "merge_lora", "save_lora"],
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
