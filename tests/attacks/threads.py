"攻击“旁边有别的程序时”的三个检查器。"

from itertools import accumulate

from minimind.exercises import threads as it


def core_by_core(work, threads, cores, neighbours):
    crowd = [0] * cores
    for n in range(neighbours):
        crowd[n % cores] += 1
    return max(work / threads * (1 + m) for m in sorted(crowd)[:threads])


def too_many_neighbours(work, threads, cores, neighbours):
    return work / threads * (1 + (threads > cores - neighbours))


def next_core(work, threads, cores, neighbours):
    return work / threads * (1 + it._loads(cores, neighbours)[min(threads, cores - 1)])


def by_trying(cores, neighbours):
    seconds = [round(core_by_core(1.0, k, cores, neighbours), 9) for k in range(1, cores + 1)]
    return 1 + seconds.index(min(seconds))


def one_less(cores, neighbours):
    return max(1, by_trying(cores, neighbours) - 1)


def slowest(cores, neighbours):
    return max(range(1, cores + 1), key=lambda k: core_by_core(1.0, k, cores, neighbours))


def speed_by_accumulate(durations, tokens, seconds):
    for steps, took in enumerate(accumulate(durations), 1):
        if steps > 1 and not took < seconds:
            break
    return tokens * steps / took


ATTACKS = {
    "threads.time": dict(
        right=[core_by_core],
        wrong={
            "取平均": (it._average_load, "最慢"),
            "只看最快的": (it._fastest_part, "最快"),
            "速度相加": (it._total_speed, "加起来"),
            "没有算邻居": (it._nobody_else, "邻居"),
            "先挑忙的": (it._busy_first, "先挑"),
            "活没有分": (it._not_split, "分开"),
            "邻居比核多就不会了": too_many_neighbours,
            "看错了一个核": next_core,
        },
    ),
    "threads.best": dict(
        right=[by_trying],
        wrong={
            "总是全部": (it._all_cores, "等它"),
            "只开空着的": (it._free_cores, "平分"),
            "一样快开多的": (it._most_threads, "最少"),
            "总是一个": (it._always_one, "没有用上"),
            "少开一个": one_less,
            "取了最慢的": slowest,
        },
    ),
    "threads.speed": dict(
        right=[speed_by_accumulate],
        wrong={
            "除以打算用的": (it._planned_time, "真正用掉"),
            "一步就停": (it._one_is_enough, "两步"),
            "没到就停": (it._stops_early, "再走一步"),
            "全部的步": (lambda d, tokens, seconds: len(d) * tokens / sum(d), "一到就停"),
            "数的是步": lambda d, tokens, seconds: speed_by_accumulate(d, 1, seconds),
        },
    ),
}
