"""依次训练几个真的阶段：python tests/run_stages.py '[["dpo", {"save_dir": "…"}]]'（单进程，或由 torchrun 启动）"""

import json
import sys

from minimind.learning.stages import get_stage
from minimind.trainer.arguments import args_of, make_args, train_of
from minimind.trainer.peers import distributed

if __name__ == "__main__":
    with distributed("cpu"):
        for name, given in json.loads(sys.argv[1]):
            stage = get_stage(name)
            train_of(stage)(make_args(args_of(stage), **given))
