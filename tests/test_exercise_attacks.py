"""站到检查器的对面：对的写法都要过，错的写法都要被拦下，而且话要说到点子上。"""

import functools

import pytest
from attacks import attacks_of, holes, reference, registered

from minimind.learning import exercises as engine

IDS = registered()


def test_every_checker_is_attacked():
    missing = [id for id in IDS if attacks_of(id) is None]
    assert IDS and not missing, f"这些练习还没有人攻击过，在 tests/attacks/ 里补上：{'、'.join(missing)}"


@pytest.mark.parametrize("id", [id for id in IDS if attacks_of(id) is not None])
def test_checker_holds(id):
    found = holes(id)
    assert not found, "\n" + "\n".join(found)


def test_reference_answers_are_never_recorded(tmp_path, monkeypatch):
    "不在测试里（IN_TEST=0）把每个参考答案检查一遍，和“全部运行”一样：一个也不许记下来。"
    monkeypatch.setenv("MINIMIND_HOME", str(tmp_path))
    monkeypatch.setenv("IN_TEST", "0")
    answers = {id: reference(id) for id in IDS}
    for id, answer in answers.items():
        assert answer is None or engine.check(id, answer), id
        wrapped = functools.partial(answer) if callable(answer) and not isinstance(answer, type) else answer
        assert answer is None or engine.check(id, wrapped), id
    assert engine.progress() == {}
