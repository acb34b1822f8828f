import torch
import torch.nn.functional as F

from minimind.exercises import norm as it


def with_norm(x, weight, eps):
    size = torch.linalg.vector_norm(x.float(), dim=-1, keepdim=True)
    return (x.float() / (size.square() / x.shape[-1] + eps).sqrt() * weight).to(x.dtype)


def narrow(x, weight, eps):
    return (weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)).type_as(x)


def stays_wide(x, weight, eps):
    return it._library(x, weight, eps)


def no_weight(x, weight, eps):
    return it.solution_rms_norm(x, torch.ones_like(weight), eps)


def layer_norm(x, weight, eps):
    return (F.layer_norm(x.float(), x.shape[-1:], eps=eps) * weight.float()).type_as(x)


def fixed_eps(x, weight, eps):
    return it.solution_rms_norm(x, weight, 1e-5)


def constant_scale(x, weight, eps):
    scale = torch.rsqrt(x.float().square().mean(-1, keepdim=True) + eps).detach()
    return (x.float() * scale * weight.float()).type_as(x)


def first_axis(x, weight, eps):
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(0, keepdim=True) + eps) * weight).type_as(x)


def with_dot_products(x, dy):
    d, size = x.shape[1], (x * x).sum(1, keepdim=True)
    return (d / size).sqrt() * (dy - x * (x * dy).sum(1, keepdim=True) / size)


def whole_mean(x, dy):
    r = torch.rsqrt(x.square().mean(-1, keepdim=True))
    return r * (dy - x * r * (dy * x * r).mean())


def wrong_sign(x, dy):
    return 2 * it._constant_r(x, dy) - with_dot_products(x, dy)


def summed(x, dy):
    r = torch.rsqrt(x.square().mean(-1, keepdim=True))
    return r * (dy - x * r * (dy * x * r).sum(-1, keepdim=True))


def forgets_r(x, dy):
    return with_dot_products(x, dy) * x.square().mean(-1, keepdim=True).sqrt()


def scale_by_division(x, eps):
    return 1 / (x.to(torch.float32).pow(2).sum(-1, keepdim=True) / x.shape[-1] + eps).sqrt()


def narrow_scale(x, eps):
    return torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)


def no_keepdim(x, eps):
    return it.solution_scale(x, eps)[..., 0]


def not_inverted(x, eps):
    return 1 / it.solution_scale(x, eps)


def no_eps(x, eps):
    return it.solution_scale(x, 0.0)


def eps_outside(x, eps):
    return 1 / (x.float().square().mean(-1, keepdim=True).sqrt() + eps)


def back_to_half(x, eps):
    return it.solution_scale(x, eps).clamp(max=60000).type_as(x)


def radial_with_einsum(g, x_hat):
    return g - torch.einsum("nd,n->nd", x_hat, torch.einsum("nd,nd->n", g, x_hat) / g.shape[1])


def radial_summed(g, x_hat):
    return g - x_hat * (g * x_hat).sum(-1, keepdim=True)


def radial_whole(g, x_hat):
    return g - x_hat * (g * x_hat).mean()


def radial_added(g, x_hat):
    return g + x_hat * (g * x_hat).mean(-1, keepdim=True)


def radial_only(g, x_hat):
    return x_hat * (g * x_hat).mean(-1, keepdim=True)


def radial_swapped(g, x_hat):
    return x_hat - g * (g * x_hat).mean(-1, keepdim=True)


ATTACKS = {
    "norm.rms": dict(
        right=[with_norm],
        wrong={
            "在 fp16 里求平方": (narrow, "溢出"),
            "输出没有变回 fp16": (stays_wide, "float16"),
            "整个张量用了同一个": (it._whole, "最后一维"),
            "eps 在根号外": (it._eps_outside, "根号外面"),
            "求和没有平均": (it._summed, "求平均"),
            "忘了系数": no_weight,
            "减了平均": layer_norm,
            "eps 写死了": (fixed_eps, "eps"),
            "倍数断了梯度": (constant_scale, "梯度"),
            "沿第一维": first_axis,
        },
    ),
    "norm.grad": dict(
        right=[with_dot_products],
        wrong={
            "把 r 当成常数": (it._constant_r, "当成了常数"),
            "用自动求导": (it._by_autograd, "不许用自动求导"),
            "整个张量求平均": whole_mean,
            "加成了减": wrong_sign,
            "求和没有平均": summed,
            "忘了乘 r": forgets_r,
        },
    ),
    "norm.scale": dict(
        right=[scale_by_division],
        wrong={
            "在 fp16 里求平方": (narrow_scale, "溢出"),
            "没有 keepdim": (no_keepdim, "keepdim"),
            "没有取倒数": not_inverted,
            "没有加 eps": (no_eps, "eps"),
            "eps 在根号外": eps_outside,
            "变回了 fp16": (back_to_half, "float32"),
        },
    ),
    "norm.radial": dict(
        right=[radial_with_einsum],
        wrong={
            "求和没有平均": radial_summed,
            "整个张量求平均": radial_whole,
            "减成了加": radial_added,
            "只留下了那一份": radial_only,
            "两个参数弄反": radial_swapped,
        },
    ),
}
