"""各层的门面：报出的名字个个取得到，没有的名字说一句话；取名字之前不导入大库，训练用到的模块不导入画图的库。"""

import importlib
import json
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import minimind

FACES = sorted(m.name for m in pkgutil.iter_modules(minimind.__path__, "minimind.") if m.ispkg)
FACES.remove("minimind.exercises")  # 练习按模块名取，没有门面
HEAVY = ("torch", "transformers", "datasets", "tokenizers", "numpy", "matplotlib", "streamlit", "IPython")


def test_every_floor_has_a_face():
    assert len(FACES) >= 10
    for name in FACES:
        face = importlib.import_module(name)
        assert face.__doc__ and face.__all__, f"{name} 没有说明，或没有报出名字"


@pytest.mark.parametrize("name", FACES)
def test_every_name_a_face_advertises_resolves(name):
    face = importlib.import_module(name)
    assert len(face.__all__) == len(set(face.__all__)), "报了两遍的名字"
    lost = []
    for word in face.__all__:
        try:
            found = getattr(face, word)
        except AttributeError as e:
            lost.append(f"{word}：{e}")
            continue
        assert not isinstance(found, ModuleType), f"{name}.{word} 取到的是模块，不是里面的东西"
    assert not lost, lost
    assert set(face.__all__) <= set(dir(face))


@pytest.mark.parametrize("name", FACES)
def test_an_unknown_name_gets_a_sentence(name):
    face = importlib.import_module(name)
    with pytest.raises(AttributeError) as e:
        face.no_such_thing
    assert name in str(e.value) and "没有" in str(e.value) and "no_such_thing" in str(e.value)
    with pytest.raises(ImportError):
        exec(f"from {name} import no_such_thing", {})


def imports(statement: str, names: tuple) -> list[str]:
    "在新进程里执行一句，看 `names` 里哪些被导入了。"
    code = f"import json, sys\n{statement}\nprint(json.dumps([m for m in {names!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_a_face_imports_nothing_until_a_name_is_taken():
    assert imports("import minimind, " + ", ".join(FACES), HEAVY) == []


@pytest.mark.parametrize(
    "module",
    [
        "minimind.cli", "minimind.notes_cli", "minimind.learning.stages", "minimind.learning.command",
        "minimind.model.presets", "minimind.dataset.formats", "minimind.trainer.arguments",
    ],
)
def test_what_answers_at_once_imports_no_big_library(module):
    assert imports(f"import {module}", HEAVY) == []


@pytest.mark.parametrize(
    "module",
    [
        "minimind.trainer.train_full_sft", "minimind.evaluation.bits", "minimind.evaluation.exact_match",
        "minimind.inference.chat", "minimind.serving.demo", "minimind.serving.report",
    ],
)
def test_what_training_imports_does_not_draw(module):
    assert imports(f"import {module}", ("matplotlib", "IPython", "ipywidgets")) == []


def test_old_addresses_still_answer():
    "搬过家的名字，从原来的地方照样取得到，而且是同一个东西。"
    moved = {
        "minimind.trainer.arguments": ("minimind.learning.command", ["Command", "Group", "run_command", "option"]),
        "minimind.cli": ("minimind.learning.command", ["LazyGroup", "Option", "command", "option", "switch"]),
        "minimind.serving.demo": ("minimind.evaluation.exact_match", ["thin"]),
        "minimind.inference.load": ("minimind.model.transformer", ["unwrap"]),
        "minimind.trainer.checkpoint": ("minimind.inference.load", ["weight_file", "SHAPE"]),
        "minimind.trainer.train_pretrain": ("minimind.trainer.arguments", ["PretrainArgs"]),
        "minimind.trainer.train_full_sft": ("minimind.trainer.arguments", ["SFTArgs"]),
        "minimind.model.config": ("minimind.model.presets", ["PRESETS"]),
    }
    for old, (new, names) in moved.items():
        for name in names:
            before, after = getattr(importlib.import_module(old), name), getattr(importlib.import_module(new), name)
            assert before is after, f"{old}.{name} 与 {new}.{name} 不是同一个"
