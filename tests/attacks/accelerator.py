"攻击“在显卡上量一步”的两个检查器。"

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
}
