"""从权重的文件名认阶段，只看开头会认错几个？

十一个阶段的权重名，加上十来个人自己起的名字，用三种认法各认一遍：开头相同、里面有这几个字母、整个词相同。
对应章节：nbs/0_learning/80_stages.ipynb
"""

from _kit import arguments, claim, picture
from minimind.learning.stages import STAGES, stage_of_weight, weight_stem

OWN = "sports,sponge,reasonable,season,pretrained,agents,dpoint,rewards,my_dpo,spoken,unreasonable,no_agent,best"
args = arguments(__doc__, names=(OWN, "自己起的名字，不属于任何阶段；用逗号隔开"))
truth = {weight_stem(s.weight, width, moe): s.name for s in STAGES for width, moe in ((512, False), (640, True))}
truth |= {weight_stem(name.strip(), 512): None for name in args.names.split(",")}


def name_of(stage):
    return stage and stage.name


WAYS = {
    "开头相同": lambda stem: name_of(next((s for s in STAGES if stem.startswith(s.weight)), None)),
    "里面有": lambda stem: name_of(next((s for s in STAGES if s.weight in stem), None)),
    "整个词": lambda stem: name_of(stage_of_weight(stem)),
}
ours = sum(right is not None for right in truth.values())
print(f"一共 {len(truth)} 个文件名：{ours} 个是阶段存下的，{len(truth) - ours} 个是自己起的")
wrong, examples = {}, {}
for way, guess in WAYS.items():
    missed = {stem: guess(stem) for stem, right in truth.items() if guess(stem) != right}
    wrong[way] = len(missed)
    examples[way] = [f"{stem} → {said}" for stem, said in missed.items()]
    print(f"  {way}：认错 {len(missed)} 个" + (f"，例如 {'，'.join(examples[way][:4])}" if missed else ""))
called = [n for s in STAGES for n in {s.name, s.weight, s.module, *s.aliases}]
print(f"表里所有的叫法有 {len(called)} 个，不重复的 {len(set(called))} 个：没有两行抢同一个名字")
picture(args, lambda p: p.bars(wrong, title=f"{len(truth)} 个文件名，认错几个", fmt="{:.0f}"))
claim(
    wrong["整个词"] == 0 < wrong["开头相同"] < wrong["里面有"] and len(called) == len(set(called)),
    f"只看开头认错 {wrong['开头相同']} 个，还都不报错（{'，'.join(examples['开头相同'][:1])}）。"
    "名字要整个词相同：后面要么结束，要么接下划线。",
)
