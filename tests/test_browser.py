"""用真正的浏览器走一遍：聊天页面、报告、JupyterLab 里的一章。截图留在 pytest 的临时文件夹里。"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote

import pytest
from test_web import save_tiny

from minimind.cli import web_command

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --lang=zh-CN"
).split()


def program(name: str) -> str:
    path = shutil.which(name)
    if not path:
        pytest.fail(
            f"浏览器巡检要用 {name}，这台机器上没有；运行 apt-get install -y chromium chromium-driver"
            "（不想跑就加 -m 'not browser'）。",
            pytrace=False,
        )
    return path


@pytest.fixture
def browser(tmp_path):
    "打开一个干净的 Chromium：`browser(宽, 高, dark=…)`；结束时都关掉。"
    chromium, driver = program("chromium"), program("chromedriver")
    from selenium import webdriver

    opened = []

    def open_one(width=1280, height=900, dark=False):
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in [*FLAGS, f"--user-data-dir={tmp_path / f'chrome{len(opened)}'}", f"--window-size={width},{height}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
        page = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        opened.append(page)
        page.set_page_load_timeout(60)
        page.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            dict(width=width, height=height, deviceScaleFactor=1, mobile=width < 600),
        )
        page.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            dict(features=[dict(name="prefers-color-scheme", value="dark" if dark else "light")]),
        )
        return page

    yield open_one
    for page in opened:
        page.quit()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    "在自己的进程组里启动一个服务，等到它应答；结束时整组停掉。"
    running = []

    def start(argv, url, **env):
        log = (tmp_path / f"server{len(running)}.log").open("w+")
        process = subprocess.Popen(
            [str(a) for a in argv], stdout=log, stderr=subprocess.STDOUT, cwd=tmp_path, start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **env},
        )
        running.append(process)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                urllib.request.urlopen(url, timeout=2).read()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        log.seek(0)
        pytest.fail(f"服务没有在 60 秒内应答：{' '.join(map(str, argv))}\n{log.read()[-3000:]}", pytrace=False)

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def wait(page, what, seconds=40):
    "等到 `what(page)` 有值；等不到就连同页面上的文字一起报告。"
    from selenium.common.exceptions import StaleElementReferenceException

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := what(page):
                return found
        except StaleElementReferenceException:
            pass
        time.sleep(0.1)
    body = page.execute_script("return document.body.innerText")
    pytest.fail(f"等了 {seconds} 秒也没等到；页面上是：\n{body[:1500]}")


def all_of(page, css):
    return page.find_elements("css selector", css)


WEB_BOX, WEB_NOTE = "[data-testid=stChatInputTextArea]", "[data-testid=stCaptionContainer]"


ENDLESS = """
from functools import partial
import minimind.inference.tools as t
from minimind.serving.web_pages import main

