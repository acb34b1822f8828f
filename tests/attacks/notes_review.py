"攻击“复习”的两个检查器。"

from collections import deque

from minimind.exercises import notes_review as it


def round_with_deque(queue, marks):
    line, asked = deque((q, 0) for q in queue), []
    while line:
        q, turn = line.popleft()
        asked.append(q)
        if marks[q][turn] == 1:
            line.append((q, turn + 1))
    return asked


def due_by_insertion(cards, today, limit):
    ripe = [c for c in cards if c[1] is not None and c[1] <= today]
    out = []
    while ripe:
        first = min(ripe, key=lambda c: c[1])
        ripe.remove(first)
        out.append(first[0])
    fresh = [c for c in cards if c[1] is None]
    return (out + [c[0] for c in fresh if c[2]] + [c[0] for c in fresh if not c[2]])[:limit]


ATTACKS = {
    "notes_review.round": dict(
        right=[round_with_deque],
        wrong={
            "当场再问": (it._right_away, "当场"),
            "只再问一次": (it._only_twice, "不止两次"),
            "不再问": (it._never_again, "还要再问"),
            "后忘的先问": (it._to_the_front, "先忘的"),
            "想久了也算忘": (it._slow_counts, "2 分"),
        },
    ),
    "notes_review.due": dict(
        right=[due_by_insertion],
        wrong={
            "新题在前": (it._new_first, "新题在后"),
            "没到期也问": (it._everything, "还没到期"),
            "刚到期的在前": (it._newest_first, "最久"),
            "不看星": (it._no_stars, "⭐️"),
            "今天的不算": (it._not_today, "今天到期"),
            "不截断": (lambda cards, today, limit: due_by_insertion(cards, today, 99), "最多"),
        },
    ),
}
