"""与 MiniMind、MiniGPT 的约定：默认值、选项的旧写法、文件与键的名字、数值、旧命令。别处已经测过的不再测：

参数量、MoE 与 MiniGPT 的开关在 test_model_parity，LoRA 的键在 test_lora，分词器的编号在 test_tokenizer，
推理结果的键在 test_inference，`--recipe minimind` 在 test_recipe。
"""

import inspect
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch
from click import Context

from minimind.cli import MOVED, app, from_minigpt, from_minimind
from minimind.inference.load import load_model
from minimind.learning.errors import UserError
from minimind.learning.stages import find_stage, get_stage, weight_stem
from minimind.model.config import MiniMindConfig
from minimind.model.lora import LoRA
from minimind.model.presets import PRESETS
from minimind.trainer.arguments import args_of, expand_aliases, make_args
from minimind.trainer.checkpoint import lm_checkpoint
from minimind.trainer.optim import build_optimizer

sys.path.insert(0, str(Path(__file__).parent))
from stage_runs import tiny_base  # noqa: E402

EVERY = dict(
    device="auto", dtype="bfloat16", num_workers=8, grad_clip=1.0, hidden_size=512, num_hidden_layers=8, use_moe=0,
    from_resume=0, use_wandb=False, use_compile=0, seed=42,
)
COLUMNS = ("epochs", "batch_size", "learning_rate", "accumulation_steps", "max_seq_len", "save_interval",
           "log_interval", "data_path", "from_weight")
RL = dict(max_gen_len=1536, reasoning=1, reward_model_path="")
TABLE = {  # 阶段: (权重名, 上面九项, 它自己的)
    "pretrain": ("pretrain", (1, 32, 5e-4, 8, 340, 1000, 100, "pretrain_hq.jsonl", "none"), {}),
    "full_sft": ("full_sft", (2, 16, 1e-6, 1, 340, 1000, 100, "sft_mini_512.jsonl", "pretrain"), {}),
    "lora": (
        "lora_identity", (50, 32, 1e-4, 1, 340, 1000, 10, "lora_identity.jsonl", "full_sft"),
        dict(lora_name="lora_identity", lora_r=8, lora_alpha=16),
    ),
    "dpo": ("dpo", (1, 4, 4e-8, 1, 1024, 100, 100, "dpo.jsonl", "full_sft"), dict(beta=0.1)),
    "ppo": (
        "ppo_actor", (1, 2, 8e-8, 1, 66, 10, 1, "rlaif-mini.jsonl", "dpo"),
        dict(critic_learning_rate=8e-8, clip_epsilon=0.1, vf_coef=0.5, kl_coef=0.02, update_old_actor_freq=4) | RL,
    ),
    "grpo": (
        "grpo", (1, 2, 8e-8, 1, 66, 10, 1, "rlaif-mini.jsonl", "dpo"), dict(num_generations=8, beta=0.02) | RL,
    ),
    "spo": ("spo", (1, 2, 1e-7, 4, 66, 10, 1, "rlaif-mini.jsonl", "dpo"), dict(beta=0.02) | RL),
    "distillation": (
        "full_dist", (6, 32, 5e-6, 1, 340, 100, 100, "sft_mini_512.jsonl", "full_sft"),
        dict(
            student_hidden_size=512, student_num_layers=8, teacher_hidden_size=768, teacher_num_layers=16,
            from_student_weight="full_sft", from_teacher_weight="full_sft", alpha=0.5, temperature=1.5,
        ),
    ),
    "reason": ("reason", (1, 8, 1e-6, 1, 720, 100, 100, "r1_mix_1024.jsonl", "dpo"), dict(tag_weight=10)),
}


@pytest.mark.parametrize("preset", ["", *(p for p in PRESETS if p != "nano")])
@pytest.mark.parametrize("name", TABLE)
def test_the_defaults_of_every_stage_are_those_of_minimind(name, preset):
    weight, values, own = TABLE[name]
    args = make_args(args_of(get_stage(name)), preset=preset)
    shape = {k: PRESETS[preset][k] for k in ("hidden_size", "num_hidden_layers")} if preset else {}
    shape |= {"use_moe": int(PRESETS[preset].get("use_moe", False))} if preset else {}
    wanted = EVERY | dict(zip(COLUMNS, values, strict=True)) | own | shape | {"save_weight": weight}
    if name == "distillation":  # 它看的是 from_student_weight 与 from_teacher_weight
        del wanted["from_weight"]
    got = {k: getattr(args, k) for k in wanted}
    got["data_path"] = Path(got["data_path"]).name
    assert got == wanted
    assert args.wandb_project.startswith("MiniMind-") and Path(args.save_dir).name == "out"


