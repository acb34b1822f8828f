"""站到检查器的对面：对的写法都要过，错的写法都要被拦下，而且话要说到点子上。"""

import pytest
from attacks import attacks_of, holes, registered

IDS = registered()


def test_every_checker_is_attacked():
    missing = [id for id in IDS if attacks_of(id) is None]
    assert IDS and not missing, f"这些练习还没有人攻击过，在 tests/attacks/ 里补上：{'、'.join(missing)}"


@pytest.mark.parametrize("id", [id for id in IDS if attacks_of(id) is not None])
def test_checker_holds(id):
    found = holes(id)
    assert not found, "\n" + "\n".join(found)