t.stream_ids = partial(lambda real, *args, eos_token_id, **kw: real(*args, eos_token_id=None, **kw), t.stream_ids)
main()
"""


@pytest.fixture
def web_pages(server, tmp_path, small):
    "`web_pages()` 启动 minimind web，返回网址：两份没训练过的权重。`endless` 让聊天时写出结束标记也不停。"

    def start(endless: bool = False) -> str:
        home, port = tmp_path / "home", free_port()
        weight = save_tiny(home / "out", small["tok"], context=4096)
        save_tiny(home / "out", small["tok"], "pretrain_32", context=512)
        argv, url = web_command("127.0.0.1", port, str(weight)), f"http://127.0.0.1:{port}"
        if endless:
            (tmp_path / "endless.py").write_text(ENDLESS, encoding="utf8")
            argv = [tmp_path / "endless.py" if str(a).endswith("page.py") else a for a in argv]
        server(argv, f"{url}/_stcore/health", MINIMIND_HOME=str(home))
        return url

    return start


def notes_with(page, text):
    return [e for e in all_of(page, WEB_NOTE) if text in e.text]


def move_slider(page, label, key):
    "在叫 `label` 的滑块上按一个键（HOME 到头，END 到尾）。"
    from selenium import webdriver

    box = wait(page, lambda p: [e for e in all_of(p, "[data-testid=stSlider]") if e.text.startswith(label)])[0]
    page.execute_script("arguments[0].focus()", box.find_element("css selector", "input[type=range]"))
    webdriver.ActionChains(page).send_keys(key).perform()
    time.sleep(1)


def stays_at_home(page):
    "这一页没有向外站要过任何东西，也没有横着伸出屏幕。"
    asked = page.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    outside = [u for u in asked if not u.startswith(("http://127.0.0.1", "data:", "blob:"))]
    logged = [e["message"] for e in page.get_log("browser") if "http://127.0.0.1" not in e["message"]]
    return outside + logged


def test_chat_page(browser, web_pages, tmp_path):
    page = browser()
    url = web_pages()
    page.get(url)
    box = wait(page, lambda p: all_of(p, WEB_BOX))[0]
    examples = lambda p: all_of(p, "[data-testid=stMainBlockContainer] [data-testid=stButtonGroup] button")
    assert len(wait(page, examples)) == 5
    modes = all_of(page, "[data-testid=stSidebar] [data-testid=stButtonGroup] button")
    assert {"直接答", "先想再答", "深思", "中文", "English"} <= {b.text for b in modes}
    page.save_screenshot(str(tmp_path / "web-开场.png"))
    box.send_keys("你好 **你** <b>是</b>谁？\n")
    wait(page, lambda p: notes_with(p, "每秒"))
    said = all_of(page, "[data-testid=stChatMessage]")
    assert len(said) == 2 and "你好 **你** <b>是</b>谁？" in said[0].text and said[1].text.strip()
    assert not all_of(page, "[data-testid=stException], [data-testid=stAlertContainer]")
    assert not all_of(page, "[data-testid=stChatMessage] b, [data-testid=stChatMessage] strong")
    page.save_screenshot(str(tmp_path / "web-对话.png"))
    assert stays_at_home(page) == []

    phone = browser(400, 850, dark=True)
    phone.get(url)
    wait(phone, examples)[0].click()  # 点一个现成的问题
    wait(phone, lambda p: notes_with(p, "每秒"))
    assert phone.execute_script("return document.documentElement.scrollWidth") <= 400
    assert not examples(phone)
    phone.save_screenshot(str(tmp_path / "web-手机.png"))


def test_two_tabs_and_a_stop_in_the_middle(browser, web_pages, tmp_path):
    from selenium.webdriver.common.keys import Keys

    page = browser()
    url = web_pages(endless=True)
    page.get(url)
    wait(page, lambda p: all_of(p, WEB_BOX))
    page.switch_to.new_window("tab")
    first, second = page.window_handles
    page.get(url)
    wait(page, lambda p: all_of(p, WEB_BOX))
    page.switch_to.window(first)
    wait(page, lambda p: [e for e in all_of(p, "summary") if "更多设置" in e.text])[0].click()
    move_slider(page, "最多答几个 token", Keys.END)
    next(b for b in all_of(page, "[data-testid=stSidebar] button") if b.text == "深思").click()
    time.sleep(1)
    wait(page, lambda p: all_of(p, WEB_BOX))[0].send_keys("一直说\n")
    stop = "[class*=st-key-stop] button"
    wait(page, lambda p: all_of(p, stop))

    page.switch_to.window(second)  # 那边还在说，这边问自己的
    all_of(page, WEB_BOX)[0].send_keys("另一页\n")
    wait(page, lambda p: notes_with(p, "每秒"))
    assert [m.text.splitlines()[-1] for m in all_of(page, "[data-testid=stChatMessage]")][0] == "另一页"

    page.switch_to.window(first)
    wait(page, lambda p: len(all_of(p, "[data-testid=stChatMessage]")[1].text) > 20)
    page.save_screenshot(str(tmp_path / "web-正在说.png"))
    wait(page, lambda p: all_of(p, stop) and (all_of(p, stop)[0].click() or True))
    wait(page, lambda p: notes_with(p, "停在这里"))
    said = all_of(page, "[data-testid=stChatMessage]")[1].text
    assert len(said) > 20
    wait(page, lambda p: not all_of(p, stop))
    time.sleep(1)
    assert all_of(page, "[data-testid=stChatMessage]")[1].text == said  # 真的停了，说过的还在
    page.save_screenshot(str(tmp_path / "web-停下.png"))
    wait(page, lambda p: all_of(p, "[class*=st-key-again] button"))[0].click()  # 换一个回答，又说起来了
    wait(page, lambda p: all_of(p, stop))
    page.switch_to.window(second)
    assert len(all_of(page, "[data-testid=stChatMessage]")) == 2 and notes_with(page, "每秒")


def test_the_other_web_pages(browser, web_pages, tmp_path):
    page, url = browser(1280, 1000), web_pages()
    page.get(url)
    wait(page, lambda p: all_of(p, WEB_BOX))
    go = lambda name: wait(page, lambda p: [a for a in all_of(p, "a") if a.text.strip().endswith(name)])[0].click()
    go("比较")
    wait(page, lambda p: len(all_of(p, "[data-testid=stMainBlockContainer] [data-testid=stSelectbox]")) == 2)
    time.sleep(1)  # 聊天那一页的输入框换成这一页的
    wait(page, lambda p: all_of(p, WEB_BOX))[0].send_keys("小猫\n")
    wait(page, lambda p: len(notes_with(p, "每秒")) == 2)
    page.save_screenshot(str(tmp_path / "web-比较.png"))
    go("显微镜")
    wait(page, lambda p: len(all_of(p, "[data-testid=stMainBlockContainer] img")) >= 2)
    before = len(wait(page, lambda p: all_of(p, "[data-testid=stHtml] span")))
    all_of(page, "[class*=st-key-step] button")[0].click()
    wait(page, lambda p: len(all_of(p, "[data-testid=stHtml] span")) == before + 1)
    page.save_screenshot(str(tmp_path / "web-显微镜.png"))
    go("进度")
    wait(page, lambda p: all_of(p, "[data-testid=stProgress]"))
    page.save_screenshot(str(tmp_path / "web-进度.png"))
    next(b for b in all_of(page, "[data-testid=stSidebar] button") if b.text == "English").click()
    wait(page, lambda p: [a for a in all_of(p, "a") if a.text.strip().endswith("Progress")])
    go("Chat")  # 换页，语言还在
    wait(page, lambda p: [b for b in all_of(p, WEB_BOX) if "Say" in b.get_attribute("placeholder")])
    assert not all_of(page, "[data-testid=stException]") and stays_at_home(page) == []

    phone = browser(400, 850)
    for name in ("compare", "microscope", "progress"):
        phone.get(f"{url}/{name}")
        wait(phone, lambda p: all_of(p, "[data-testid=stMainBlockContainer] h3"))
        time.sleep(1)
        assert phone.execute_script("return document.documentElement.scrollWidth") <= 400
        phone.save_screenshot(str(tmp_path / f"web-手机-{name}.png"))


def test_report_page_fits_a_phone_and_asks_for_nothing(browser, tmp_path):
    from minimind.evaluation.exact_match import Report, Score
    from minimind.serving.report import SKILL_NAMES, curve_svg, skill_rows, write_report

    report = Report(by_skill={k: Score(3 * i, 60) for i, k in enumerate(SKILL_NAMES)})
    path = write_report(
        tmp_path / "report.html", date="2026-01-01", machine="电脑", seed=1, params=1_208_880,
        tiles=[dict(value="9 分钟", label="从零到会答")] * 4, bits=dict(before=3.2, after=0.5),
        curves=[curve_svg([dict(step=s, loss=6 / s, lr=1e-3) for s in range(1, 50)], "预训练")] * 2,
        tables=[dict(title="试卷", note="", rows=skill_rows(report, report), total=1, correct=1)], thinking=[],
        talk=[("你好", "长" * 300)],
        samples=[dict(skill="首都", question="w" * 200, prediction="好", reasoning="想", answers="甲", ok=False)],
        timings=[],
    )
    for width, dark in ((1200, False), (400, True)):
        page = browser(width, 900, dark)
        page.get(path.as_uri())
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
        ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, ground[4:-1].split(","))) < 200) == dark
        page.save_screenshot(str(tmp_path / f"report-{width}.png"))
        assert not page.get_log("browser")


def test_tokenizer_report_fits_a_phone_and_asks_for_nothing(browser, tmp_path):
    from minimind.serving.tokenizer_report import tokenizer_page
    from minimind.tokenizer.bpe import BPETokenizer
    from minimind.tokenizer.evaluate import evaluate_tokenizers

    text = "今天天气很好，我们去公园。the weather is nice today"
    names = ["只有字节", "小", "中", "很长的名字/很长的文件夹/tokenizer（手写）", "大", "更大", "第七个"]
    sizes = {name: 256 + 12 * i for i, name in enumerate(names)}
    found = evaluate_tokenizers({name: BPETokenizer.train([text] * 9, n) for name, n in sizes.items()}, iterations=1)
    path = tokenizer_page(tmp_path / "out", found, before=found)
    for width, dark in ((1200, False), (390, True)):
        page = browser(width, 900, dark)
        page.get(path.as_uri())
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
        cut = "return [...document.querySelectorAll('svg text')].filter(t => { const a = t.getBoundingClientRect(), "
        cut += "b = t.closest('svg').getBoundingClientRect(); return a.left < b.left || a.right > b.right || "
        cut += "a.bottom > b.bottom }).map(t => t.textContent)"
        assert page.execute_script(cut) == []  # 图里没有写到画布外面的字
        page.save_screenshot(str(tmp_path / f"tokenizers-{width}.png"))
        assert not page.get_log("browser")


@pytest.mark.slow
def test_the_whole_book_reads_well(tmp_path, browser):
    import docs

    site = tmp_path / "site"
    docs.main(site)  # 有走不通的链接、写不成的公式，这里就停了
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(list((ROOT / "nbs").rglob("*.ipynb")))
    for width in (1280, 390):
        tab = browser(width, 900)
        model = "nbs/3_model/4"
        for name in ("index.html", f"{model}0_attention.html", f"{model}1_attention_exercises.html", "notes.html"):
            tab.get((site / name).as_uri())
            assert tab.execute_script("return document.documentElement.scrollWidth") <= width, (name, width)
            assert not [e for e in tab.get_log("browser") if e["level"] == "SEVERE"]
            tab.save_screenshot(str(tmp_path / f"{Path(name).stem}-{width}.png"))
        tab.get((site / "search.html").as_uri() + "?q=注意力为什么要除以")
        assert tab.execute_script("return document.querySelectorAll('#found li').length") > 0
        for query, first in {"注意力": "25_attend", "旋转位置": "30_rope", "显存不够怎么办": "45_memory"}.items():
            tab.execute_script("show(arguments[0])", query)
            assert first in tab.execute_script("return document.querySelector('#found a').href"), query
        tab.save_screenshot(str(tmp_path / f"search-{width}.png"))


@pytest.fixture
def lab(server, tmp_path):
    "用 make lab 的命令在一个文件夹上启动 JupyterLab，返回它的网址；设置、工作区都放在临时文件夹里。"
    import lab as make_lab

    def start(course: Path, page: str, edit: bool = True) -> str:
        port = free_port()
        own = {f"JUPYTER_{k}_DIR": str(tmp_path / k.lower()) for k in ("CONFIG", "RUNTIME")}
        own |= {f"JUPYTERLAB_{k}_DIR": str(tmp_path / k.lower()) for k in ("SETTINGS", "WORKSPACES")}
        server(
            [
                *make_lab.command(course, page), "--no-browser", "--allow-root", "--expose-app-in-browser",
                "--ServerApp.token=tour", f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1",
            ],
            f"http://127.0.0.1:{port}/api?token=tour",
            IPYTHONDIR=str(tmp_path / "ipython"),
            **make_lab.environment(edit),
            **own,
        )
        return f"http://127.0.0.1:{port}/lab/tree/{page}?token=tour"

    return start


@pytest.fixture
def course(tmp_path):
    "课程的副本：真正的那份一个字节也不动。"
    copy = tmp_path / "course"
    shutil.copytree(ROOT / "nbs", copy / "nbs", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(ROOT / "learning_materials", copy / "learning_materials")
    for path in ROOT.glob("*.md"):
        shutil.copy(path, copy)
    return copy


SCROLL = """
const seen = [...document.querySelectorAll('.jp-Notebook')].find(n => n.offsetParent);
(seen.querySelector('.jp-WindowedPanel-outer') || seen).scrollTop += 700;
"""


def test_a_chapter_opens_in_jupyterlab(browser, lab, course, tmp_path):
    page = browser(1280, 1000)
    page.get(lab(course, "nbs/00_start.ipynb"))
    title = wait(page, lambda p: [e.text for e in all_of(p, ".jp-Notebook h1") if e.text])[0]
    assert title.rstrip("¶").strip() == "从这里开始：亲手造一个大语言模型"
    wait(page, lambda p: len(all_of(p, ".jp-CodeCell")) >= 3 and len(all_of(p, ".jp-MarkdownCell")) >= 3)
    assert not all_of(page, ".jp-Dialog")
    page.save_screenshot(str(tmp_path / "lab-开头.png"))
    picture = ".jp-OutputArea-output img, .jp-OutputArea-output svg, .jp-RenderedHTMLCommon table"

    def scroll(p):
        p.execute_script(SCROLL)
        time.sleep(0.3)
        return [e for e in all_of(p, picture) if e.is_displayed() and e.size["width"] > 100]

    wait(page, scroll)
    time.sleep(1)
    page.save_screenshot(str(tmp_path / "lab-图.png"))


LINKS = {  # 哪一种 → 从哪一页、点哪个链接、打开的是哪个文件、页上的标题
    "章节": ("nbs/00_start.ipynb", "3_model/20_norm.ipynb", "nbs/3_model/20_norm.ipynb"),
    "练习": ("nbs/3_model/20_norm.ipynb", "21_norm_exercises.ipynb", "nbs/3_model/21_norm_exercises.ipynb"),
    "知识库": ("nbs/3_model/20_norm.ipynb", "../../knowledge_base.md#", "knowledge_base.md"),
    "指南": ("nbs/00_start.ipynb", "../NOTE_UPDATE_GUIDE.md", "NOTE_UPDATE_GUIDE.md"),
    "日志": ("nbs/00_start.ipynb", "../learning_log.md", "learning_log.md"),
}


def test_every_kind_of_link_in_a_lesson_opens_its_page(browser, lab, course, tmp_path):
    "课文里每一种链接点一个：页面真的打开，标题是那份文件的标题。"
    page = browser(1280, 1000)
    address = lab(course, "nbs/00_start.ipynb")
    at, log = "nbs/00_start.ipynb", tmp_path / "server0.log"
    page.get(address)
    for kind, (start, link, target) in LINKS.items():
        cells = json.loads((course / start).read_text(encoding="utf8"))["cells"]
        assert any(f"]({link}" in "".join(c["source"]) for c in cells), f"{start} 里已经没有通往{kind}的链接了"
        if at != start:
            page.get(address.replace("nbs/00_start.ipynb", start))
        wait(page, lambda p: current_tab(p) == Path(start).name)

        def ready(p):
            "链接在屏幕上了就点它；还没滚到就往下滚。"
            for a in all_of(p, ".jp-Notebook a"):
                path = unquote(a.get_attribute("href") or "").partition("?")[0]
                if path.endswith("/files/" + target) and a.is_displayed():
                    p.execute_script("arguments[0].scrollIntoView({block: 'center'})", a)
                    a.click()
                    return True
            if all_of(p, ".jp-Notebook"):
                p.execute_script(SCROLL)
                time.sleep(0.2)

        wait(page, ready)
        wait(page, lambda p: current_tab(p) == Path(target).name)
        body = (course / target).read_text(encoding="utf8")
        title = re.search(r'^(?:\s*")?# ([^"\n\\]+)', body, re.M)[1].strip()
        heading = ".jp-Notebook h1, .jp-MarkdownViewer h1"
        wait(page, lambda p: title in [e.text.rstrip("¶").strip() for e in all_of(p, heading) if e.is_displayed()])
        page.save_screenshot(str(tmp_path / f"lab-{kind}.png"))
        at = target
    assert not all_of(page, ".jp-Dialog")
    assert " 404 " not in log.read_text(encoding="utf8")
    page.get(address.partition("/lab/")[0] + "/lab/tree/learning_materials?token=tour")
    names = lambda p: {e.text for e in all_of(p, ".jp-DirListing-itemName")}
    wait(page, lambda p: "README.md" in names(p))  # 左边的文件列表也到得了仓库的根
    all_of(page, ".jp-BreadCrumbs-home")[0].click()
    wait(page, lambda p: {"nbs", "notes.md", "learning_log.md", "learning_materials"} <= names(p))


def current_tab(page) -> str:
    found = all_of(page, ".lm-DockPanel .lm-TabBar-tab.lm-mod-current .lm-TabBar-tabLabel")
    return found[0].text if found else ""


@pytest.mark.slow
def test_notes_form_and_review_in_jupyterlab(browser, lab, tmp_path):
    "在 JupyterLab 里填表单、复习一道题，笔记文件跟着变。"
    import nbformat
    from minimind.learning.notes_write import init

    course, notes = tmp_path / "course", tmp_path / "my-notes"
    course.mkdir()
    init(notes)
    cell = "from minimind.learning.notes_review import form, review_widget\n"
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(cell + f"form({str(notes)!r})"),
            nbformat.v4.new_code_cell(f"review_widget({str(notes)!r})"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(book, course / "notes.ipynb")
    page = browser(1280, 1000)
    page.get(lab(course, "notes.ipynb"))
    run = "window.jupyterapp.commands.execute('notebook:run-all-cells'); return true"
    wait(page, lambda p: len(all_of(p, ".jp-CodeCell")) == 2)
    time.sleep(3)  # 内核还在起
    page.execute_script(run)
    tabs = wait(
        page, lambda p: all_of(p, ".widget-tab .lm-TabBar-tab") or all_of(p, ".jupyter-widget-tab .lm-TabBar-tab")
    )
    tabs[-1].click()  # 「提问」那一页
    boxes = wait(
        page, lambda p: [e for e in all_of(p, "textarea") if e.is_displayed() and e.get_attribute("placeholder")]
    )
    for box, text in zip(boxes, ("为什么除以根号 d？", "点积的方差是 d，除以它的平方根才不会饱和。", "注意力")):
        box.send_keys(text)
    page.save_screenshot(str(tmp_path / "notes-表单.png"))
    button = next(e for e in all_of(page, "button.jupyter-button") if e.is_displayed() and e.text == "记下")
    button.click()
    wait(page, lambda p: "为什么除以根号 d？" in (notes / "knowledge_base.md").read_text(encoding="utf8"))
    page.save_screenshot(str(tmp_path / "notes-记下.png"))
    page.execute_script(run)  # 再跑一遍：复习里有这一题了
    wait(page, lambda p: [e for e in all_of(p, "b") if "为什么除以根号 d" in e.text])
    next(
        e
        for e in wait(
            page, lambda p: [e for e in all_of(p, "button.jupyter-button") if e.is_displayed() and e.text == "看答案"]
        )
    ).click()
    wait(page, lambda p: [e for e in all_of(p, "p") if e.text.startswith("点积的方差")])
    page.save_screenshot(str(tmp_path / "notes-复习.png"))
    grade = [e for e in all_of(page, "button.jupyter-button") if e.is_displayed() and e.text[:1].isdigit()]
    assert len(grade) >= 3
    grade[-1].click()
    wait(page, lambda p: [e for e in all_of(p, ".widget-html, .jupyter-widgets") if "今天没有到期" in e.text])
    assert not all_of(page, ".jp-Dialog")
