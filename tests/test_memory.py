"内存的预计与实测：真的命令，真的峰值，出入不超过四分之一。"

import re
import sys

import pytest

SHAPES = {
    "nano，小批": ["--preset", "nano", "--batch_size", "4"],
    "nano，大批": ["--preset", "nano", "--batch_size", "32"],
    "nano，float32": ["--preset", "nano", "--batch_size", "16", "--dtype", "float32"],
    "tiny，攒梯度": ["--preset", "tiny", "--batch_size", "12", "--accumulation_steps", "2"],
    "nano，梯度重算": ["--preset", "nano", "--batch_size", "32", "--grad_ckpt", "1"],
}


@pytest.fixture(scope="module")
def many(small, tmp_path_factory):
    "够装满最大那一批的文字。"
    path = tmp_path_factory.mktemp("many") / "pretrain.jsonl"
    path.write_text(small["pretrain"].read_text(encoding="utf8") * 50, encoding="utf8")
    return path


@pytest.mark.parametrize("shape", SHAPES)
def test_every_training_command_says_its_memory_before_and_after_within_a_quarter(cli, small, many, tmp_path, shape):
    if not sys.platform.startswith("linux"):
        pytest.skip("只有 Linux 能把最高水位清零重记，别处量的是整个进程；在 Linux 上跑 pytest tests/test_memory.py")
    done = cli("train", "pretrain", *SHAPES[shape], "--data_path", many, "--tokenizer_path", small["tok"], "--save_dir", tmp_path, "--vocab_size", 2048,
               "--max_steps", 4, "--num_workers", 0, "--device", "cpu", home=tmp_path)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    guess = float(re.search(r"预计内存峰值 ([\d,]+) MB", said)[1].replace(",", ""))
    real = float(re.search(r"实测内存峰值 ([\d,]+) MB", said)[1].replace(",", ""))
    assert abs(real / guess - 1) <= 0.25, said
    assert sum(float(n.replace(",", "")) for n in re.findall(r"(?:程序|权重|梯度|优化器|激活) ([\d,]+)", said)) == pytest.approx(guess, abs=3)
