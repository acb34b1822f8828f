"""昇腾这条路：没有真卡，用一个真会执行的替身（tests/npu）走一遍；查得出走不走得通、数对不对，查不出快慢与真卡的脾气。"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import command_env
from course import ROOT

HERE = Path(__file__).parent / "npu"
pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or not shutil.which("c++") or not shutil.which("ninja"),
        reason="替身是 C++ 写的：要 Linux、c++ 与 ninja；装上之后跑 pytest tests/test_npu.py",
    )
]


@pytest.fixture(scope="module")
def npu(tmp_path_factory):
    "替身的环境变量；头一次要编译，约半分钟，编好的留在临时文件夹里。"
    build = "import torch_npu; print(torch_npu.build())"
    done = subprocess.run([sys.executable, "-c", build], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    path = os.pathsep.join([str(HERE), str(ROOT)])
    log = tmp_path_factory.mktemp("npu") / "log"
    return {"NPU_SIM": done.stdout.strip().splitlines()[-1], "PYTHONPATH": path, "NPU_SIM_LOG": str(log)}


def seen(npu, rank=0) -> dict:
    return json.loads(Path(f"{npu['NPU_SIM_LOG']}.{rank}").read_text(encoding="utf8"))


def test_one_card_learns_what_the_cpu_learns(npu, small, tmp_path):
    "五步损失相同，共用的词嵌入还共用，半精度断了能续，溢出说一声，写出的字相同：一件件在 tests/npu/walk.py 里。"
    given = {k: str(v) for k, v in small.items()} | {"home": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, HERE / "walk.py", json.dumps(given)], env=command_env(tmp_path, **npu), cwd=tmp_path,
        capture_output=True, text=True, timeout=500,
    )
    assert done.returncode == 0 and "都走通了" in done.stdout, done.stdout + done.stderr
    calls = seen(npu)["calls"]
    assert calls["aten::mm"] > 100 and calls["aten::_amp_foreach_non_finite_check_and_unscale_"] > 10  # 真在替身上算的


def flags(small, home, **more) -> list[str]:
    usual = dict(
        hidden_size=32, num_hidden_layers=2, max_seq_len=32, accumulation_steps=1, epochs=8, max_steps=5,
        num_workers=0, log_interval=1, learning_rate=1e-2, data_path=small["pretrain"], tokenizer_path=small["tok"],
        save_dir=home / "out", **more,
    )
    return [word for k, v in usual.items() for word in (f"--{k}", str(v))]


def losses(home) -> list[float]:
    lines = (home / "out/metrics.jsonl").read_text(encoding="utf8").splitlines()
    return [json.loads(line)["loss"] for line in lines]


def test_the_script_opens_two_cards_over_hccl(npu, small, tmp_path, cli):
    (tmp_path / "one").mkdir()
    one = cli(
        "train", "pretrain", *flags(small, tmp_path / "one", batch_size=4, dtype="float32", device="cpu"),
        home=tmp_path,
    )
    assert one.returncode == 0, one.stderr
    done = subprocess.run(
        ["bash", ROOT / "scripts/run_train_npu.sh", "pretrain", "--nproc", "2", "--use_compile", "1",
         *flags(small, tmp_path, batch_size=2)],
        env=command_env(tmp_path, **npu, PYTHON=sys.executable), capture_output=True, text=True, timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "npu，float16" in done.stdout and "不编译" in done.stdout
    for rank in (0, 1):
        told = seen(npu, rank)
        assert told["groups"] == [["hccl", rank]] and told["card"] == rank  # 先认准自己的卡，再建组
        assert told["autocast"] == [["npu", "torch.float16"]] and told["scalers"] == [["npu", True]]
        assert told["compiled"] == 0 and told["hccl"]["allreduce"] >= 10 and told["hccl"]["broadcast"] >= 1
    assert max(abs(a - b) for a, b in zip(losses(tmp_path / "one"), losses(tmp_path), strict=True)) < 0.02


def test_without_the_driver_it_is_simply_not_there(small, tmp_path):
    "装了 torch_npu 而没有驱动：导入抛 ImportError，就当没有，别处照跑。"
    (tmp_path / "torch_npu.py").write_text("raise ImportError('libhccl.so')\n", encoding="utf8")
    code = "from minimind.learning.device import available_devices as a; print(a())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=command_env(tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"),
        capture_output=True, text=True, cwd=tmp_path,
    )
    assert done.returncode == 0 and "npu" not in done.stdout, done.stderr
