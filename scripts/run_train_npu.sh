#!/usr/bin/env bash
# 在昇腾 NPU 上训练一个阶段：
#   bash scripts/run_train_npu.sh pretrain --epochs 1 --batch_size 32
# 这里自己的选项：--nproc 卡数（默认 8，给了 --devices 就是那几张）、--devices 0,1,…（看得见哪几张）、
# --max_restarts 有进程没了最多重新拉起几次、--dry_run（只打印命令）。其余的原样交给训练。没说 --dtype 就用 float16。
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
[ -x .venv/bin/python ] && python=${PYTHON:-.venv/bin/python}

if [ $# -eq 0 ] || [ "$1" = "-h" ] || [ "$1" = "--help" ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0"
  exit 0
fi
asked=$1
shift

# 阶段的正名由阶段表说了算（sft、train_ppo 这样的别名也认）
module=$("$python" - "$asked" <<'PY'
import sys
from minimind.learning.stages import STAGES, find_stage

stage = find_stage(sys.argv[1])
if stage is None:
    sys.exit(f"错误：没有训练阶段 {sys.argv[1]}；可以是 {'、'.join(s.name for s in STAGES)}。")
print(f"minimind.trainer.{stage.module}")
PY
) || exit 2

nproc="" dry=0 restarts=() flags=() precision=(--dtype float16)
need() {
  if [ "$1" -lt 2 ]; then
    echo "错误：$2 后面要跟$3。" >&2
    exit 2
  fi
}
while [ $# -gt 0 ]; do
  case $1 in
    --nproc=*|--nproc_per_node=*|--devices=*|--max_restarts=*|--max-restarts=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
  esac
  case $1 in
    --nproc|--nproc_per_node) need $# "$1" 卡数; nproc=$2; shift 2 ;;
    --devices) need $# "$1" 卡的编号; export ASCEND_RT_VISIBLE_DEVICES=$2; shift 2 ;;
    --max_restarts|--max-restarts) need $# "$1" 次数; restarts=(--max-restarts "$2"); shift 2 ;;
    --dry_run|--dry-run) dry=1; shift ;;
    --dtype|--dtype=*) precision=(); flags+=("$1"); shift ;;
    *) flags+=("$1"); shift ;;
  esac
done
if [ -z "$nproc" ]; then
  nproc=8
  if [ -n "${ASCEND_RT_VISIBLE_DEVICES:-}" ]; then
    nproc=$(tr ',' '\n' <<< "$ASCEND_RT_VISIBLE_DEVICES" | grep -c .)
  fi
fi
if ! [[ $nproc =~ ^[1-9][0-9]*$ ]]; then
  echo "错误：--nproc 要是正整数，收到 $nproc。" >&2
  exit 2
fi

command=("$python" -m torch.distributed.run --standalone --nproc_per_node "$nproc"
  ${restarts[@]+"${restarts[@]}"} -m "$module" --device npu
  ${precision[@]+"${precision[@]}"} ${flags[@]+"${flags[@]}"})
if [ "$dry" = 1 ]; then
  printf '%s' "${ASCEND_RT_VISIBLE_DEVICES:+ASCEND_RT_VISIBLE_DEVICES=$ASCEND_RT_VISIBLE_DEVICES }"
  printf '%q ' "${command[@]}" | sed 's/ $//'
  echo
  exit 0
fi
exec "${command[@]}"
