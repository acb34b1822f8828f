"""第 1 层 · 内置的小世界：事实、问法、出题机与数据文件。这里只转交名字，用到时才加载。"""
from importlib import import_module

_HOME = {
    "CAPITALS": "facts", "SOUNDS": "facts", "COLOURS": "facts", "OPPOSITES": "facts", "WORDS": "facts",
    "NAMES": "facts", "held_out": "facts", "held_out_combo": "facts",
    "WAYS": "language", "Ways": "language",
    "SKILLS": "skills", "MIXTURE": "skills", "FACTUAL": "skills", "Item": "skills", "draw": "skills",
    "working": "skills",
    "passage": "stories", "READING": "stories",
    "write_world": "files", "test_items": "files", "SIZES": "files", "TEST_SIZES": "files",
}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"{__name__} 里没有 {name!r}。")


def __dir__():
    return sorted([*globals(), *__all__])
