"""强化学习：目标与独立的写法相同；采样只算自己写的；GRPO 断在中间接得上，两个进程参数相同，边角不出错。"""

import json
import math
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings, strategies as st

from minimind.inference.load import load_model
from minimind.learning.errors import UserError
from minimind.dataset import RLAIFDataset
from minimind.tokenizer.render import build_prompt
from minimind.trainer import train_agent, train_grpo, train_ppo
from minimind.trainer.arguments import AgentArgs, GRPOArgs, PPOArgs, make_args
from minimind.trainer.objectives import (
    gae, group_advantages, grpo_loss, kl_k3, masked_mean, ppo_policy_loss, ppo_value_loss, rowwise_mean, spo_loss,
    whiten
)
from minimind.trainer.rewards import (
    answer_reward, closed_reward, format_reward, kept_reward, length_reward, repetition_reward, thought_reward
)
from minimind.trainer.rollout import join, own_log_probs, right_pad, rollout
from minimind.trainer.train_agent import agent_tools, as_rollout, play, talk_reward
from minimind.trainer.train_ppo import PPO as PPOStage, part_of
from minimind.trainer.train_spo import Tracker

sys.path.insert(0, str(Path(__file__).parent))
from stage_runs import losses, on_two_processes, resumes_bitwise, tiny_base, train  # noqa: E402

PPO = dict(loss_type="dapo", num_generations=1, batch_size=4, beta=0.0, update_old_actor_freq=2)
PPO |= dict(critic_learning_rate=1e-2)
ASKS = ["狗怎么叫", "猫怎么叫", "天是什么色", "草是什么色", "一加一", "大的反义词"]


# ---- 目标 ------------------------------------------------------------------------------------------------------


def batch_of(seed, rows=3, length=6):
    g = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)
    logp, old, ref = (-draw(rows, length).abs() for _ in range(3))
    mask = torch.rand(rows, length, generator=g) > 0.3
    return logp, old, ref, draw(rows), draw(rows, length), mask


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["grpo", "dapo", "dr_grpo", "cispo"]), st.sampled_from([0.0, 0.05]))
def test_grpo_equals_a_slow_reference(seed, kind, beta):
    logp, old, ref, adv, _, mask = batch_of(seed)
    got = grpo_loss(logp, old, ref, adv, mask, beta, 0.2, 0.3, kind)
    rows, everything, count = [], 0.0, 0
    for i in range(len(logp)):
        row = []
        for t in range(logp.shape[1]):
            if not mask[i, t]:
                continue
            ratio, d = math.exp(logp[i, t] - old[i, t]), float(ref[i, t] - logp[i, t])
            gain = min(ratio, 0.3) * adv[i] * logp[i, t]
            if kind != "cispo":
                gain = min(ratio * adv[i], min(max(ratio, 0.8), 1.3) * adv[i])
            row.append(float(-gain) + beta * (math.exp(d) - d - 1))
        rows.append(sum(row) / max(1, len(row)))
        everything, count = everything + sum(row), count + len(row)
    want = {"grpo": sum(rows) / len(rows), "dr_grpo": everything / logp.numel()}
    assert float(got) == pytest.approx(want.get(kind, everything / max(1, count)), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 1.0), st.floats(0.0, 1.0))
def test_gae_skips_what_is_masked(seed, gamma, lam):
    *_, values, mask = batch_of(seed)
    rewards = values.flip(0)
    advantages, returns = gae(rewards, values, mask, gamma, lam)
    for i in range(len(values)):
        own = mask[i].nonzero().squeeze(-1)
        alone = gae(rewards[i, own][None], values[i, own][None], torch.ones(1, len(own)), gamma, lam)[0]
        assert torch.allclose(advantages[i, own][None], alone)
    assert (advantages[~mask] == 0).all() and (returns[~mask] == 0).all()
    assert torch.allclose(returns[mask], (advantages + values)[mask])