def test_the_names_of_the_weights(small, tmp_path):
    assert weight_stem("pretrain", 512) == "pretrain_512" and weight_stem("full_sft", 640, True) == "full_sft_640_moe"
    assert get_stage("ppo").weight == "ppo_actor" and get_stage("distillation").weight == "full_dist"
    assert make_args(args_of(get_stage("pretrain")), preset="moe").weight_name == "pretrain_640_moe"
    base, *_ = tiny_base(tmp_path, small["tok"])
    saved = torch.load(base, weights_only=True)
    assert {v.dtype for v in saved.values()} == {torch.float16} and not any("freqs" in k for k in saved)


def test_a_weight_is_found_under_either_name_of_its_stage(small, tmp_path):
    base, *_ = tiny_base(tmp_path, small["tok"])
    for kind in (".pth", ".json"):
        shutil.copy(base.with_suffix(kind), tmp_path / f"ppo_actor_32{kind}")
    for name in ("ppo", "ppo_actor", "rlhf"):
        assert load_model(name, save_dir=tmp_path, hidden_size=32)[0].config.hidden_size == 32


@pytest.mark.parametrize("old,name", [
    ("train_distill_reason", "reason"), ("distill_reason", "reason"), ("ppo_actor", "ppo"), ("rlhf", "ppo"),
    ("sft", "full_sft"), ("train_full_sft", "full_sft"), ("train-dpo", "dpo"), ("full_dist", "distillation"),
])
def test_the_other_names_of_a_stage(old, name, cli, tmp_path):
    assert find_stage(old).name == name
    done = cli("train", old, "--help", home=tmp_path)
    assert done.returncode == 0 and get_stage(name).help in done.stdout


def test_flags_of_older_projects():
    assert expand_aliases(["--resume"]) == ["--from_resume", "1"]
    assert expand_aliases(["--use-fp16"]) == expand_aliases(["--use_fp16"]) == ["--dtype", "float16"]


@pytest.mark.parametrize("mode,stage", [("pretrain", "pretrain"), ("sft", "full_sft"), ("dpo", "dpo"), ("rlhf", "ppo")])
@pytest.mark.parametrize("config,preset", [("tiny", "tiny"), ("small", "small-deep"), ("medium", "medium")])
@pytest.mark.parametrize("joined", [False, True])
def test_minigpt_modes_and_configs(mode, stage, config, preset, joined):
    words = [f"--mode={mode}", f"--config={config}"] if joined else ["--mode", mode, "--config", config]
    assert from_minigpt(["train", *words]) == ["train", stage, "--preset", preset]
    args = make_args(args_of(get_stage(stage)), preset=preset)
    assert (args.hidden_size, args.num_hidden_layers) == {"tiny": (128, 8), "small": (384, 12), "medium": (640, 20)}[
        config
    ]


def test_minigpt_resume_and_tokenizer():
    assert from_minigpt(["train", "--mode", "sft", "--resume", "w.pth"])[2:] == ["--from_weight", "w.pth"]
    assert from_minigpt(["train", "--mode=sft", "--resume=w.pth"])[2:] == ["--from_weight", "w.pth"]
    assert from_minigpt(["train", "--resume", "--mode", "sft"]) == ["train", "full_sft", "--resume"]  # MiniMind 的续训
    for spelt in ("--retrain-tokenizer", "--retrain_tokenizer"):
        got = from_minigpt(["train", "--mode", "pretrain", spelt, "--max-steps", "3"])
        assert got == ["train", "pretrain", "--retrain_tokenizer", "1", "--max-steps", "3"]
    with pytest.raises(UserError, match="只能用在预训练"):
        from_minigpt(["train", "--retrain-tokenizer", "--mode", "sft"])
    with pytest.raises(UserError, match="--mode 后面"):
        from_minigpt(["train", "--mode", "--config", "tiny"])


def test_a_whole_minigpt_command_line_trains(small, cli, tmp_path):
    words = "train --mode=pretrain --config=small --retrain-tokenizer --max-steps 1 --use-fp16 --batch-size 1".split()
    more = ["--data-path", small["pretrain"], "--num_hidden_layers", 1, "--vocab_size", 400, "--device", "cpu"]
    done = cli(*words, *more, home=tmp_path)
    assert done.returncode == 0, done.stderr
    card = json.loads((tmp_path / "out/pretrain_384.json").read_text(encoding="utf8"))
    assert card["config"]["num_attention_heads"] == 12 and card["tokenizer"] == "tokenizer/pretrain"
    again = cli(*words, *more, "--from_weight", tmp_path / "out/pretrain_384.pth", home=tmp_path)
    assert again.returncode == 2 and "--retrain_tokenizer" in again.stderr and "Traceback" not in again.stderr


