"攻击“在显卡上量一步”的四个检查器。"

import torch

from minimind.exercises import accelerator as it


def one_wait_at_the_end(run, wait, clock, warmup, rounds):
    for _ in range(warmup):
        run()
    wait()
    start = clock()
    for _ in range(rounds):
        run()
    wait()
    return [(clock() - start) / rounds] * rounds


def waits_around_everything(run, wait, clock, warmup, rounds):
    out = []
    for i in range(warmup + rounds):
        wait()
        start = clock()
        run()
        wait()
        out.append(clock() - start)
    return out[warmup:]


def keeps_the_warm_up(run, wait, clock, warmup, rounds):
    return waits_around_everything(run, wait, clock, 0, warmup + rounds)


def by_steps(params, layers, width, length, tokens_per_second, matmul, matmul_seconds):
    m, k, n = matmul
    needed = 3 * (2 * params + 2 * layers * width * length)
    return needed * tokens_per_second * matmul_seconds / (2.0 * m * k * n)


def upside_down(*given):
    return 1 / it.solution_mfu(*given)


def in_percent(*given):
    return 100 * it.solution_mfu(*given)


def peak_with_else(run, reset, peak):
    reset()
    try:
        run()
    except torch.OutOfMemoryError:
        used = None
    else:
        used = peak() / 10**9
    return used


def resets_late(run, reset, peak):
    try:
        run()
    except torch.OutOfMemoryError:
        return None
    reset()
    return peak() / 1e9


def in_bytes(run, reset, peak):
    used = it.solution_peak(run, reset, peak)
    return used and used * 1e9


def swallows(run, reset, peak):
    try:
        return it.solution_peak(run, reset, peak)
    except Exception:
        return None


def runs_twice(run, reset, peak):
    it.solution_peak(run, reset, peak)
    return it.solution_peak(run, reset, peak)


def busy_or_full(tokens, launch_ms, microseconds):
    card_us = tokens * microseconds
    return 1.0 if card_us >= 1000 * launch_ms else card_us / (1000 * launch_ms)


ATTACKS = {
    "accelerator.timer": dict(
        right=[waits_around_everything],
        wrong={
            "不等": (it._never_waits, "派活"),
            "热身没干完": (it._warm_left_over, "热身"),
            "不热身": (it._cold, "几件活"),
            "只在最后等一次": (one_wait_at_the_end, "每一遍"),
            "热身也交了": (keeps_the_warm_up, "几个"),
        },
    ),
    "accelerator.mfu": dict(
        right=[by_steps],
        wrong={
            "只前向": (it._forward_only, "三倍"),
            "没有注意力": (it._no_attention, "注意力"),
            "一次乘加算一次": (it._one_per_pair, "两次"),
            "当成方阵": (it._square, "三个数"),
            "倒过来": (upside_down, "一半"),
            "写成百分数": (in_percent, "正好用满"),
        },
    ),
    "accelerator.peak": dict(
        right=[peak_with_else],
        wrong={
            "没有清零": (lambda run, reset, peak: run() or peak() / 1e9, "清零"),
            "走完才清零": (resets_late, "之前"),
            "返回了字节": (in_bytes, "1e9"),
            "放不下也抛": (lambda run, reset, peak: reset() or run() or peak() / 1e9, "返回 None"),
            "什么错都吞": (swallows, "不能说成放不下"),
            "量了两遍": (runs_twice, "几步"),
        },
    ),
    "accelerator.busy": dict(
        right=[busy_or_full],
        wrong={
            "一前一后": (lambda n, launch, us: n * us / 1e3 / (n * us / 1e3 + launch), "同时"),
            "超过了 1": (lambda n, launch, us: n * us / 1e3 / launch, "最多是 1"),
            "单位错了": (lambda n, launch, us: min(1.0, n * us / launch), "一千微秒"),
            "算了等着的": (lambda n, launch, us: 1 - busy_or_full(n, launch, us), "等着"),
            "倒过来": lambda n, launch, us: 1 / busy_or_full(n, launch, us),
        },
    ),
}