def test_nothing_written_is_zero_everywhere():
    "一行也没有、一个 token 也没有、全遮住：损失与优势都是 0，不出错，也不出 nan。"
    for rows, length in [(0, 0), (0, 3), (2, 0), (2, 3)]:
        logp, mask = torch.randn(rows, length), torch.zeros(rows, length, dtype=torch.bool)
        advantages, returns = gae(logp, logp, mask)
        assert advantages.shape == returns.shape == logp.shape and not advantages.any() and not returns.any()
        assert not whiten(logp, mask).any() and masked_mean(logp, mask) == 0
        assert ppo_policy_loss(logp, logp, logp, mask) == ppo_value_loss(logp, logp, logp, mask, 0.2) == 0
        assert spo_loss(logp, logp, logp, mask) == 0
        for kind in ("grpo", "cispo", "dr_grpo", "dapo"):
            assert grpo_loss(logp, logp, logp, torch.ones(rows), mask, loss_type=kind) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_at_ratio_one_all_objectives_push_alike(seed):
    logp, _, _, adv, _, mask = batch_of(seed)
    grads = []
    for loss in (
        lambda x: ppo_policy_loss(x, logp, adv[:, None].expand_as(x), mask), lambda x: spo_loss(x, logp, adv, mask),
        lambda x: grpo_loss(x, logp, None, adv, mask, loss_type="dapo"),
        lambda x: grpo_loss(x, logp, None, adv, mask, loss_type="cispo", epsilon_high=9.0),
    ):
        x = logp.clone().requires_grad_()
        grads.append(torch.autograd.grad(loss(x), x)[0])
    assert all(torch.allclose(g, grads[0]) for g in grads)
    assert all((g[~mask] == 0).all() for g in grads)


def test_nothing_unmasked_is_zero_not_nan():
    logp, old, ref, adv, values, mask = batch_of(0)
    none = mask & False
    for value in (
        masked_mean(values, none), rowwise_mean(values, none), ppo_policy_loss(logp, old, values, none),
        ppo_value_loss(values, values, values + 1, none), spo_loss(logp, old, adv, none),
        grpo_loss(logp, old, ref, adv, none), grpo_loss(logp, old, ref, adv, none, loss_type="dapo"),
    ):
        assert value == 0
    assert (whiten(values, none) == 0).all() and (kl_k3(logp, ref) >= 0).all()


def test_groups_that_all_agree_teach_nothing():
    assert (group_advantages(torch.tensor([1.0, 1.0, 0.0, 0.0]), 2) == 0).all()
    assert (group_advantages(torch.tensor([3.0, 5.0]), 1) == 0).all()
    with pytest.raises(UserError, match="分不成"):
        group_advantages(torch.ones(5), 2)
    with pytest.raises(UserError, match="没有 ppo2"):
        grpo_loss(*torch.zeros(3, 1, 1), torch.zeros(1), torch.ones(1, 1), loss_type="ppo2")


# ---- 采样与奖励 --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kit(small, tmp_path_factory):
    "底子与题目；gt 是一个常见的字，随机的模型也时对时错。"
    home = tmp_path_factory.mktemp("rl")
    base, _, tok = tiny_base(home, small["tok"])
    text = tok.decode(torch.randint(20, len(tok), (400,)).tolist())
    often = max(sorted(set(text) - {" ", "\n", "\ufffd"}), key=text.count)  # 排好序：并列时每次都取同一个
    talk = lambda ask: [{"role": "user", "content": ask}, {"role": "assistant", "content": ""}]
    rows = [{"conversations": talk(ASKS[i % 6] + str(i)), "gt": often} for i in range(14)]
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    (home / "rlaif.jsonl").write_text(lines, encoding="utf8")
    offered = json.dumps(agent_tools().schemas(["calculator"]), ensure_ascii=False)
    head = {"role": "system", "content": "", "tools": offered}
    rows = [{"conversations": [head, *talk(f"{ASKS[i % 6]}{i}")], "gt": [often]} for i in range(14)]
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    (home / "agent_rl.jsonl").write_text(lines, encoding="utf8")
    return dict(home=home, base=base, tok=small["tok"], sft=small["sft"])


def given_args(kit, home, **more):
    return dict(
        data_path=str(kit["home"] / "rlaif.jsonl"), save_dir=str(home / "out"), tokenizer_path=str(kit["tok"]),
        device="cpu", dtype="float32", batch_size=2, accumulation_steps=2, epochs=9, max_steps=4, learning_rate=1e-2,
        schedule="constant", max_seq_len=64, hidden_size=32, num_hidden_layers=2, num_workers=0, log_interval=1,
        from_weight=str(kit["base"]), replay_path=str(kit["sft"]), replay_weight=0.5, replay_batch_size=2,
        num_generations=6, max_gen_len=10, reasoning=0, beta=0.1,
    ) | more


