"攻击“同伴”的两个检查器。"

from minimind.exercises import peers as it


def in_two_lines(board, rank, reason):
    now = board.compare_set("failed", "", f"{rank}\t{reason}")
    return now.partition("\t")[0] == str(rank)


def silent(board, rank, reason):
    return False


def other_name(board, rank, reason):
    mine = f"{rank}\t{reason}"
    return board.compare_set("reason", "", mine) == mine


def no_rank(board, rank, reason):
    return board.compare_set("failed", "", reason) == reason


def gives_the_note(board, rank, reason):
    return board.compare_set("failed", "", f"{rank}\t{reason}")


def by_elimination(me, node, peers, left, alive):
    fine = {me, *left, *(r for r, (where, pid) in peers.items() if where != node or pid in alive)}
    return sorted(set(peers) - fine)


def itself_too(me, node, peers, left, alive):
    return sorted({*by_elimination(me, node, peers, left, alive), me})


def the_living(me, node, peers, left, alive):
    return sorted(set(peers) - {me} - {*by_elimination(me, node, peers, left, alive)})


ATTACKS = {
    "peers.blame": dict(
        right=[in_two_lines],
        wrong={
            "先看再写": (it._looks_first, "你看了一眼之后"),
            "直接盖掉": (it._overwrites, "不能盖掉"),
            "总说是我": (it._always_mine, "只能有一个"),
            "有字就算": (it._anything_there, "只能有一个"),
            "只比原因": (it._same_words, "一字不差"),
            "先问再写": (it._asks_before, "只能有一个"),
            "从不开口": silent,
            "写错了名字": (other_name, "failed"),
            "没有编号": (no_rank, "黑板上应是"),
            "返回了内容": (gives_the_note, "True 或 False"),
        },
    ),
    "peers.missing": dict(
        right=[by_elimination],
        wrong={
            "别的机器也算": (it._all_machines, "别的机器"),
            "走了的也算": (it._left_too, "平安"),
            "拿编号当进程号": (it._ranks_not_pids, "进程号"),
            "没报到的也算": (it._never_came, "没报到"),
            "没有排序": (it._unsorted, "从小到大"),
            "自己也算": itself_too,
            "给的是还在的": the_living,
        },
    ),
}
