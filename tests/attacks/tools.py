"攻击工具一章的两个检查器。"

import ast
import json
import operator
import re

from minimind.exercises import tools as it


def by_regex(text):
    out = []
    for raw, end in re.findall(r"<tool_call>((?:(?!<tool_call>|</tool_call>).)*)(</tool_call>)?", text, re.S):
        try:
            call = json.loads(raw) if end else None
            good = isinstance(call, dict) and isinstance(call.get("name"), str)
        except ValueError:
            good = False
        out.append((call["name"], call.get("arguments", {})) if good else None)
    return out


def crashes(text):
    found = re.findall("<tool_call>(.*?)</tool_call>", text, re.S)
    return [(c["name"], c["arguments"]) for c in map(json.loads, found)]


def needs_arguments(text):
    return [c if c is None or c[1] else None for c in it.solution_parse(text)]


def backwards(text):
    return it.solution_parse(text)[::-1]


def only_first(text):
    return it.solution_parse(text)[:1]


OPS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def walker(numbers=(int, float), ops=OPS, signs=True, zero=True):
    def value(node):
        match node:
            case ast.Constant(value=v) if type(v) in numbers:
                return v
            case ast.UnaryOp(op=ast.USub(), operand=inside) if signs:
                return -value(inside)
            case ast.BinOp(left=a, op=op, right=b) if type(op) in ops:
                return ops[type(op)](value(a), value(b))
        raise ValueError("不认得")

    def calculate(text):
        try:
            return value(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ZeroDivisionError) as e:
            if zero or isinstance(e, SyntaxError):
                raise ValueError("写错了") from None
            raise

    return calculate


def never_raises(text):
    try:
        return it.solution_calculate(text)
    except ValueError:
        return 0.0


def no_brackets(text):
    return it.solution_calculate(text.replace("(", "").replace(")", ""))


def cannot_misspell(text):
    return it._value(ast.parse(text.strip(), mode="eval").body)


ATTACKS = {
    "tools.parse": dict(
        right=[by_regex, it._scan],
        wrong={
            "星号贪心": (it._greedy, "贪心"),
            "不认换行": (it._one_line, "换行"),
            "坏的丢掉": (it._skips_broken, "悄悄丢掉"),
            "没写完的不算": (it._only_closed, "没写完"),
            "一坏就崩": (crashes, "没写完"),
            "没有参数的也算坏": (needs_arguments, "没有 arguments"),
            "次序倒了": (backwards, "一坏一好"),
            "只读第一次": (only_first, "两次"),
        },
    ),
    "tools.calculate": dict(
        right=[walker(), it._by_pieces],
        wrong={
            "eval": (it._eval, "安静地返回"),
            "除法取整": (it._floor, "6/4"),
            "不分先后": (it._left_to_right, "1+2*3"),
            "True 也算数": (walker((int, float, bool)), "True"),
            "不认负号": (walker(signs=False), "运行时出错"),
            "除以零漏了": (walker(zero=False), "1/0"),
            "乘方也算": (walker(ops=OPS | {ast.Pow: operator.pow}), "2**3"),
            "从不抛错": (never_raises, "应抛出 ValueError"),
            "去掉括号": (no_brackets, "(1+2)*3"),
            "写错的漏了": (cannot_misspell, "SyntaxError"),
        },
    ),
}
