"""形状读得出哪些配置？

真的造一个小模型，配置一次改一样：张量的名字与形状变了没有？没变就把原来的权重装进去，看输出变了没有。
对应章节：nbs/4_inference/07_infer.ipynb
"""

import torch

from _kit import arguments, claim, picture
from minimind.model import MiniMindConfig, MiniMindForCausalLM

args = arguments(__doc__, length=(12, "句子多长", 2), seed=(0, "随机种子", 0))
BASE = dict(
    vocab_size=300, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    intermediate_size=192, max_position_embeddings=256, initializer_range=0.2,
)
CHANGES = {
    "词表": dict(vocab_size=400), "宽度": dict(hidden_size=128), "层数": dict(num_hidden_layers=3),
    "前馈的宽": dict(intermediate_size=256), "键值头 2 改 1": dict(num_key_value_heads=1),
    "混合专家": dict(use_moe=True), "每头的归一化": dict(qk_norm=True),
    "头数 4/2 改 8/4": dict(num_attention_heads=8, num_key_value_heads=4), "RoPE 底数": dict(rope_theta=1e4),
    "激活函数": dict(hidden_act="gelu"), "归一化的 eps": dict(rms_norm_eps=1e-2),
    "最长位置": dict(max_position_embeddings=512), "dropout": dict(dropout=0.1),
}


def build(**changes):
    torch.manual_seed(args.seed)
    return MiniMindForCausalLM(MiniMindConfig(**{**BASE, **changes})).eval()


def shapes(model):
    return {name: tuple(t.shape) for name, t in model.state_dict().items()}


base = build()
ids = torch.randint(3, 300, (1, args.length))
with torch.no_grad():
    right = base(ids).logits  # (1, t, v)
told, silent, harmless = [], {}, []
for name, changes in CHANGES.items():
    other = build(**changes)
    if shapes(other) != shapes(base):
        told.append(name)
        continue
    other.load_state_dict(base.state_dict())  # 严格装载，一声不吭
    with torch.no_grad():
        off = float((other(ids).logits - right).norm() / right.norm())
    if off > 0:
        silent[name] = off
    else:
        harmless.append(name)
print(f"形状读得出（{len(told)} 样）：{'、'.join(told)}")
print(f"读不出，装错了输出就变（{len(silent)} 样）：" + "、".join(f"{k} 差 {v:.1%}" for k, v in silent.items()))
print(f"读不出，也不影响输出（{len(harmless)} 样）：{'、'.join(harmless)}")
picture(args, lambda p: p.bars(silent, title="形状一样，装错了输出差多少", fmt="{:.1%}"))
claim(
    "头数 4/2 改 8/4" in silent and "层数" in told and len(told) + len(silent) + len(harmless) == len(CHANGES),
    f"{len(CHANGES)} 样里形状说得出 {len(told)} 样；头数、RoPE 底数这 {len(silent)} 样说不出，猜错了不报错、输出全变。"
    "读得出的读，读不出的问，不猜。",
)
