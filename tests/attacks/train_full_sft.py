"攻击监督微调的检查器。"

import torch

from minimind.exercises import train_full_sft as it


def labels_by_state(ids, roles):
    out, answering = [], False
    for token, role in zip(ids, roles):
        out.append(token if role == "a" or answering and role == "e" else -100)
        answering = role == "a"
    return out


def any_end_after_answer(ids, roles):
    out, answered = [], False
    for token, role in zip(ids, roles):
        answered |= role == "a"
        out.append(token if role == "a" or answered and role == "e" else -100)
    return out


def wraps_around(ids, roles):
    return [i if r == "a" or r == "e" and roles[at - 1] == "a" else -100 for at, (i, r) in enumerate(zip(ids, roles))]


def learns_markers(ids, roles):
    return [i if r in "am" else l for i, r, l in zip(ids, roles, labels_by_state(ids, roles))]


def per_dialogue_by_weights(nll, mask):
    counts = mask.sum(1, keepdim=True)
    weights = mask / counts.clamp(min=1) / (counts > 0).sum()
    return (nll * weights).sum()


def by_nanmean(nll, mask):
    return ((nll * mask).sum(1) / mask.sum(1)).nanmean()


def longest_row(nll, mask):
    return ((nll * mask).sum(1) / mask.sum(1).max()).sum() / (mask.sum(1) > 0).sum()


def drops_first_row(nll, mask):
    return per_dialogue_by_weights(nll[-2:], mask[-2:])


def share_running(rows):
    learnt = total = 0
    for row in rows:
        for label in row:
            learnt, total = learnt + (label != -100), total + 1
    return learnt / total


def only_first_row(rows):
    return share_running(rows[:1])


def in_percent(rows):
    return 100 * share_running(rows)


def told_by_parts(loss, n, extra):
    return loss - loss * extra / (n + extra)


def one_newline(loss, n, extra):
    return loss * n / (n + 1)


ATTACKS = {
    "sft.labels": dict(
        right=[labels_by_state],
        wrong={
            "每个结束标记都学": (it._every_end, "替用户收尾"),
            "没学结束标记": (it._no_end, "不知道停"),
            "回答过以后的结束标记都学": (any_end_after_answer, "标签"),
            "开头的下标绕到了末尾": (wraps_around, "随机"),
            "连模板标记也学": (learns_markers, "一问一答"),
            "标签错了一位": (lambda ids, roles: labels_by_state(ids, roles)[1:] + [-100] * bool(ids), "一问一答"),
        },
    ),
    "sft.per_dialogue": dict(
        right=[per_dialogue_by_weights],
        wrong={
            "按 token 平均": (it._per_token, "长的说了算"),
            "空的也算进分母": (it._count_empty, "分母"),
            "nanmean：数值对，梯度是 nan": (by_nanmean, "梯度"),
            "除以最长的": (longest_row, "一长一短"),
            "只看最后两段": (drops_first_row, "没有可学的"),
            "没有用掩码": (lambda nll, mask: nll.mean(1)[mask.any(1)].mean(), "掩码"),
            "返回数": (lambda nll, mask: per_dialogue_by_weights(nll, mask).item(), "张量"),
            "每段求和": (lambda nll, mask: torch.stack([(nll * mask).sum(1)]).mean(), "一长一短"),
        },
    ),
    "sft.share": dict(
        right=[share_running],
        wrong={
            "先按段平均": (it._mean_of_shares, "再平均"),
            "不学的比例": (lambda rows: 1 - share_running(rows), "不学的比例"),
            "0 不算": (lambda rows: sum(l > 0 for r in rows for l in r) / sum(map(len, rows)), "编号是 0"),
            "只有个数": (lambda rows: float(sum(l != -100 for r in rows for l in r)), "除以全部"),
            "只看第一段": only_first_row,
            "写成了百分数": in_percent,
        },
    ),
    "sft.told": dict(
        right=[told_by_parts],
        wrong={
            "没有动": (lambda loss, n, extra: loss, "分母"),
            "两头平均": (lambda loss, n, extra: loss / 2, "按个数"),
            "除以换行": (lambda loss, n, extra: loss * n / extra if extra else loss, "该是全部"),
            "反而高了": (lambda loss, n, extra: loss * (n + extra) / n, "也算了"),
            "总当一个换行": one_newline,
        },
    ),
}
