"攻击“小店与新身份”的两个检查器。"

import re

from minimind.exercises import shop as it


def by_price(offers, taken):
    shelf = {}
    for name, price in offers:
        if name not in taken and name not in shelf.values():
            shelf.setdefault(price, name)
    return {name: price for price, name in shelf.items()}


def sorted_by_price(offers, taken):
    return dict(sorted(it.solution_pick(offers, taken).items(), key=lambda pair: pair[1]))


def nothing_without_taken(offers, taken):
    return it.solution_pick(offers, taken) if taken else {}


def in_one_pass(ask, say, english, name, owner):
    chosen = say if any(ord("一") <= ord(c) <= ord("\u9fff") for c in ask) else english
    words = {"name": name, "owner": owner}
    return [re.sub(r"{(\w+)}", lambda slot: words[slot[1]], line) for line in chosen]


def one_line(ask, say, english, name, owner):
    return it.solution_reply(ask, say, english, name, owner)[:1]


def both(ask, say, english, name, owner):
    return [line.format(name=name, owner=owner) for line in say + english]


def unfilled(ask, say, english, name, owner):
    return say if any("一" <= c <= "\u9fff" for c in ask) else english


ATTACKS = {
    "shop.pick": dict(
        right=[by_price],
        wrong={
            "不管重名": (it._any_name, "重名"),
            "不管重价": (it._any_price, "同价"),
            "没上架的也占价": (it._refused_hold_prices, "占着"),
            "后来的改了价": (it._last_price, "先来"),
            "按价钱排了": sorted_by_price,
            "没有旧名字就不进货": nothing_without_taken,
            "只给了名字": (lambda offers, taken: list(it.solution_pick(offers, taken)), "字典"),
        },
    ),
    "shop.reply": dict(
        right=[in_one_pass],
        wrong={
            "只看头一个字": (it._first_letter, "头一个字"),
            "有字母就当英文": (it._any_ascii, "夹着"),
            "总用中文": (it._always_chinese, "英文答"),
            "填反了": (it._swapped, "填反"),
            "依次替换": (it._one_after_another, "花括号"),
            "只给一句": one_line,
            "两种都给": both,
            "没有填": unfilled,
        },
    ),
}