def test_load_from_of_minimind(small, cli, tmp_path):
    assert from_minimind(["chat", "--load_from", "dir", "--ask", "好"]) == ["chat", "--weight", "dir", "--ask", "好"]
    assert from_minimind(["chat", "--load-from=dir"]) == ["chat", "--weight", "dir"]
    assert from_minimind(["chat", "--load_from", "../model", "--lora_weight", "None"]) == ["chat"]
    for word in ("generate", "eval", "web", "serve", "convert"):
        assert from_minimind([word, "--load_from=dir", "--lora_weight", "None"]) == [word, "--weight", "dir"]
    for word in ("serve", "convert"):
        done = cli(word, "--load_from", tmp_path / "没有", "--lora_weight", "None", home=tmp_path)
        assert done.returncode == 2 and "没有选项" not in done.stderr and "LoRA" not in done.stderr
    assert from_minimind(["train", "--load_from", "dir"]) == ["train", "--load_from", "dir"]
    _, model, tok = tiny_base(tmp_path, small["tok"])
    folder = tmp_path / "mine"
    model.save_pretrained(folder)
    shutil.copytree(small["tok"], folder, dirs_exist_ok=True)
    (tmp_path / "ask.txt").write_text("小猫？\n\n三加四？\n", encoding="utf8")
    words = ["chat", "--load_from", folder, "--prompts_file", tmp_path / "ask.txt", "--max_new_tokens", 4]
    done = cli(*words, home=tmp_path)
    assert done.returncode == 0 and "小猫？" in done.stdout and "三加四？" in done.stdout, done.stderr


def test_lm_checkpoint_has_the_signature_of_minimind(tmp_path, small):
    names = list(inspect.signature(lm_checkpoint).parameters)
    wanted = ["lm_config", "weight", "model", "optimizer", "epoch", "step", "wandb", "save_dir"]
    assert names[: len(wanted)] == wanted
    assert inspect.signature(lm_checkpoint).parameters["weight"].default == "full_sft"
    _, model, _ = tiny_base(tmp_path, small["tok"])
    assert lm_checkpoint(model.config, "pretrain", save_dir=tmp_path / "c") is None  # 没有断点
    opt = build_optimizer(model)
    assert lm_checkpoint(model.config, "pretrain", model, opt, 1, 7, save_dir=tmp_path / "c") is None
    assert sorted(p.name for p in (tmp_path / "c").glob("*.pth")) == ["pretrain_32.pth", "pretrain_32_resume.pth"]
    state = lm_checkpoint(model.config, "pretrain", save_dir=tmp_path / "c")
    assert (state["epoch"], state["step"], state["world_size"], state["wandb_id"]) == (1, 7, 1, None)
    assert {"model", "optimizer", "scaler", "rng"} <= set(state)
    assert {v.dtype for v in state["model"].values()} == {torch.float32}  # 断点是全精度的


def test_the_tokenizer_has_the_values_of_minimind(small):
    config = json.loads((Path(small["tok"]) / "tokenizer_config.json").read_text(encoding="utf8"))
    wanted = dict(
        model_max_length=32768, add_bos_token=False, add_eos_token=False, bos_token="<|im_start|>",
        eos_token="<|im_end|>", pad_token="<|endoftext|>", unk_token="<|endoftext|>",
    )
    assert {k: config[k] for k in wanted} == wanted and config["chat_template"]


def test_a_pretrained_sample_is_bos_text_eos_without_a_template(small, tmp_path):
    from minimind.dataset.datasets import PretrainDataset
    from minimind.tokenizer.fast import load_tokenizer

    tok = load_tokenizer(small["tok"])
    data = PretrainDataset(small["pretrain"], tok, 64, cache=tmp_path)
    text = json.loads(Path(small["pretrain"]).read_text(encoding="utf8").splitlines()[3])["text"]
    assert tok.decode(data[3]["input_ids"]) == f"<|im_start|>{text}<|im_end|>"
    short = PretrainDataset(small["pretrain"], tok, 6, cache=tmp_path)[3]["input_ids"]
    assert len(short) == 6 and short[-1] == tok.eos_token_id  # 截断也保住结尾


