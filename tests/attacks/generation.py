"攻击生成速度的四个检查器。"

import torch

from minimind.exercises import generation as it


def limit_by_time(params, size, speed, batch=1, cache=0):
    weights, caches = params * size / speed, batch * cache / speed
    return batch * (1 / (weights + caches))


class Preallocated:
    "另一种写法：narrow 与 copy_。"

    def __init__(self, batch, heads, max_len, dim):
        self.max_len, self.stop = max_len, 0
        self.store = torch.empty(batch, heads, max_len, dim)

    def update(self, key):
        steps = key.size(2)
        if self.max_len - self.stop < steps:
            raise ValueError("缓存满了")
        self.store.narrow(2, self.stop, steps).copy_(key)
        self.stop += steps
        return self.store.narrow(2, 0, self.stop)


class Silent(Preallocated):
    "满了就悄悄少写。"

    def update(self, key):
        return super().update(key[:, :, : self.max_len - self.stop])


class WritesThenRefuses(Preallocated):
    "先写进去一半，再说放不下。"

    def update(self, key):
        fits = min(key.size(2), self.max_len - self.stop)
        self.store[:, :, self.stop : self.stop + fits] = key[:, :, :fits]
        self.stop += fits
        if fits < key.size(2):
            raise ValueError("缓存满了")
        return self.store[:, :, : self.stop]


class Copies(Preallocated):
    def update(self, key):
        return super().update(key).clone()


class WholeBuffer(Preallocated):
    def update(self, key):
        super().update(key)
        return self.store


class OnlyNew(Preallocated):
    def update(self, key):
        return super().update(key)[:, :, -key.size(2) :]


class OneLess(Preallocated):
    "正好写满时就说放不下。"

    def update(self, key):
        if self.stop + key.size(2) >= self.max_len:
            raise ValueError("缓存满了")
        return super().update(key)


class SharedStore(Preallocated):
    "内存放在类上，同样大小的缓存都用同一块。"

    stores = {}

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.store = self.stores.setdefault(sizes, self.store)


class SharedPlace(Preallocated):
    "写到第几格记在类上。"

    def __init__(self, *sizes):
        super().__init__(*sizes)
        type(self).place = 0

    def update(self, key):
        self.stop = type(self).place
        out = super().update(key)
        type(self).place = self.stop
        return out


class Borrows(Preallocated):
    "第一次直接借用传进来的张量。"

    def update(self, key):
        if self.stop == 0 and key.size(2) == self.max_len:
            self.store, self.stop = key, key.size(2)
            return key
        return super().update(key)


class WrongError(Preallocated):
    def update(self, key):
        if self.stop + key.size(2) > self.max_len:
            raise IndexError("缓存满了")
        return super().update(key)


def copied_as_triangles(prompt, new):
    triangle = lambda n: n * (n + 1) // 2
    return triangle(prompt + new) - triangle(prompt), new


def shared_per_token(weights_ms, row_ms, batch):
    return 1000 / (weights_ms / batch + row_ms)


ATTACKS = {
    "generation.limit": dict(
        right=[limit_by_time],
        wrong={
            "每行重读权重": (it._reads_again, "只读一次"),
            "只数一行的词": (it._one_row, "整批"),
            "缓存只读一行": (it._one_cache, "每行各读各的"),
            "没算缓存": (it._no_cache, "没有算进去"),
            "字节当成比特": (lambda p, s, v, batch=1, cache=0: limit_by_time(p, s / 8, v, batch, cache), "两者之比"),
            "批写死是 1": (lambda p, s, v, batch=1, cache=0: limit_by_time(p, s, v, 1, cache), "批 8"),
        },
    ),
    "generation.cache": dict(
        right=[Preallocated],
        wrong={
            "每步接一格": (it._Grows, "搬了家"),
            "盖住了旧的": (it._Overwrites, "盖住"),
            "满了悄悄少写": (Silent, "已经满了"),
            "先写一半再拒绝": (WritesThenRefuses, "一格也不该写进去"),
            "返回的是拷贝": (Copies, "同一块内存"),
            "返回整块": (WholeBuffer, "形状"),
            "只返回新的": (OnlyNew, "形状"),
            "正好写满也拒绝": (OneLess, "满了"),
            "内存放在类上": (SharedStore, "各用各的内存"),
            "写到哪里记在类上": (SharedPlace, "另一个同样大小的缓存"),
            "借用传进来的张量": (Borrows, "不是借用"),
            "抛的不是 ValueError": (WrongError, "ValueError"),
        },
    ),
    "generation.copied": dict(
        right=[copied_as_triangles],
        wrong={
            "新的没有写": (it._old_only, "新的那一格"),
            "提示没有抄": (it._no_prompt, "提示的那几格"),
            "只数最后一步": (it._last_step, "加起来"),
            "备好的也数提示": (it._room_first, "早已在里面"),
            "次序反了": (lambda prompt, new: copied_as_triangles(prompt, new)[::-1], "次序反了"),
            "键与值各数一遍": lambda prompt, new: tuple(2 * n for n in copied_as_triangles(prompt, new)),
        },
    ),
    "generation.shared": dict(
        right=[shared_per_token],
        wrong={
            "每条读一次权重": (lambda w, r, b: 1000 / (w + r), "只读一次"),
            "每条的只付一份": (lambda w, r, b: 1000 * b / (w + r), "几条就要几份"),
            "每条的速度": (lambda w, r, b: 1000 / (w + b * r), "整批"),
            "忘了毫秒": (lambda w, r, b: b / (w + b * r), "一千毫秒"),
            "每个词几毫秒": lambda w, r, b: (w + b * r) / b,
        },
    ),
}
