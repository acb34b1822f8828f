"攻击蒸馏的检查器。"

import torch
import torch.nn.functional as F

from minimind.exercises import train_distillation as it


def by_cross_entropy(student, teacher, T):
    p = (teacher.detach() / T).softmax(-1)
    entropy = torch.distributions.Categorical(probs=p).entropy()
    return T**2 * (F.cross_entropy(student / T, p, reduction="none") - entropy).mean()


ATTACKS = {
    "distillation.kl": dict(
        right=[by_cross_entropy],
        wrong={
            "方向反了": (it._reversed, "方向"),
            "没有 T²": (it._no_square, "T²"),
            "词表也平均": (it._over_all, "词表"),
            "老师没有除以温度": (it._only_student, "老师那边"),
            "求和": (lambda s, t, T: it._reference(s, t, T) * len(s), "三行"),
            "没有减熵": (lambda s, t, T: T**2 * F.cross_entropy(s / T, (t.detach() / T).softmax(-1)), "两个词条"),
            "老师有梯度": (
                lambda s, t, T: T**2 * F.kl_div((s / T).log_softmax(-1), (t / T).softmax(-1), reduction="batchmean"),
                "梯度",
            ),
        },
    ),
}
