"攻击几个核、几个线程的三个检查器。"

from minimind.exercises import cores as it


def with_infinity(layers, affinity):
    value = lambda text: float("inf") if not text or "max" in text else int(text.split()[0]) / int(text.split()[1])
    return min([float(affinity), *map(value, layers)])


def max_is_zero(layers, affinity):
    limits = [int(t.split()[0]) / int(t.split()[1]) if t and "max" not in t else 0.0 for t in layers]
    return min([float(affinity), *limits])


def rounded_up(layers, affinity):
    return float(-(-it._one_by_one(layers, affinity) // 1))


def product(layers, affinity):
    out = float(affinity)
    for q in it._quotas(layers):
        out *= q / max(1, affinity)
    return out


def as_a_class(frees, most):
    class Keeper:
        now, streak = most, 0

        def see(self, free):
            if free > self.now + 0.8:
                self.streak += 1
                if self.streak == 3:
                    self.now, self.streak = min(most, int(free + 0.2)), 0
            else:
                self.streak = 0
                if free < self.now - 0.4:
                    self.now = max(1, int(free + 0.4))
            return self.now

    keeper = Keeper()
    return [keeper.see(free) for free in frees]


def four_times(frees, most):
    return it._machine(frees, most, patience=4)


def more_than_most(frees, most):
    now, calm, out = most, 0, []
    for free in frees:
        calm = calm + 1 if free > now + 0.4 else 0
        if free < now - 0.4:
            now = max(1, int(free + 0.4))
        elif calm >= 3:
            now, calm = int(free + 0.2), 0
        out.append(now)
    return out


def starts_with_one(frees, most):
    return it._looking_back([1.0, *frees], most)[1:]


def only_last(frees, most):
    return it._looking_back(frees, most)[-1]


def free_in_steps(before, after):
    mine = sum(after[1:]) - sum(before[1:])
    return mine / (after[0] - before[0])


ATTACKS = {
    "cores.allowed": dict(
        right=[it._one_by_one, with_infinity],
        wrong={
            "只看一层": (it._first_layer, "只看了一层"),
            "取整": (it._whole_cores, "一个半"),
            "不看亲和性": (it._no_affinity, "亲和性也是"),
            "最松的": (it._loosest, "最紧"),
            "不看周期": (it._period_ignored, "周期"),
            "不限当成 0": (max_is_zero, "各层"),
            "往上取整": (rounded_up, "各层"),
            "连乘": (product, "各层"),
        },
    ),
    "cores.advise": dict(
        right=[it._looking_back, as_a_class],
        wrong={
            "一空就加": (it._at_once, "连着空三次"),
            "不归零": (it._never_forgets, "归零"),
            "一个一个退": (it._one_step_down, "退得太慢"),
            "退到 0": (it._down_to_zero, "至少 1 个"),
            "跟着跑": (it._just_follows, "来回晃"),
            "等四次": (four_times, "各开几个"),
            "超过上限": (more_than_most, "各开几个"),
            "从一个开起": (starts_with_one, "各开几个"),
            "只交最后的": (only_last, "应有"),
        },
    ),
    "cores.free": dict(
        right=[free_in_steps],
        wrong={
            "只算空着的": (lambda a, b: (b[1] - a[1]) / (b[0] - a[0]), "我正用着的"),
            "只算自己的": (lambda a, b: (b[2] - a[2]) / (b[0] - a[0]), "空着的"),
            "没有除": (lambda a, b: b[1] - a[1] + b[2] - a[2], "没有除"),
            "没有减": (lambda a, b: (b[1] + b[2]) / b[0], "两次的差"),
            "减掉了自己的": (lambda a, b: (b[1] - a[1] - b[2] + a[2]) / (b[0] - a[0]), "不是减"),
        },
    ),
}
