"""下载：本机开一台假的仓库，断线、指纹不对、404、没有网、盘满，样样都来一遍；真的仓库一次也没有碰。"""

import contextlib
import errno
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from minimind.cli import app
from minimind.dataset import download
from minimind.dataset.download import (
    DATA, HUBS, MODELS, RECIPES, Remote, digest_of, download_data, download_model, fetch, list_files, parse_listing,
    part_of, recipe_steps, resume_from, run_steps,
)
from minimind.inference.load import load_model
from minimind.learning.command import run_command
from minimind.learning.errors import UserError
from minimind.learning.stages import STAGES
from minimind.serving.convert import convert

ROWS = "".join(json.dumps({"text": f"第 {i} 句，{i * i}。"}, ensure_ascii=False) + "\n" for i in range(3000)).encode()
TALK = {"conversations": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好呀"}]}


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob " + str(len(data)).encode() + b"\0" + data).hexdigest()


class FakeHub:
    """一台假的仓库，两家的接口都会。

    `files` 是 {(种类, 仓库): {路径: 内容}}；`cut` 每次至多传多少字节就断线；`ranges=False` 不认 Range；
    `lie` 公布错的指纹；`status` 逐次先答的状态码；`moved` 把要文件的先转去 /cdn；
    `page` 是拿来顶替文件的（内容、信头）；`asked` 记着每次要文件时从第几个字节要起，`sent` 记着传了几个字节。
    """

    def __init__(self):
        self.files, self.cut, self.ranges, self.lie, self.status = {}, None, True, False, []
        self.asked, self.sent, self.digests, self.moved, self.page = [], [], True, False, None

    def tree(self, kind, repo, style):
        out = []
        for path, data in self.files[kind, repo].items():
            sha = "0" * 64 if self.lie else hashlib.sha256(data).hexdigest()
            if style == "ms":
                more = {"Sha256": sha} if self.digests else {}
                out.append({"Path": path, "Size": len(data), "Type": "blob"} | more)
                continue
            big = len(data) > 1000 or self.lie
            entry = {"type": "file", "path": path, "size": len(data), "oid": git_oid(data)}
            out.append(entry | ({"lfs": {"oid": sha, "size": len(data), "pointerSize": 130}} if big else {}))
        folder = [{"Path": "images", "Type": "tree", "Size": 0}, {"type": "directory", "path": "images", "oid": "1"}]
        return {"Code": 200, "Data": {"Files": [*out, folder[0]]}} if style == "ms" else [*out, folder[1]]

    def find(self, url):
        "网址 → 目录（JSON）或文件（字节）；没有就是 None。"
        at, query = urlsplit(url), {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        parts = unquote(at.path).strip("/").split("/")
        with contextlib.suppress(KeyError, IndexError, ValueError):
            if parts[:2] == ["api", "v1"]:
                kind, repo = parts[2][:-1], "/".join(parts[3:5])
                if "FilePath" in query:
                    assert query["Revision"] == "master"
                    return self.files[kind, repo][query["FilePath"]]
                assert parts[5:] == ["repo", "tree" if kind == "dataset" else "files"] and query["Recursive"] == "true"
                return self.tree(kind, repo, "ms")
            if parts[0] == "api":
                assert parts[4:] == ["tree", "main"] and query == {"recursive": "true"}
                return self.tree(parts[1][:-1], "/".join(parts[2:4]), "hf")
            kind, parts = ("dataset", parts[1:]) if parts[0] == "datasets" else ("model", parts)
            assert parts[2:4] == ["resolve", "main"]
            return self.files[kind, "/".join(parts[:2])]["/".join(parts[4:])]


@pytest.fixture
def hub(monkeypatch):
    fake = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found = fake.find(self.path.removeprefix("/cdn"))
            if found is None:
                return self.send_error(404)
            if not isinstance(found, bytes):
                return self.answer(200, json.dumps(found).encode())
            if fake.moved and not self.path.startswith("/cdn"):
                self.send_response(302)
                self.send_header("Location", f"/cdn{self.path}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            if fake.status:
                return self.send_error(fake.status.pop(0))
            if fake.page:
                return self.answer(200, *fake.page)
            start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if fake.ranges else 0
            fake.asked.append(int(self.headers.get("Range", "bytes=0-")[6:-1]))
            more = {"Content-Range": f"bytes {start}-{len(found) - 1}/{len(found)}"} if start else {}
            self.answer(206 if start else 200, found[start:], fake.cut, more)

        def answer(self, status, body, cut=None, more=()):
            self.send_response(status)
            for name, value in dict(more, **{"Content-Length": len(body)}).items():
                self.send_header(name, str(value))
            self.end_headers()
            fake.sent.append(len(body[:cut]))
            self.wfile.write(body[:cut])

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for one in HUBS.values():
        monkeypatch.setenv(one.env, f"http://127.0.0.1:{server.server_port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for repo in ("jingyaogong/minimind_dataset", "gongjy/minimind_dataset"):
        fake.files["dataset", repo] = {"pretrain_hq.jsonl": ROWS, "lora_identity.jsonl": json.dumps(TALK).encode()}
    fake.address = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    server.server_close()


BOTH = pytest.mark.parametrize("source", HUBS)


@BOTH
def test_a_whole_download(hub, tmp_path, source, capsys):
    path = download_data("pretrain_hq", source, tmp_path)
    assert path == tmp_path / "pretrain_hq.jsonl" and path.read_bytes() == ROWS
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    out = capsys.readouterr().out
    assert "指纹相符" in out and "开头 1,000 行检查通过" in out and hub.address in out


@BOTH
def test_a_broken_line_is_taken_up_where_it_broke(hub, tmp_path, source):
    hub.cut = len(ROWS) // 3 + 1
    path = download_data("pretrain_hq.jsonl", source, tmp_path, pause=0)
    assert path.read_bytes() == ROWS and hub.asked == [0, hub.cut, 2 * hub.cut]
    assert sum(n for n in hub.sent[1:]) == len(ROWS)  # 头一次是目录；一个字节也没有重传


def test_another_process_goes_on_from_the_part(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TRIES", 1)
    hub.cut, hub.status = 5000, []
    real, calls = download.open_url, []

    def flaky(url, start=0):
        calls.append(start)
        if len(calls) == 3:  # 目录、第一截，然后线路断了
            raise ConnectionResetError
        return real(url, start)

    monkeypatch.setattr(download, "open_url", flaky)
    with pytest.raises(UserError, match="再跑同一条命令会接着下"):
        download_data("pretrain_hq", output=tmp_path, pause=0)
    assert not (tmp_path / "pretrain_hq.jsonl").exists()
    [part] = tmp_path.glob("*.part")
    assert part.read_bytes() == ROWS[:5000]
    hub.cut = None
    assert download_data("pretrain_hq", output=tmp_path).read_bytes() == ROWS and hub.asked[-1] == 5000
    assert not list(tmp_path.glob("*.part"))


@BOTH
def test_a_redirect_keeps_the_range(hub, tmp_path, source):
    hub.moved, hub.cut = True, 50_000
    assert download_data("pretrain_hq", source, tmp_path, pause=0).read_bytes() == ROWS
    assert hub.asked == [*range(0, len(ROWS), hub.cut)] and len(hub.asked) > 1


def test_a_server_without_range_starts_over(hub, tmp_path):
    want = Remote("x", len(ROWS), "sha256:" + hashlib.sha256(ROWS).hexdigest())
    part_of(tmp_path / "x", want).write_bytes(b"?" * 700)
    hub.ranges = False
    url = f"{hub.address}/datasets/jingyaogong/minimind_dataset/resolve/main/pretrain_hq.jsonl"
    assert fetch(url, tmp_path / "x", want).read_bytes() == ROWS and hub.asked == [700]


def test_an_answer_that_starts_elsewhere_is_refused(hub, tmp_path, monkeypatch):
    want = Remote("x", len(ROWS))
    part_of(tmp_path / "x", want).write_bytes(ROWS[:700])
    real = download.open_url
    monkeypatch.setattr(download, "open_url", lambda url, start: real(url, start - 1))
    url = f"{hub.address}/datasets/jingyaogong/minimind_dataset/resolve/main/pretrain_hq.jsonl"
    with pytest.raises(UserError, match="不是要的那一段"):
        fetch(url, tmp_path / "x", want)
    assert part_of(tmp_path / "x", want).read_bytes() == ROWS[:700]


def test_two_processes_do_not_write_the_same_part(hub, tmp_path, capsys):
    from minimind.dataset.datasets import lock_of

    with lock_of(tmp_path / "pretrain_hq.jsonl"):
        other = threading.Thread(target=download_data, args=("pretrain_hq",), kwargs={"output": tmp_path})
        other.start()
        other.join(1)
        assert other.is_alive() and hub.asked == []
    other.join(60)
    assert (tmp_path / "pretrain_hq.jsonl").read_bytes() == ROWS and "等它下完" in capsys.readouterr().out


def test_a_part_of_another_version_is_not_continued(hub, tmp_path):
    old = part_of(tmp_path / "pretrain_hq.jsonl", Remote("x", 9, "sha256:" + "1" * 64))
    old.write_bytes(b"old")
    assert download_data("pretrain_hq", output=tmp_path).read_bytes() == ROWS and hub.asked == [0]


@BOTH
def test_a_wrong_checksum_leaves_nothing(hub, tmp_path, source):
    hub.lie = True
    with pytest.raises(UserError, match="指纹.*坏的已删掉"):
        download_data("pretrain_hq", source, tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_a_checksum_the_length_is_checked_and_said(hub, tmp_path, capsys):
    hub.digests = False
    assert download_data("pretrain_hq", "modelscope", tmp_path).read_bytes() == ROWS
    assert "只核对了长度" in capsys.readouterr().out


def test_what_is_there_already(hub, tmp_path, capsys):
    download_data("pretrain_hq", output=tmp_path)
    hub.asked.clear()
    download_data("pretrain_hq", output=tmp_path)
    assert hub.asked == [] and "不再下" in capsys.readouterr().out
    (tmp_path / "pretrain_hq.jsonl").write_bytes(ROWS[:-1] + b" ")  # 同样长，内容不同
    with pytest.raises(UserError, match="不是同一份"):
        download_data("pretrain_hq", output=tmp_path)
    assert (tmp_path / "pretrain_hq.jsonl").read_bytes() == ROWS[:-1] + b" "


def test_busy_servers_are_asked_again_and_refusals_are_not(hub, tmp_path):
    hub.status = [503, 429, 500]
    assert download_data("pretrain_hq", output=tmp_path, pause=0).read_bytes() == ROWS
    (tmp_path / "pretrain_hq.jsonl").unlink()
    hub.status, hub.sent = [403, 403], []
    with pytest.raises(UserError, match="不许下载（403）"):
        download_data("pretrain_hq", output=tmp_path, pause=0)
    assert hub.status == [403]  # 只问了一次


def test_a_server_that_stays_down_is_given_up(hub, tmp_path):
    hub.status = [503] * 50
    with pytest.raises(UserError, match="过一会儿再试（503）"):
        download_data("pretrain_hq", output=tmp_path, pause=0)
    assert len(hub.status) == 50 - download.TRIES


def test_what_the_repository_lacks(hub, tmp_path):
    now = "没有 sft_512.jsonl（现有：lora_identity.jsonl、pretrain_hq.jsonl）.*--revision"
    with pytest.raises(UserError, match=now):
        download_data("sft_512", output=tmp_path)
    with pytest.raises(UserError, match="没有这个文件（或仓库）（404）"):
        download_model("nobody/nothing", output=tmp_path)
    with pytest.raises(UserError, match="pretrain_hq"):
        download_data("pretrain_hp", output=tmp_path)
    with pytest.raises(UserError, match="modelscope"):
        download_data("pretrain_hq", "modelscop", tmp_path)


@BOTH
def test_no_network_is_one_sentence(tmp_path, monkeypatch, source):
    monkeypatch.setenv(HUBS[source].env, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(UserError) as told:
        download_data("pretrain_hq", source, tmp_path)
    other = "huggingface" if source == "modelscope" else "modelscope"
    assert HUBS[source].env in str(told.value) and f"--source {other}" in str(told.value)
    assert "\n" not in str(told.value) and "对方不接" in str(told.value)


def test_offline_by_choice_and_odd_mirrors(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match="HF_HUB_OFFLINE"):
        download_data("pretrain_hq", output=tmp_path)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    with pytest.raises(UserError, match="不是网址"):
        download_data("pretrain_hq", output=tmp_path)
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "www.modelscope.ai")
    assert HUBS["modelscope"].address == "https://www.modelscope.ai"


def test_a_login_page_is_not_a_listing(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "find", lambda url: b"<html>please log in</html>")
    with pytest.raises(UserError, match="答的不是目录"):
        download_data("pretrain_hq", output=tmp_path)
    monkeypatch.setattr(hub, "find", lambda url: {"error": "?"})
    with pytest.raises(UserError, match="目录读不懂"):
        download_data("pretrain_hq", output=tmp_path)


def test_too_little_room_is_said_before_the_first_byte(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: type("U", (), {"free": 1000})())
    with pytest.raises(UserError, match="只剩 0.00 GB"):
        download_data("pretrain_hq", output=tmp_path)
    assert hub.asked == []


def test_a_disk_that_fills_up_keeps_what_it_has(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 1000)
    real = download.save

    class Full:
        def __init__(self, file):
            self.file, self.name = file, file.name

        def write(self, chunk):
            if self.file.tell() >= 3000:
                raise OSError(errno.ENOSPC, "full")
            return self.file.write(chunk)

        def flush(self):
            self.file.flush()

    monkeypatch.setattr(download, "save", lambda answer, file, *rest: real(answer, Full(file), *rest))
    with pytest.raises(UserError, match="磁盘满了"):
        download_data("pretrain_hq", output=tmp_path)
    assert [p.stat().st_size for p in tmp_path.glob("*.part")] == [3000] and hub.asked == [0]
    monkeypatch.setattr(download, "save", real)
    assert download_data("pretrain_hq", output=tmp_path).read_bytes() == ROWS and hub.asked == [0, 3000]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\..\\x", "C:x"])
def test_names_that_leave_the_folder_are_refused(name):
    hf, ms = HUBS.values()
    with pytest.raises(UserError, match="想写到文件夹外面"):
        parse_listing(hf, [{"type": "file", "path": name, "size": 1, "oid": "a"}])
    with pytest.raises(UserError, match="想写到文件夹外面"):
        parse_listing(ms, {"Data": {"Files": [{"Path": name, "Size": 1, "Type": "blob"}]}})


def test_bad_rows_are_told_and_kept(hub, tmp_path, capsys):
    hub.files["dataset", "jingyaogong/minimind_dataset"]["pretrain_hq.jsonl"] = b'{"text": "ok"}\n{"txet": "?"}\n'
    assert download_data("pretrain_hq", output=tmp_path).exists()
    out = capsys.readouterr().out
    assert "提醒：开头 2 行里有 1 处毛病" in out and "pretrain_hq.jsonl:2" in out


def test_digests_agree_with_git_and_hashlib(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 7)
    (tmp_path / "x").write_bytes(ROWS)
    assert digest_of(tmp_path / "x", "git") == f"git:{git_oid(ROWS)}"
    assert digest_of(tmp_path / "x") == f"sha256:{hashlib.sha256(ROWS).hexdigest()}"


def test_resume_never_asks_beyond_the_end(tmp_path):
    part = tmp_path / "p"
    assert resume_from(part, 10) == 0
    for size, want in ((0, 0), (4, 4), (10, 10), (11, 0)):
        part.write_bytes(b"x" * size)
        assert resume_from(part, 10) == want


@BOTH
def test_a_model_is_loaded_from_its_folder(hub, tmp_path, source, nano):
    model, tokenizer, _ = nano
    source_folder = tmp_path / "made"
    convert(model, tokenizer, "llama", source_folder, "MiniMind2")
    repo = MODELS["MiniMind2"][0 if source == "huggingface" else 1]
    made = {p.name: p.read_bytes() for p in source_folder.iterdir()}
    hub.files["model", repo] = made | {".gitattributes": b"?", "images/a.png": b"?"}
    hub.cut = max(map(len, made.values())) // 2 + 1
    folder = download_model("MiniMind2", source, tmp_path / "got", pause=0)
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*")} == set(made)
    again, _ = load_model(folder)
    want = model.state_dict()
    assert all((want[k].float() == v).all() for k, v in again.state_dict().items())


def test_only_some_files_of_a_model(hub, tmp_path):
    hub.files["model", "me/mine"] = {"full_sft_512.pth": b"a", "pretrain_512.pth": b"b"}
    folder = download_model("me/mine", output=tmp_path, files="full_sft*")
    assert [p.name for p in folder.iterdir()] == ["full_sft_512.pth"]
    with pytest.raises(UserError, match="没有合于 x"):
        download_model("me/mine", output=tmp_path, files="x*")


def test_the_commands_list_what_there_is(capsys):
    assert run_command(app, ["data", "download", "--list"]) == 0 and run_command(app, ["model", "download"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in (*DATA, *MODELS))


def test_the_data_names_are_those_the_stages_read():
    from minimind.trainer.arguments import args_of

    paths = {getattr(args_of(stage)(), "data_path", "") for stage in STAGES}
    known = {f"dataset/{name}.jsonl" for name in DATA}
    assert {"dataset/pretrain_hq.jsonl", "dataset/sft_mini_512.jsonl", "dataset/dpo.jsonl"} <= paths & known


@pytest.mark.parametrize("name", RECIPES)
def test_every_step_of_a_recipe_is_a_command_that_parses(name):
    import click

    from minimind.trainer.arguments import expand_aliases

    for _, words in recipe_steps(name, "cuda", tasks="ceval-valid", max_steps=3):
        command, rest = app, expand_aliases(words)
        while isinstance(command, click.Group):
            command, rest = command.get_command(None, rest[0]), rest[1:]
        command.make_context("x", list(rest))  # 不认识的选项、不许的值在这里报错


def test_a_recipe_stops_and_goes_on(tmp_path):
    steps, ran = [("甲", ["a"]), ("乙", ["b"]), ("丙", ["c"])], []
    bad = {"b"}

    def run(words):
        ran.extend(words)
        return 3 if words[0] in bad else 0

    with pytest.raises(UserError, match="第 2 步（乙）没有跑成（退出码 3）"):
        run_steps(steps, tmp_path, run)
    bad.clear()
    run_steps(steps, tmp_path, run)
    assert ran == ["a", "b", "b", "c"]
    run_steps([steps[0], ("乙", ["b", "--new"]), steps[2]], tmp_path, run)  # 改过的那步起，后面的都重跑
    assert ran[4:] == ["b", "--new", "c"]


def test_the_recipe_prints_unless_told_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(download, "run_command_line", lambda words: pytest.fail("跑起来了"))
    for more in ([], ["--dry_run"], ["--yes", "--dry_run"]):
        assert run_command(app, ["recipe", "zero", "--device", "cuda", "--output", str(tmp_path), *more]) == 0
        assert "minimind train pretrain" in capsys.readouterr().out
    assert run_command(app, ["recipe", "zreo"]) == 2


def test_the_bill_of_a_recipe_follows_the_cost_chapter():
    from minimind.cli import recipe_bill
    from minimind.evaluation.cost import hours_of
    from minimind.model.config import MiniMindConfig

    rows = recipe_bill("zero", "", 100.0, 0.5, 2.0, 4.0)
    hours = hours_of(MiniMindConfig.preset("small"), 1600e6 / 4, 340, 100.0, 0.5)
    assert rows[0]["小时"] == round(hours, 2) and rows[0]["多少钱"] == round(hours * 2, 1)
    assert [row["一段"] for row in rows] == ["pretrain", "full_sft"]


def test_listing_follows_the_revision(hub, monkeypatch):
    asked = []
    monkeypatch.setattr(hub, "find", lambda url: asked.append(url) or {"Data": {"Files": []}})
    assert list_files(HUBS["modelscope"], "dataset", "a/b", "v1/x") == []
    assert "Revision=v1%2Fx" in asked[0]


@pytest.mark.parametrize("text", ["", "{", "null", "5", '{"a": 1}', '["x"]'])
def test_a_damaged_record_means_nothing_is_done(tmp_path, text):
    (tmp_path / "recipe.json").write_text(text, encoding="utf8")
    ran = []
    run_steps([("甲", ["a", "b c"])], tmp_path, lambda words: ran.append(words) or 0)
    assert ran == [["a", "b c"]] and json.loads((tmp_path / "recipe.json").read_text(encoding="utf8")) == ran


def test_a_recipe_of_an_unknown_preset_is_one_sentence():
    with pytest.raises(UserError, match="nope"):
        recipe_steps("zero", preset="nope")


PAGES = [(b"<html>",), (b"\x1f\x8b" + bytes(len(ROWS) - 2), None, {"Content-Encoding": "gzip"})]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_place_of_the_file_leaves_the_part_alone(hub, tmp_path, page):
    "酒店的登录页、代理压缩过的：一个字节也不写进半截，换个网络再来照旧接着下。"
    hub.page = page
    with pytest.raises(UserError, match="登录页"):
        download_data("pretrain_hq", "huggingface", tmp_path, pause=0)
    assert [p.stat().st_size for p in tmp_path.iterdir()] in ([0], [])
    hub.page = None
    assert download_data("pretrain_hq", "huggingface", tmp_path, pause=0).read_bytes() == ROWS
