"攻击 int8 的检查器。"

import torch
import torch.nn.functional as F

from minimind.exercises import int8 as it


def quantize_by_rows(weight):
    rows, scales = [], []
    for row in weight:
        largest = float(row.abs().max())
        scales.append(largest / 127 if largest else 1.0)
        rows.append((row / scales[-1]).round().clamp(-127, 127))
    return torch.stack(rows).to(torch.int8), torch.tensor(scales)


def quantize_with(weight, levels=127.0, least=1e-12, largest=torch.Tensor.abs, rounding=torch.Tensor.round):
    scale = (largest(weight).amax(1) / levels).clamp(min=least)
    return rounding(weight / scale[:, None]).to(torch.int8), scale


def lookup_by_embedding(q, scale, ids):
    return torch.einsum("...h,...->...h", q[ids].float(), scale[ids])


def fused_by_narrow(x, weights):
    y, at, out = torch.matmul(x, torch.cat(weights, 0).transpose(0, 1)), 0, []
    for w in weights:
        out.append(y.narrow(-1, at, w.shape[0]))
        at += w.shape[0]
    return out


def equal_parts(x, weights):
    return list((x @ torch.cat(weights).T).chunk(len(weights), -1))


def whole(x, weights):
    return x @ torch.cat(weights).T


def separate(x, weights):
    return [F.linear(x, w) for w in weights]


def wrong_order(x, weights):
    return fused_by_narrow(x, weights[::-1])[::-1][::-1]


def pair_reversed(x):
    y = torch.cat((-x, x), -1)
    return F.layer_norm(y, (2 * x.shape[-1],))[..., x.shape[-1] :]


def half_scale(x):
    return pair_reversed(x) / 2**0.5


def all_rows(x):
    y = torch.cat((x, -x), -1)
    return F.layer_norm(y, y.shape)[..., : x.shape[-1]]


ATTACKS = {
    "int8.rows": dict(
        right=[quantize_by_rows],
        wrong={
            "全体一把尺子": (
                lambda w: ((w / (w.abs().max() / 127)).round().to(torch.int8), (w.abs().max() / 127).expand(len(w))),
                "抹平",
            ),
            "砍掉小数": (lambda w: quantize_with(w, rounding=torch.Tensor.trunc), "四舍五入"),
            "只用到 63 格": (lambda w: quantize_with(w, levels=63.0), "q"),
            "没看负数": (lambda w: quantize_with(w, largest=torch.clone), "格"),
            "尺子太粗的下限": (lambda w: quantize_with(w, least=1e-3), "q"),
            "q 还是浮点": (lambda w: (quantize_with(w)[0].float(), quantize_with(w)[1]), "int8"),
            "scale 多一维": (lambda w: (quantize_with(w)[0], quantize_with(w)[1][:, None]), "scale"),
        },
    ),
    "int8.lookup": dict(
        right=[lookup_by_embedding],
        wrong={
            "还原整张表": (lambda q, s, i: (q * s[:, None])[i], "整张"),
            "用 F.embedding 之前还原": (lambda q, s, i: F.embedding(i, q.float()) * s[i][..., None], "整张"),
            "忘了尺子": (lambda q, s, i: q[i].float(), "整数"),
            "除以尺子": (lambda q, s, i: q[i] / s[i][..., None], "查到的词向量"),
            "形状被压平": (lambda q, s, i: q[i.flatten()] * s[i.flatten()][:, None], "形状"),
            "尺子用了第一个词的": (lambda q, s, i: q[i] * s[i.flatten()[:1]], "查到的词向量"),
        },
    ),
    "int8.fused": dict(
        right=[fused_by_narrow],
        wrong={
            "平分了": (equal_parts, "不是平分"),
            "各乘各的": (separate, "只乘一次"),
            "没有切开": (whole, "个张量"),
            "次序反了": wrong_order,
            "只交第一个": (lambda x, weights: fused_by_narrow(x, weights)[:1], "个张量"),
            "用了绝对值": lambda x, weights: [y.abs() for y in fused_by_narrow(x, weights)],
        },
    ),
    "int8.pair": dict(
        right=[pair_reversed],
        wrong={
            "直接归一化": (it._plain_layer_norm, "平均数被减掉"),
            "两半都交了": (it._both_halves, "那一半"),
            "补了 0": (it._with_zeros, "补 0"),
            "照定义算": (it._rms, "恰好借"),
            "取了另一半": (lambda x: -pair_reversed(x), "那一半"),
            "差一个根号二": half_scale,
            "各行一起归一化": all_rows,
        },
    ),
}
