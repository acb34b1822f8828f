"攻击“阶段”的两个检查器。"

import copy

from minimind.exercises import stage as it


def by_shares(pieces):
    tokens = sum(n for *_, n in pieces)
    return sum((ce / n + aux) * n / tokens for ce, aux, n in pieces if n) if tokens else 0.0


def not_divided(pieces):
    return sum(ce + aux * n for ce, aux, n in pieces)


def cross_entropy_times_tokens(pieces):
    return sum((ce + aux) * n for ce, aux, n in pieces) / max(1, sum(n for *_, n in pieces))


def by_state_dict(model, resume):
    reference = copy.deepcopy(model)
    reference.load_state_dict({k: v.clone() for k, v in model.state_dict().items()})
    for p in reference.parameters():
        p.requires_grad = False
    reference.train(False)
    resume(model)
    return reference


def resumes_twice(model, resume):
    reference = it.solution_reference(model, resume)
    resume(model)
    return reference


def resumes_the_copy(model, resume):
    reference = copy.deepcopy(model).eval().requires_grad_(False)
    resume(reference)
    return reference


def weights_only(model, resume):
    kept = copy.deepcopy(model.state_dict())
    resume(model)
    return kept


ATTACKS = {
    "stage.total": dict(
        right=[by_shares],
        wrong={
            "直接加进和里": (it._aux_bare, "先乘"),
            "没有加": (it._no_aux, "没有加"),
            "每个微批加一遍": (it._aux_after, "越碎越大"),
            "一样重地平均": (it._aux_averaged, "更重"),
            "平均的平均": (it._mean_of_means, "被放大"),
            "没有除": not_divided,
            "都乘了 token 数": cross_entropy_times_tokens,
        },
    ),
    "stage.reference": dict(
        right=[by_state_dict],
        wrong={
            "抄得太晚": (it._too_late, "太晚"),
            "返回模型自己": (it._same_one, "模型自己"),
            "浅拷贝": (it._shallow, "浅拷贝"),
            "没有冻": (it._not_frozen, "没有冻住"),
            "没有 eval": (it._still_training, "dropout"),
            "两个都冻了": (it._froze_both, "接着练"),
            "没有续训": (it._never_resumed, "resume"),
            "续训了两次": (resumes_twice, "2 次"),
            "续训了副本": (resumes_the_copy, "resume"),
            "只留了权重": (weights_only, "参考模型"),
        },
    ),
}
