"""捣乱：每个阶段、两个进程，在随机的时刻一次次打死，接着练，最后与没断过的逐位相同。共 50 次，make test-full 里跑。

时刻由种子定，种子印在输出里；照原样重来：MINIMIND_CHAOS_SEED=种子 pytest tests/test_chaos.py -m slow -s
"""

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import test_offline_stages as offline
import test_rl as online
from conftest import spawn
from stage_runs import ROOT, final, journal, same, train, without_python_random

from minimind.learning.stages import STAGES

slow = pytest.mark.slow
SEED = int(os.environ.get("MINIMIND_CHAOS_SEED", 0))
KILLS, KILLS_OF_TWO, STEPS = 4, 3, 24  # 十一个阶段各 4 次，两个进程的两个阶段各 3 次：50 次
KEYS = ("model", "modules", "optimizer", "rng", "replay", "stage", "step", "samples", "epoch")
CHILD = f"""
import json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from stage_runs import train
train(*json.loads(sys.argv[1]))
"""
offline_kit, online_kit = offline.kit, online.kit


@pytest.fixture(scope="module")
def kits(small, tmp_path_factory):
    return {name: kit.__wrapped__(small, tmp_path_factory) for name, kit in (("a", offline_kit), ("b", online_kit))}


def arguments(name: str, kits: dict, home: Path, **more) -> dict:
    "这个阶段的参数：每步存一次，走 STEPS 步。"
    more = dict(max_steps=STEPS, save_interval=1, epochs=99, from_resume=1) | more
    if name in ("pretrain", "full_sft"):
        kit = kits["a"]
        given = offline.given("dpo", kit, home, packing=1, data_path=str(kit["sft"]))
        if name == "pretrain":
            text = kit["home"] / "text.jsonl"
            text.write_text("".join(json.dumps({"text": w * 3}, ensure_ascii=False) + "\n" for w in offline.WORDS * 9))
            given |= dict(data_path=str(text), from_weight="none", replay_path="")
        return given | more
    if name in offline.NAMES:
        return offline.given(name, kits["a"], home, **more)
    stream = dict(spo="stream", num_generations=1, batch_size=4)
    extra = dict(ppo=online.PPO, agent=online.agent_args(kits["b"]), spo=stream)
    return online.given_args(kits["b"], home, **extra.get(name, {}), **more)


def ends_alike(whole: Path, home: Path) -> None:
    a, b = without_python_random(final(whole)), without_python_random(final(home))
    assert a["step"] == STEPS
    for key in KEYS:
        assert same(a[key], b[key]), key
    assert [r["step"] for r in journal(home)] == list(range(1, STEPS + 1))  # 曲线没有叠两层，也没有缺
    assert not [p for p in home.rglob("*") if p.name.endswith((".tmp", ".next.pth"))]


def ready(child) -> str:
    "等到它要走第一步，返回此前说的话；没走到就结束了的也返回。"
    said = []
    while not (said and re.search("：共 .* 步", said[-1])):
        said.append(child.stdout.readline())
        if not said[-1]:
            break
    return "".join(said)


def at_step(home: Path) -> int:
    "断点在第几步；还没有是 0。"
    saved = list(home.glob("checkpoints/*_resume.pth"))
    return final(home)["step"] if saved else 0


@slow
@pytest.mark.parametrize("name", [s.name for s in STAGES])
def test_every_stage_survives(name, kits, tmp_path):
    seed = f"{SEED}-{name}"
    rng, env = random.Random(seed), {**os.environ, "PYTHONPATH": str(ROOT)}
    seconds = train(name, arguments(name, kits, tmp_path / "whole")).seconds
    begin = lambda home: spawn(CHILD, json.dumps([name, arguments(name, kits, home)]), env=env, cwd=ROOT, merge=True)
    home, at = tmp_path / "hit", []
    while len(at) < KILLS:
        child = begin(home)
        if rng.random() < 0.75:  # 多半在走步与存盘时，有时在导入与载入时
            ready(child)
        time.sleep(rng.uniform(0, seconds / KILLS))
        child.kill()
        child.communicate()
        if child.returncode == 0:  # 没打着就走完了：照样要对，换一次再打
            ends_alike(tmp_path / "whole", home)
            home = tmp_path / f"hit{len(at)}"
        else:
            at.append(at_step(home))
    child = begin(home)
    out, _ = child.communicate(timeout=300)
    print(f"{name}：种子 {seed}，打死 {KILLS} 次，断点先后在第 {at} 步")
    assert child.returncode == 0, out[-3000:]
    ends_alike(tmp_path / "whole", home)


def torchrun(name: str, given: dict) -> subprocess.Popen:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    runs = json.dumps([[name, given]])
    return subprocess.Popen(
        [*command, str(Path(__file__).with_name("stage_runs.py")), runs], env=env, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )


@slow
@pytest.mark.parametrize("name", ["pretrain", "dpo"])
def test_two_processes_survive_a_power_cut(name, kits, tmp_path):
    "整组一起打死（断电）：看守、两个进程都没了。"
    seed = f"{SEED}-two-{name}"
    rng = random.Random(seed)
    child = torchrun(name, arguments(name, kits, tmp_path / "whole"))
    said, since = ready(child), time.monotonic()
    said += child.communicate(timeout=300)[0]
    assert child.returncode == 0, said
    seconds = time.monotonic() - since
    given, at = arguments(name, kits, tmp_path / "hit"), []
    while len(at) < KILLS_OF_TWO:
        child = torchrun(name, given)
        ready(child)
        time.sleep(rng.uniform(0, seconds / KILLS_OF_TWO / 2))
        assert child.poll() is None, "没打着就走完了：换一个 MINIMIND_CHAOS_SEED"
        everyone = [*psutil.Process(child.pid).children(recursive=True), child]
        for process in everyone:
            process.kill()
        child.communicate()
        at.append(at_step(tmp_path / "hit"))
    child = torchrun(name, given)
    out, _ = child.communicate(timeout=300)
    print(f"两个进程 {name}：种子 {seed}，打死 {KILLS_OF_TWO} 次，断点先后在第 {at} 步")
    assert child.returncode == 0, out[-3000:]
    ends_alike(tmp_path / "whole", tmp_path / "hit")
