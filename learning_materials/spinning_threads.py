"""旁边有别的程序的时候，两个线程为什么不如一个？

线程每算一小段要会合一次。挤在同一个核上时，早到的原地空转，把自己的一轮转完，另一个才上得来。
对应章节：nbs/0_learning/33_cores.ipynb
量真的机器：对应章节：nbs/9_lab/25_threads.ipynb
"""

from _kit import arguments, claim, picture

args = arguments(
    __doc__, meetings=(4000, "一步里会合几次", 10), piece=(0.05, "每次之前各有几毫秒的活", 0.001),
    turn=(4.0, "系统一轮几毫秒", 0.1),
)


def step_ms(together):
    "两个线程走一步要几毫秒；together 是挤在一处的会合占几成。"
    apart, crowded = args.piece, 2 * args.piece + args.turn
    return args.meetings * ((1 - together) * apart + together * crowded)


one = args.meetings * 2 * args.piece
shares = [i / 100 for i in range(0, 51, 2)]
for share in (0, 0.02, 0.1, 0.5):
    print(f"挤在一处的占 {share:.0%}：两个线程 {step_ms(share):6.0f} 毫秒，一个线程 {one:.0f} 毫秒")
even = one / 2 / (args.meetings * (args.piece + args.turn))
print(f"挤到 {even:.1%} 就打平了")
lines = {"两个线程": [step_ms(s) for s in shares], "一个线程": [one] * len(shares)}
picture(args, lambda p: p.curves(lines, xlabel="挤在一处的（每格 2%）", ylabel="一步几毫秒", title="谁快"))
claim(
    step_ms(0) < one < step_ms(0.1),
    f"核都空着，两个线程快一倍；只要有 {even:.1%} 的会合挤在一处就打平，再多就不如一个。核不够时宁可少开。",
)
