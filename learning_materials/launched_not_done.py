"""活派出去，马上就回来了：是干完了吗？

一个线程冒充一块卡：派活立刻返回，干活另要时间。不等它干完就按停表，活重十倍，量到的也差不多。
对应章节：nbs/9_lab/22_accelerator.ipynb
"""

import time
from concurrent.futures import ThreadPoolExecutor

from _kit import arguments, claim, picture

args = arguments(
    __doc__, jobs=(3, "每次派几件活", 1), light=(0.01, "轻的活几秒", 0.001), heavy=(0.1, "重的活几秒", 0.01)
)
card = ThreadPoolExecutor(1)  # 一块“卡”：一次干一件
card.submit(time.sleep, 0).result()  # 热身：头一次要先开线程
result = {}
for name, seconds in {"轻": args.light, "重": args.heavy}.items():
    start = time.perf_counter()
    jobs = [card.submit(time.sleep, seconds) for _ in range(args.jobs)]
    sent = time.perf_counter() - start
    jobs[-1].result()
    result[name] = {"派完就按停表": sent * 1e3, "等干完再按": (time.perf_counter() - start) * 1e3}
    print(f"{name}的活：" + "，".join(f"{how} {ms:.2f} 毫秒" for how, ms in result[name].items()))
shown = {f"{name}的活，{how}": ms for name, each in result.items() for how, ms in each.items()}
picture(args, lambda p: p.bars(shown, title="毫秒"))
claim(
    result["重"]["等干完再按"] >= 900 * args.jobs * args.heavy > 10 * result["重"]["派完就按停表"],
    "不等它干完，量到的只是派活，与活的大小无关；等干完，量到的才是活。",
)
