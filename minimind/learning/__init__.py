"""第 0 层 · 工具：画图、路径、出错的话、练习引擎、笔记引擎、阶段表、命令行的脸面。

名字用到时才载入，所以 `import minimind.learning` 很快。
"""
from importlib import import_module

_WHERE = {
    "errors": ["UserError", "at_line", "unknown"],
    "terminal": ["any_screen", "line_reader", "printable", "say", "show"],
    "device": ["available_devices", "cpu_has_bf16", "pick_device", "pick_dtype"],
    "paths": ["PACKAGE", "ROOT", "OUT", "home", "in_test", "atomic_open", "atomic_write"],
    "plotting": ["COLORS", "setup", "heatmap", "curves", "bars", "token_strip", "slider", "visible", "color_of"],
    "exercises": [
        "CheckFailed", "card", "checker", "check", "why", "hint", "expect_close", "expect_shape", "expect_equal",
        "expect_true", "expect_raises", "expect_agrees", "expect_gradient", "solution", "progress", "progress_table",
    ],
    "notes": ["slug", "headings", "questions", "links", "apply_edits", "renumber", "insert_question"],
    "notes_store": ["today", "note_folder", "read_notes", "editing"],
    "notes_write": ["ask", "done", "init", "log", "material", "problem", "sync", "think"],
    "stages": [
        "STAGES", "StageInfo", "find_stage", "get_stage", "stage_of_weight",
        "weight_stem",
    ],
    "command": ["Command", "Group", "LazyGroup", "option", "switch", "run_command"],
    "doctor": ["Finding", "examine", "report"],
    "notes_review": ["commit", "form", "review", "review_widget"],
    "route": ["chapters", "find_chapter", "route_page"],
    "study": ["overview", "plan", "progress_widget"],
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
