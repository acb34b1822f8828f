"""别处练的奖励模型：用它自己的分词器与模板；自带的代码要明说才执行；各个强化阶段都用得上。"""

import json
from types import SimpleNamespace

import pytest
import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForSequenceClassification

from minimind.learning.errors import UserError
from minimind.tokenizer.fast import load_tokenizer
from minimind.trainer.arguments import AgentArgs, GRPOArgs
from minimind.trainer.train_agent import Agent
from minimind.trainer.train_grpo import GRPO
from minimind.trainer.train_reward import load_reward_model, score_dialogues

TEMPLATE = "{% for m in messages %}<|im_start|>{{m['role']}}\n{{m['content']}}<|im_end|>{% endfor %}"
TALKS = [
    [dict(role="user", content="你好"), dict(role="assistant", content="你好呀，今天想聊什么？")],
    [dict(role="user", content="法国的首都是哪儿？"), dict(role="assistant", content="巴黎。")],
    [dict(role="user", content="嗯"), dict(role="assistant", content="")],
]
CODE = """
from types import SimpleNamespace
import torch
from transformers import PretrainedConfig, PreTrainedModel

class OddConfig(PretrainedConfig):
    model_type = "odd"

class Odd(PreTrainedModel):
    config_class = OddConfig
    def __init__(self, config):
        super().__init__(config)
        self.scale = torch.nn.Parameter(torch.ones(1))
        self.post_init()
    def _init_weights(self, module): pass
    def get_score(self, tokenizer, conversation): return float(len(conversation[-1]["content"]))
"""


def foreign(folder, tok_dir, template=TEMPLATE):
    "像 Qwen 的：没有 bos，结尾标记同时拿来填充。"
    ours = load_tokenizer(tok_dir)
    tok = PreTrainedTokenizerFast(
        tokenizer_object=ours.backend_tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>", chat_template=template
    )
    sizes = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2)
    torch.manual_seed(0)
    config = Qwen2Config(
        **sizes, num_key_value_heads=1, vocab_size=len(ours), num_labels=1, pad_token_id=tok.pad_token_id
    )
    Qwen2ForSequenceClassification(config).save_pretrained(folder)
    tok.save_pretrained(folder)
    return tok


def test_a_model_from_elsewhere_reads_its_own_template_and_its_last_token(tmp_path, small):
    tok = foreign(tmp_path, small["tok"])
    model, own = load_reward_model(tmp_path)
    whole = Qwen2ForSequenceClassification.from_pretrained(tmp_path).eval()
    for talk, got in zip(TALKS, score_dialogues(model, own, TALKS)):
        ids = tok(tok.apply_chat_template(talk, tokenize=False), add_special_tokens=False).input_ids
        with torch.no_grad():
            last = whole.model(torch.tensor([ids])).last_hidden_state[0, -1]
            assert torch.allclose(whole.score(last)[0], got, atol=1e-5)


def test_without_a_template_it_says_so(tmp_path, small):
    foreign(tmp_path, small["tok"], template=None)
    with pytest.raises(UserError, match="chat_template"):
        load_reward_model(tmp_path)


def test_own_code_runs_only_when_trusted_and_may_answer_by_get_score(tmp_path, small):
    load_tokenizer(small["tok"]).save_pretrained(tmp_path)
    card = dict(model_type="odd", architectures=["Odd"], auto_map=dict(AutoConfig="odd.OddConfig", AutoModel="odd.Odd"))
    (tmp_path / "config.json").write_text(json.dumps(card), encoding="utf8")
    (tmp_path / "odd.py").write_text(CODE, encoding="utf8")
    torch.save({"scale": torch.ones(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError, match="--trust_remote_code 1"):
        load_reward_model(tmp_path)
    model, tok = load_reward_model(tmp_path, trust_remote_code=True)
    assert score_dialogues(model, tok, TALKS).tolist() == [11.0, 3.0, 0.0]


@pytest.mark.parametrize("stage,args", [(GRPO, GRPOArgs), (Agent, AgentArgs)])
def test_every_stage_adds_the_format_and_the_model(stage, args, monkeypatch):
    "得数 1 分，格式 0.5，奖励模型 0.1 倍：三样都加得上，谁也不被忽略。"
    monkeypatch.setattr("minimind.trainer.train_agent.talk_reward", lambda talk, gt, cost: 1.0)
    items = [{"gt": ["85"], "messages": [{"role": "user", "content": "47+38"}]}] * 2
    told = SimpleNamespace(texts=["<think>算</think>85", "<think>算</think>85"], items=items, talks=[None, None])
    judge = SimpleNamespace(score_dialogue=lambda tok, talk: float(len(talk)))
    fake = SimpleNamespace(args=args(format_weight=0.5, reward_model_weight=0.1), judge=None)
    fake.earned = lambda rollout: stage.earned(fake, rollout)
    assert stage.rewards(fake, told).tolist() == [1.5, 1.5]
    fake.judge = (SimpleNamespace(score_dialogue=judge.score_dialogue, parameters=lambda: iter([torch.ones(1)])), None)
    assert torch.allclose(stage.rewards(fake, told), torch.tensor([1.7, 1.7]))
