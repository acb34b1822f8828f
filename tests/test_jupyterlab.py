"""在真正的 JupyterLab 里（无头的 Chromium）：全部运行、拖一下滑块、做出一道练习；界面说的是中文。

make test 跑三章；make test-full 跑每一章，重的几层缩小规模（IN_TEST），另有一份照学习者的样子全量跑。
"""

import json
import time

import pytest
from test_browser import ROOT, all_of, browser, course, lab, server, wait  # noqa: F401

pytestmark = pytest.mark.browser
BOOKS = (p for p in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
NBS = sorted(p.relative_to(ROOT).as_posix() for p in BOOKS)
HEAVY = ("nbs/7_trainer/", "nbs/8_serving/", "nbs/9_lab/")
OPEN = """
const [path, done] = arguments, app = window.jupyterapp;
(async () => {
  const panel = await app.commands.execute('docmanager:open', {path});
  await panel.context.ready;
  await panel.sessionContext.ready;
  window.panel = panel;
  return panel.content.widgets.length;
})().then(done, e => done('坏了：' + e));
"""
RUN = """
const done = arguments[0], app = window.jupyterapp, panel = window.panel;
(async () => {
  await app.commands.execute('notebook:run-all-cells');
  return [...panel.content.model.cells].filter(c => c.type == 'code').map(c => c.toJSON());
})().then(done, e => done('坏了：' + e));
"""
CLOSE = """
const done = arguments[0], panel = window.panel;
panel.context.model.dirty = false;
panel.sessionContext.shutdown().then(() => { panel.dispose(); done(true); }, e => done(String(e)));
"""


def script(page, text, *given):
    found = page.execute_async_script(text, *given)
    assert not (isinstance(found, str) and found.startswith("坏了")), found
    return found


def run_all(page, path):
    "打开一章，全部运行；返回代码格（nbformat 的样子）。"
    script(page, OPEN, path)
    return script(page, RUN)


def errors(cells):
    return [o["ename"] + "：" + o["evalue"] for c in cells for o in c["outputs"] if o["output_type"] == "error"]


@pytest.fixture
def jupyter(lab, course, browser, tmp_path, monkeypatch):  # noqa: F811
    "`jupyter(IN_TEST=…)` → 开着 JupyterLab 的一页；学习进度记在临时文件夹里。"

    def start(**env):
        for key, value in {"MINIMIND_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), **env}.items():
            monkeypatch.setenv(key, value)
        monkeypatch.delenv("MPLBACKEND", raising=False)  # 测试里不画图，学习者的内核要画
        page = browser(1280, 1000)
        page.get(lab(course, "README.md"))
        wait(page, lambda p: all_of(p, ".jp-MarkdownViewer, .jp-FileEditor"))
        page.set_script_timeout(1200)
        return page

    return start


def test_three_chapters_run_all_a_slider_moves_and_an_exercise_is_solved(jupyter, tmp_path):
    page = jupyter(IN_TEST="0")
    menu = [e.text for e in all_of(page, ".lm-MenuBar-itemLabel") if e.text]
    assert {"文件", "编辑", "运行", "内核"} <= {m.partition("(")[0] for m in menu}, menu

    start = time.perf_counter()
    cells = run_all(page, "nbs/00_start.ipynb")  # 从头到尾，真的训练出一个会答题的模型
    assert not errors(cells) and all(c["execution_count"] for c in cells)
    print(f"00_start 在 JupyterLab 里用了 {time.perf_counter() - start:.0f} 秒")
    script(page, CLOSE)

    assert not errors(run_all(page, "nbs/3_model/20_norm.ipynb"))
    before = slide(page)
    wait(page, lambda p: (now := pictures(p)) and now != before)
    page.save_screenshot(str(tmp_path / "lab-滑块.png"))
    script(page, CLOSE)

    passed = tmp_path / "home" / ".minimind" / "progress.jsonl"
    assert not errors(run_all(page, "nbs/3_model/21_norm_exercises.ipynb")) and not passed.exists()  # 空壳没有填
    answer = "\n".join([
        "def rms_norm(x, weight, eps):", "    wide = x.float()",
        "    y = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)",
        "    return (y * weight.float()).type_as(x)",
    ])
    page.execute_script(
        "const cell = [...panel.content.model.cells].find(c => c.sharedModel.getSource().includes('def rms_norm'));"
        "cell.sharedModel.setSource(arguments[0]);",
        answer,
    )
    cells = script(page, RUN)
    assert not errors(cells) and [json.loads(line)["id"] for line in passed.read_text().splitlines()] == ["norm.rms"]
    page.save_screenshot(str(tmp_path / "lab-练习.png"))


def pictures(page):
    "屏幕上滑块下面的图，各是哪些字节。"
    return [e.get_attribute("src") for e in all_of(page, ".widget-interact img, .jupyter-widgets img")]


def slide(page):
    "滚到第一个滑块，用键盘推它一格；返回推之前的图。"
    from selenium.webdriver.common.keys import Keys

    script(page, """
        const done = arguments[0];
        const at = panel.content.widgets.findIndex(w => w.model.sharedModel.getSource().startsWith('slider('));
        panel.content.activeCellIndex = at;
        panel.content.scrollToItem(at, 'center').then(() => done(at), e => done('坏了：' + e));
    """)
    handle = wait(page, lambda p: [e for e in all_of(p, ".noUi-handle") if e.is_displayed()])[0]
    before = wait(page, pictures)
    handle.click()
    handle.send_keys(Keys.ARROW_RIGHT)
    return before


@pytest.mark.slow
@pytest.mark.parametrize("small", [False, True], ids=["全量", "缩小"])
def test_every_notebook_runs_in_jupyterlab(jupyter, small):
    page, failed = jupyter(IN_TEST="1" if small else "0"), {}
    for path in (p for p in NBS if p.startswith(HEAVY) == small):
        cells = run_all(page, path)
        ran = [c for c in cells if "".join(c["source"]).strip()]
        if found := errors(cells) or [c["id"] for c in ran if not c["execution_count"]]:
            failed[path] = found
        script(page, CLOSE)
    assert not failed