def runner(name, kit, more):
    return lambda home, **change: train(name, given_args(kit, home, **more | change))


def agent_args(kit):
    return dict(data_path=str(kit["home"] / "agent_rl.jsonl"), max_seq_len=2000, max_gen_len=8)


def items_of(kit, count=3):
    model, tok = load_model(kit["base"])
    data = RLAIFDataset(kit["home"] / "rlaif.jsonl", tok)
    return model, tok, [data[i] for i in range(count)]


def test_rows_hold_only_what_the_model_wrote(kit):
    model, tok, items = items_of(kit)
    told = rollout(model, tok, items, 4, max_new_tokens=7, generator=torch.Generator().manual_seed(0))
    assert [i["gt"] for i in told.items] == [i["gt"] for i in items for _ in range(4)]
    for ids, labels, item, length, cut in zip(told.input_ids, told.labels, told.items, told.lengths, told.truncated):
        prompt = item["prompt_ids"]
        assert ids[: len(prompt)].tolist() == prompt and (labels[: len(prompt)] == -100).all()
        own = labels[labels != -100].tolist()
        assert len(own) == length <= 7 and own == ids[len(prompt) : len(prompt) + length].tolist()
        assert bool(cut) == (own[-1] != tok.eos_token_id)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_ratio_is_exactly_one_at_first_and_moves_in_later_passes(kit, tmp_path, monkeypatch, dtype):
    seen, real = [], train_grpo.grpo_loss

    def spy(logp, old, *rest, **more):
        seen.append(float((logp.detach() - old).abs().max()))
        return real(logp, old, *rest, **more)

    monkeypatch.setattr(train_grpo, "grpo_loss", spy)
    given = given_args(kit, tmp_path, inner_steps=3, accumulation_steps=1, max_steps=2, beta=0.0, dtype=dtype)
    train("grpo", given)
    steps = [seen[i : i + 3] for i in range(len(seen) % 3, len(seen), 3)]  # 开头的是称内存时走的
    assert len(steps) >= 2 and all(first == 0 and second > 0 for first, second, _ in steps[-2:])


def test_an_answer_that_is_only_the_end_mark(kit):
    model, tok, items = items_of(kit, 2)
    ids, labels = right_pad([i["prompt_ids"] for i in items], [[tok.eos_token_id], []], tok.pad_token_id)
    logp = own_log_probs(model, {"input_ids": ids, "labels": labels})
    assert (logp != 0).sum() == 1 and torch.isfinite(logp).all()
    assert grpo_loss(logp, logp, None, torch.tensor([1.0, -1.0]), labels != -100) == pytest.approx(-0.5)


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet="<think>/ultra_answer 0123一二。\n", max_size=60), st.lists(st.sampled_from(["3", "一", "-12"]))
)
def test_rewards_never_raise_and_keep_their_range(text, gt):
    assert answer_reward(text, gt) in (0, 1) and format_reward(text) in (0, 1) and closed_reward(text) in (0, 1)
    assert -1 <= repetition_reward(text) <= 0 and -1 <= length_reward(len(text), 10, 5) <= 0
    assert -1 <= thought_reward(text, 3, 9) <= 0 <= kept_reward([text], gt) <= 1


# ---- 阶段 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, dict(loss_type="cispo", epsilon_high=5.0, inner_steps=2, beta=0.0)])
def test_grpo_resumes_bitwise(kit, tmp_path, more):
    result = resumes_bitwise(runner("grpo", kit, more), tmp_path)
    assert 0 < sum(result.journal["reward"]) < 4  # 有对有错，真的有梯度


def test_two_processes_keep_equal_parameters(kit, tmp_path):
    runs = {"grpo": dict(resample=1), "spo": dict(loss_type="dapo", num_generations=1, batch_size=4)}
    runs |= {"ppo": PPO | dict(minibatches=3, kl_target=0.1, inner_steps=1), "agent": agent_args(kit)}
    given = lambda k, m: given_args(kit, tmp_path / k, **dict(max_steps=3, inner_steps=2) | m)
    on_two_processes([(k, given(k, m)) for k, m in runs.items()])
    assert all(len(losses(tmp_path / kind)) == 3 for kind in runs)


