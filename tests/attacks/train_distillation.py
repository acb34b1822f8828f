"攻击蒸馏的检查器。"

import torch
import torch.nn.functional as F

from minimind.exercises import train_distillation as it


def by_cross_entropy(student, teacher, T):
    p = (teacher.detach() / T).softmax(-1)
    entropy = torch.distributions.Categorical(probs=p).entropy()
    return T**2 * (F.cross_entropy(student / T, p, reduction="none") - entropy).mean()


def soften_by_ratio(p, T):
    top = p.max()  # 与最大的那个之比，开 T 次方
    ratio = torch.exp(torch.log(p / top) / T)
    return ratio / ratio.sum()


def gradient_by_differences(student, teacher, T):
    student, teacher, step = student.double(), teacher.double(), 1e-5
    out = []
    for i in range(len(student)):
        nudge = torch.zeros_like(student)
        nudge[i] = step
        up, down = (it._reference((student + n)[None], teacher[None], T) for n in (nudge, -nudge))
        out.append((up - down) / (2 * step))
    return torch.stack(out).float()


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
    "distillation.soften": dict(
        right=[it._by_scores, soften_by_ratio],
        wrong={
            "除以温度": (lambda p, T: p / T / (p / T).sum(), "次方"),
            "再 softmax": (lambda p, T: (p / T).softmax(-1), "不是分数"),
            "没归一": (lambda p, T: p ** (1 / T), "归一"),
            "反了": (lambda p, T: p**T / (p**T).sum(), "更尖"),
            "全一样": (lambda p, T: torch.full_like(p, 1 / len(p)), "0.8"),
        },
    ),
    "distillation.gradient": dict(
        right=[it._by_autograd, gradient_by_differences],
        wrong={
            "忘了 1/T": (lambda s, t, T: T * T * it._soft(s, t, T), "链式法则"),
            "忘了 T²": (lambda s, t, T: it._soft(s, t, T) / T, "T²"),
            "没有 T": (it._soft, "还剩一个 T"),
            "方向反了": (lambda s, t, T: -T * it._soft(s, t, T), "方向"),
            "没除温度": (lambda s, t, T: T * it._soft(s, t, 1.0), "除以温度之后"),
            "总是零": (lambda s, t, T: torch.zeros_like(s), "梯度"),
        },
    ),
}
