"攻击“聊天的一页”的两个检查器。"

from minimind.exercises import web_chat as it


def page_backwards(messages, editing):
    page, last = [], True
    for at in range(len(messages) - 1, -1, -1):
        who, text = messages[at]
        if who == "问":
            item = ("文字框", text, ["发送", "取消"]) if editing == at and editing is not None else ("文字", text, [])
        else:
            item = ("文字", text, (["换"] if last else []) + ["改", "删"])
        page.insert(0, item)
        last = False
    return page


def status_with_table(call):
    done = "result" in call
    bad = done and call["result"][:3] == "错误："
    title = (call["name"] or "?") + (" → " + call["result"] if done else " ……")
    return title[:60], {(False, False): "running", (True, False): "complete", (True, True): "error"}[done, bad]


ATTACKS = {
    "web_chat.page": dict(
        right=[page_backwards],
        wrong={
            "答答都能换": (it._again_everywhere, "最后一条"),
            "末尾是问也给换": (it._last_reply, "不是最后一条"),
            "第 0 条改不了": (it._zero_is_nothing, "0 与 None"),
            "问问都成了框": (it._edits_all, "正在改的"),
            "没有按钮": (it._no_buttons, "按钮"),
            "次序反了": lambda messages, editing: page_backwards(messages, editing)[::-1],
        },
    ),
    "web_chat.status": dict(
        right=[status_with_table],
        wrong={
            "空的算没办完": (it._empty_is_running, "办完了"),
            "提到错误就红": (it._error_anywhere, "开头"),
            "只剪了结果": (it._long_result, "整个标题"),
            "没有问号": (it._no_name, "写 ?"),
            "总是办完": lambda call: (status_with_table(call)[0], "complete"),
        },
    ),
}