def test_rewards_without_difference_move_nothing(kit, tmp_path, monkeypatch):
    monkeypatch.setattr(train_grpo, "answer_reward", lambda text, gt: 1.0)
    more = dict(replay_path="", beta=0.0, max_steps=2, weight_decay=0.0, optimizer="adamw")
    result = train("grpo", given_args(kit, tmp_path, **more))
    base, _ = load_model(kit["base"])
    assert result.journal["idle"] == [1.0, 1.0] and result.journal["loss"] == [0.0, 0.0]
    assert all(torch.equal(a, b) for a, b in zip(result.model.parameters(), base.parameters()))


def test_the_policy_moves_towards_what_is_rewarded(kit, tmp_path, monkeypatch):
    "奖励「写得短」：越练越短。"
    monkeypatch.setattr(train_grpo, "answer_reward", lambda text, gt: -len(text) / 10)
    more = dict(replay_path="", beta=0.0, max_steps=12, batch_size=4, learning_rate=3e-2, max_gen_len=12)
    lengths = train("grpo", given_args(kit, tmp_path, **more)).journal["length"]
    assert sum(lengths[-3:]) < 0.8 * sum(lengths[:3])


def test_questions_without_answers_are_refused(kit, tmp_path):
    bare = tmp_path / "bare.jsonl"
    talk = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": ""}]
    bare.write_text(json.dumps({"conversations": talk}, ensure_ascii=False) + "\n", encoding="utf8")
    with pytest.raises(UserError, match="没有 gt"):
        train("grpo", given_args(kit, tmp_path, data_path=str(bare)))


def test_defaults_are_minimind_s():
    args = make_args(GRPOArgs)
    assert (args.learning_rate, args.batch_size, args.max_seq_len, args.num_generations) == (8e-8, 2, 66, 8)
    assert (args.beta, args.max_gen_len, args.from_weight, args.save_weight) == (0.02, 1536, "dpo", "grpo")
    assert answer_reward("<think>\n3\n</think>\n<answer>\n4\n</answer>", ["4"]) == 1


@pytest.mark.parametrize(
    "more",
    [{}, dict(kl_coef=0.0, value_clip=0.2, target_kl=5.0, gamma=0.9), dict(minibatches=2, kl_target=0.05)],
)
def test_ppo_resumes_bitwise(kit, tmp_path, more):
    more = PPO | more
    result = resumes_bitwise(runner("ppo", kit, more), tmp_path)
    assert 0 < sum(result.journal["reward"]) < 4 and result.weight_path.name == "ppo_actor_32.pth"


def test_ppo_drops_a_batch_that_drifted_too_far(kit, tmp_path, monkeypatch):
    monkeypatch.setattr(train_grpo, "answer_reward", lambda text, gt: float(len(text)))  # 人人不同，一定有梯度
    passes, real = [], train_ppo.ppo_policy_loss
    monkeypatch.setattr(train_ppo, "ppo_policy_loss", lambda *given: (passes.append(1), real(*given))[1])
    once = PPO | dict(update_old_actor_freq=5, accumulation_steps=1, max_steps=2, kl_coef=0.0, replay_path="")
    count = {}
    for target in (0.0, 1e-9):
        passes.clear()
        train("ppo", given_args(kit, tmp_path / str(target), **once, target_kl=target))
        count[target] = len(passes)
    assert count[0.0] - count[1e-9] == 2 * 3  # 两步，各少用三遍：第二遍才量得到走远了


def test_the_critic_learns_the_score(kit, tmp_path, monkeypatch):
    "人人得 1 分：评论家的误差一路降。"
    monkeypatch.setattr(train_grpo, "answer_reward", lambda text, gt: 1.0)
    more = PPO | dict(replay_path="", kl_coef=0.0, max_steps=12, critic_learning_rate=3e-2, lam=1.0)
    error = train("ppo", given_args(kit, tmp_path, **more)).journal["value_error"]
    assert error[-1] < 0.3 * error[0]