def test_yarn_and_the_config_of_minimind():
    yarn = MiniMindConfig(inference_rope_scaling=True).rope_scaling
    assert yarn == dict(
        type="yarn", factor=16.0, original_max_position_embeddings=2048, beta_fast=32.0, beta_slow=1.0,
        attention_factor=1.0,
    )
    c = MiniMindConfig()
    assert (c.hidden_size, c.num_hidden_layers, c.num_attention_heads, c.num_key_value_heads) == (512, 8, 8, 2)
    assert (c.vocab_size, c.rms_norm_eps, c.rope_theta, c.max_position_embeddings) == (6400, 1e-5, 1e6, 32768)
    assert (c.num_experts_per_tok, c.n_routed_experts, c.n_shared_experts, c.aux_loss_alpha) == (2, 4, 1, 0.01)


def test_a_lora_side_starts_as_in_minimind():
    torch.manual_seed(0)
    side = LoRA(400, 300, 8, 1.0)
    assert not side.B.weight.any() and side.A.weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_dpo_sums_and_can_average():
    args = make_args(args_of(get_stage("dpo")))
    assert args.length_norm == 0 and make_args(type(args), recipe="minimind").length_norm == 1


def test_random_edits_are_off_unless_asked():
    for name in ("full_sft", "lora", "distillation", "reason"):
        args = make_args(args_of(get_stage(name)))
        assert args.add_system == args.drop_empty_think == 0


def test_chat_has_the_defaults_of_minimind():
    values = {p.name: p.default for p in app.commands["chat"].params}
    wanted = dict(temperature=0.85, top_p=0.85, historys=0, max_new_tokens=8192, show_speed="1", seed=2026)
    assert {k: values[k] for k in wanted} == wanted


def test_the_headings_of_the_notes(tmp_path):
    from minimind.learning import notes_write
    from minimind.learning.notes import questions

    notes_write.init(tmp_path)
    notes_write.log("注意力", tmp_path)
    notes_write.ask("为什么？", "因为。", folder=tmp_path)
    texts = {p.name: p.read_text(encoding="utf8") for p in tmp_path.glob("*.md")}
    assert re.search(r"^### \d{4}-\d\d-\d\d: 注意力$", texts["learning_log.md"], re.M)
    assert re.search(r"^### Q\d+: 为什么？\n\*\*A\*\*: 因为。$", texts["knowledge_base.md"], re.M)
    full_width = "# 书\n\n## 问答记录\n\n**Q1：甲？**\n答\n\n### Q2：乙？\n**A**：二\n"
    assert [q.title for q in questions(full_width)] == ["甲？", "乙？"]


# ---- 旧的命令 --------------------------------------------------------------------------------------------------

OLD = {
    "eval_llm": "minimind chat", "chat_api": "minimind chat", "web_demo": "minimind web",
    "serve_openai_api": "minimind serve", "chat_openai_api": "minimind chat --api", "convert_model": "minimind convert",
    "eval_toolcall": "minimind eval",
    "run_evaluation": "minimind tokenizer eval", "train_tokenizer": "minimind tokenizer train",
    "test_runner": "make test", "test_code_structure": "make test", "quick_start": "minimind demo",
    "calculate_model_comparison": "minimind info",
    "demo_optimization_suite": "minimind bench", "train_pretrain": "minimind train pretrain",
    "train_distill_reason": "minimind train reason", "train_ppo": "minimind train ppo",
}


@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("spelt", ["{}", "scripts/{}.py"])
def test_an_old_command_names_its_replacement(old, spelt, cli, tmp_path):
    done = cli(spelt.format(old), "--weight", "x", home=tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"错误：没有这个命令：{spelt.format(old)}；") and OLD[old] in done.stderr


def test_every_replacement_exists_and_no_living_command_is_called_dead():
    "说「还没有」的命令一旦有了，这里就会提醒：把它从表里去掉。"
    assert not set(MOVED) & set(app.commands)
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf8")
    for text in MOVED.values():
        for words in re.findall(r"minimind ((?:[a-z]\w*)(?: [a-z]\w*)?)", text):
            first, *rest = words.split()
            command = app.get_command(Context(app), first)
            assert command is not None, text
            if rest and hasattr(command, "list_commands"):
                assert command.get_command(Context(command), rest[0]) is not None, text
        assert all(re.search(rf"^{t}:", makefile, re.M) for t in re.findall(r"make (\w+)", text))
        assert all((Path(__file__).parents[1] / f).exists() for f in re.findall(r"nbs/\S+?\.ipynb", text))
        for name in re.findall(r"minimind(?:\.\w+)+", text):
            __import__(name)

