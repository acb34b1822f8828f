"攻击 int8 的两个检查器。"

import torch
import torch.nn.functional as F


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
}
