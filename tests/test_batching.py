"""连续批处理：一行写的字与它单独写时一样，不论谁来谁走；地方不超，出错不丢人。"""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind.inference.batching import Engine, Row
from minimind.inference.generate import stream
from minimind.inference.sampling import SamplingParams
from minimind.learning.errors import UserError
from minimind.model import MiniMindConfig, MiniMindForCausalLM

GREEDY, HOT = SamplingParams(temperature=0), SamplingParams(temperature=1.3, top_p=0.9, repetition_penalty=1.2)
VOCAB, CONTEXT, EOS = 50, 32, 2


def tiny(**more) -> MiniMindForCausalLM:
    torch.manual_seed(1)
    shape = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=VOCAB)
    config = MiniMindConfig(**shape, max_position_embeddings=CONTEXT, initializer_range=0.4, zero_init=False, **more)
    return MiniMindForCausalLM(config).eval()


DENSE = tiny()


def dice(seed):
    return torch.Generator().manual_seed(seed)


def alone(model, ids, n, params, seed):
    return list(stream(model, ids, max_new_tokens=n, params=params, eos_token_id=EOS, generator=dice(seed)))


orders = st.lists(
    st.tuples(
        st.lists(st.integers(3, VOCAB - 1), min_size=1, max_size=20),  # 提示
        st.integers(1, 12),                                            # 最多写几个
        st.integers(0, 6),                                             # 等几步才来
        st.sampled_from([GREEDY, HOT]),
        st.booleans(),                                                 # 写到第二个就不要了
    ),
    min_size=1, max_size=8,
)


def play(model, plan, **limits):
    "照着计划一个个来、一个个走 → (行, 每步的 (行数 × 最长))。"
    engine, todo, cells = Engine(model, **limits), [], []
    for seed, (ids, n, wait, params, _) in enumerate(plan):
        todo.append((wait, Row(ids, n, params, frozenset([EOS]), dice(seed))))
    rows, t = [row for _, row in todo], 0
    while todo or engine.busy:
        for item in [i for i in todo if i[0] <= t]:
            todo.remove(item)
            engine.submit(item[1])
        engine.step()
        cells.append((len(engine.rows), engine.cache.longest))
        for row, (*_, quits) in zip(rows, plan):
            if quits and len(row.new) == 2:
                engine.cancel(row)
        t += 1
    return rows, cells


@settings(max_examples=60, deadline=None)
@given(orders, st.integers(1, 4), st.integers(1, 8), st.integers(CONTEXT, 3 * CONTEXT))
def test_a_row_says_the_same_alone_and_in_company(plan, slots, chunk, limit):
    rows, cells = play(DENSE, plan, slots=slots, chunk=chunk, cells=limit)
    for seed, (row, (ids, n, _, params, quits)) in enumerate(zip(rows, plan)):
        want = alone(DENSE, ids, n, params, seed)
        assert row.new == (want[:2] if quits else want)
        assert row.finish == ("cancelled" if row.finish == "cancelled" else "stop" if want[-1] == EOS else "length")
    assert all(n <= slots and (n <= 1 or n * longest <= limit) for n, longest in cells)


def test_experts_and_tight_space_change_nothing():
    model, rng = tiny(use_moe=True, n_routed_experts=4, num_experts_per_tok=2), random.Random(0)
    plan = [([rng.randrange(3, VOCAB) for _ in range(5)], 12, i, GREEDY, False) for i in range(6)]
    rows, _ = play(model, plan, slots=6, cells=40, chunk=2)
    assert [r.new for r in rows] == [alone(model, *p[:2], GREEDY, 0) for p in plan]


def test_when_space_runs_out_the_last_to_come_steps_down_and_loses_nothing():
    plan = [([5], 25, 0, GREEDY, False), ([6, 7], 25, 0, HOT, False), ([8], 20, 1, HOT, False)]
    rows, cells = play(DENSE, plan, slots=3, cells=40)
    assert [r.new for r in rows] == [alone(DENSE, ids, n, params, i) for i, (ids, n, _, params, _) in enumerate(plan)]
    assert all(n <= 1 or n * longest <= 40 for n, longest in cells)
    counts = [n for n, _ in cells]
    assert max(counts) == 3 and any(b < a for a, b in zip(counts, counts[1:]))


def test_a_newcomer_filled_in_pieces_waits_when_the_others_have_grown_meanwhile():
    plan = [([5], 25, 0, GREEDY, False), (list(range(3, 17)), 6, 10, HOT, False)]
    rows, cells = play(DENSE, plan, chunk=2, cells=32)
    assert [r.new for r in rows] == [alone(DENSE, ids, n, params, i) for i, (ids, n, _, params, _) in enumerate(plan)]
    assert all(n <= 1 or n * longest <= 32 for n, longest in cells)


def test_a_newcomer_speaks_before_the_first_ends_and_a_long_prompt_does_not_hold_up_the_others():
    engine = Engine(DENSE, chunk=4)
    first = engine.submit(Row([5], 30, GREEDY))
    engine.step()
    late = engine.submit(Row(list(range(3, 23)), 3, GREEDY))
    said, fed = [], []
    hook = DENSE.get_input_embeddings().register_forward_hook(lambda m, given, out: fed.append(given[0].shape[1]))
    while first.finish is None:
        said.append([w.row for w in engine.step()])
    hook.remove()
    assert max(fed) == 4 and fed.count(4) == 5  # 二十个词的提示，分五步预填
    assert all(first in step for step in said)  # 预填别人的时候，它每步照写
    assert late.new and next(i for i, step in enumerate(said) if late in step) < 6


def test_a_prompt_that_does_not_fit_is_refused_and_a_tight_one_is_cut_with_a_reason():
    engine = Engine(DENSE, context=10)
    with pytest.raises(UserError, match="没有地方写回答"):
        engine.submit(Row([5] * 10))
    row = Row([5] * 8, 100, GREEDY)
    list(engine.run([row]))
    assert len(row.new) == 2 and row.finish == "length"


def test_bad_weights_are_reported_and_every_row_is_given_back():
    model = tiny()
    with torch.no_grad():
        model.lm_head.weight.fill_(float("nan"))
    engine = Engine(model, slots=1)
    rows = [engine.submit(Row([5, 6], 3, HOT, generator=dice(0))) for _ in range(3)]
    with pytest.raises(UserError, match="NaN"):
        engine.step()
    assert set(engine.clear()) == set(rows) and engine.busy == 0


def test_memory_goes_back_when_everyone_has_left():
    engine = Engine(DENSE)
    list(engine.run([Row([5] * 20, 8, GREEDY) for _ in range(9)]))
    assert engine.cache.keys.numel() == engine.cache.values.numel() == 0


def test_a_short_mask_hides_the_rest_of_the_vocabulary():
    class First:
        done = False

        def mask(self):
            return torch.tensor([False, False, False, True])  # 比词表短

        def accept(self, token):
            assert token == 3

    row = Row([5], 4, HOT, generator=dice(0), constraint=First())
    list(Engine(DENSE).run([row]))
    assert row.new == [3] * 4