@pytest.mark.parametrize("kind", ["stream", "simple"])
def test_spo_resumes_bitwise(kit, tmp_path, kind):
    more = dict(spo=kind, num_generations=1 if kind == "stream" else 4, inner_steps=2, batch_size=4)
    more |= dict(loss_type="dapo", beta=0.05)
    resumes_bitwise(runner("spo", kit, more), tmp_path)


def test_the_tracker_remembers_each_question_and_forgets_slowly():
    tracker = Tracker(keep=0.5)
    for i in range(30):
        tracker.add("难", 0.0)
        tracker.add("易", 1.0)
    assert tracker.value("难") < 0.3 < 0.4 < tracker.value("没见过") < 0.6 < 0.7 < tracker.value("易")
    for _ in range(10):
        tracker.add("难", 1.0)
    assert tracker.value("难") > 0.8


# ---- 重采、分份、自己调的 KL -------------------------------------------------------------------------------------


def test_idle_groups_are_sampled_again(kit, tmp_path, monkeypatch):
    "第一次人人同分，重采才分得出高下；`resample=0` 就一直退化。"
    for again, idle in ((0, 1.0), (1, 0.0)):
        calls, real = [], train_grpo.GRPO.rewards
        monkeypatch.setattr(train_grpo.GRPO, "rewards", lambda self, told: (
            calls.append(len(told.texts)), torch.arange(len(told.texts)).float() * (len(calls) > 1))[1]
        )
        more = dict(resample=again, accumulation_steps=1, max_steps=1, replay_path="", beta=0.0)
        result = train("grpo", given_args(kit, tmp_path / str(again), **more))
        assert result.journal["idle"][0] == idle
        assert calls == [12] * (again + 1)
        monkeypatch.setattr(train_grpo.GRPO, "rewards", real)


def test_joined_rows_are_those_sampled_again(kit):
    model, tok, items = items_of(kit)
    g = torch.Generator().manual_seed(0)
    told = rollout(model, tok, items, 2, max_new_tokens=5, generator=g)
    other = rollout(model, tok, items[1:2], 2, max_new_tokens=40, generator=g)
    mixed = join(told, [2, 3], other, tok.pad_token_id)
    for row, (source, at) in enumerate([(told, 0), (told, 1), (other, 0), (other, 1), (told, 4), (told, 5)]):
        own = lambda r, i: r.labels[i][r.labels[i] != -100].tolist()
        assert own(mixed, row) == own(source, at) and mixed.texts[row] == source.texts[at]
        assert mixed.lengths[row] == source.lengths[at] and bool(mixed.truncated[row]) == bool(source.truncated[at])
    assert told.labels.shape[1] < mixed.labels.shape[1]  # 原来的没有动


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_the_share_of_opened_thoughts(kit, tmp_path, ratio):
    args = make_args(GRPOArgs, **given_args(kit, tmp_path, reasoning=1, thinking_ratio=ratio))
    stage = train_grpo.GRPO(args, torch.device("cpu"))
    stage.build()
    data, _ = stage.rows()
    items = stage.opened([data[i % len(data)] for i in range(200)])
    thinks = [stage.tokenizer.decode(i["prompt_ids"]).rstrip().endswith("<think>") for i in items]
    assert abs(sum(thinks) / 200 - ratio) < 0.12
    for item, opened in zip(items[:20], thinks):
        assert item["prompt_ids"] == build_prompt(stage.tokenizer, item["messages"], True if opened else None)


def test_parts_are_the_whole_and_an_empty_one_teaches_nothing():
    labels = torch.arange(15).view(5, 3)
    batch = {"labels": labels, "old": labels.float(), "means": {}, "whole": 15}
    parts = [part_of(batch, 2, i) for i in range(2)]
    assert sorted(torch.cat([p["labels"] for p in parts]).flatten().tolist()) == list(range(15))
    assert sum(p["whole"] for p in parts) == 15
    spare = part_of(batch, 9, 7)
    assert spare["whole"] == 0 and (spare["labels"] == -100).all() and len(spare["labels"]) == 1


def test_the_kl_coefficient_follows_the_distance(kit, tmp_path):
    args = make_args(PPOArgs, **given_args(kit, tmp_path, **PPO | dict(kl_target=0.1, kl_coef=0.02)))
    stage = PPOStage(args, torch.device("cpu"))
    for far, way in ((0.2, 1), (0.01, -1), (0.1, 0)):
        before = stage.kl_coef
        stage.adapt(far)
        assert (stage.kl_coef > before) - (stage.kl_coef < before) == way
        assert abs(stage.kl_coef / before - 1) <= 0.0201


# ---- 智能体 ----------------------------------------------------------------------------------------------------


def test_agent_resumes_bitwise(kit, tmp_path):
    result = resumes_bitwise(runner("agent", kit, agent_args(kit)), tmp_path)
    assert result.weight_path.name == "agent_32.pth" and len(result.journal["calls"]) == 4


def actor(tok, script):
    "按剧本写：第 k 轮全写第 k 句（元组的末尾有没有结束标记另说）。"
    turns = iter(script)

    def write(model, tok, rows, num, **how):
        text, ended = next(turns)
        ids = tok(text, add_special_tokens=False)["input_ids"] + [tok.eos_token_id] * ended
        return [list(ids) for _ in rows for _ in range(num)]

    return write


CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "37*48"}}\n</tool_call>'
BROKEN = '<tool_call>\n{"name": "calculator", "arg\n</tool_call>'


@pytest.mark.parametrize("script, answer, calls, finished", [
    ([("1776。", True)], "1776。", 0, True),
    ([(CALL, True), ("1776。", True)], "1776。", 1, True),
    ([(CALL + CALL, True), ("1776。", True)], "1776。", 2, True),
    ([(CALL, True), (CALL, True), ("1776。", True)], "1776。", 2, True),
    ([(BROKEN, True), ("1776。", True)], "1776。", 1, True),
    ([(CALL, False), ("1776。", True)], "1776。", 1, True),
    ([(CALL, True), ("1776。", False)], "1776。", 1, False),
    ([(CALL, True)] * 3, CALL, 2, False),
    ([("", True)], "", 0, True),
    ([("", False)], "", 0, False),
])
def test_only_the_own_words_of_a_dialogue_are_learned(kit, script, answer, calls, finished):
    model, tok = load_model(kit["base"])
    data = RLAIFDataset(kit["home"] / "agent_rl.jsonl", tok, kind="agent")
    items = [data[0], data[1]]
    talks = play(model, tok, items, 2, agent_tools(), limit=2, write=actor(tok, script))
    told = as_rollout(talks, [i for i in items for _ in range(2)], tok, torch.device("cpu"))
    for row, talk in enumerate(talks):
        assert (talk.answer, len(talk.calls), talk.finished) == (answer, calls, finished)
        own = told.labels[row][told.labels[row] != -100].tolist()
        said = [tok(t, add_special_tokens=False)["input_ids"] + [tok.eos_token_id] * end for t, end in script]
        assert own == [i for turn in said for i in turn] and told.lengths[row] == len(own)
        assert talk.ids[: len(told.items[row]["prompt_ids"])] == told.items[row]["prompt_ids"]
        assert "tool_response" not in tok.decode(own)
    wins = talk_reward(talks[0], ["1776"], 0.1)
    assert wins == pytest.approx((answer == "1776。" and finished) * (1 - 0.1 * calls))
    assert torch.isfinite(own_log_probs(model, told.batch)).all()


def test_a_dialogue_too_long_for_the_context_ends_quietly(kit, monkeypatch):
    model, tok = load_model(kit["base"])
    data = RLAIFDataset(kit["home"] / "agent_rl.jsonl", tok, kind="agent")
    monkeypatch.setattr(train_agent, "context_limit", lambda model: len(data[0]["prompt_ids"]) + 3)
    talk = play(model, tok, [data[0]], 1, agent_tools(), max_new_tokens=8)[0]
    assert not talk.finished and sum(talk.wrote) == 0 and talk_reward(talk, ["1"]) == 0


def test_agent_defaults_and_minimind_s_tool():
    args = make_args(AgentArgs)
    assert (args.loss_type, args.max_turns, args.save_weight, args.reasoning) == ("cispo", 3, "agent", 0)
    tools = agent_tools()
    assert tools.tools["calculate_math"].fn("(3+5)*2") == "16" and "weather_api" in tools.tools
