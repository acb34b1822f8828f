"""推荐的路线写在四处；照 minimind.learning.route 里的那一张重写。

python tools/route.py          # 重写
python tools/route.py --check  # 只看哪几处旧了；有旧的，退出码 1
"""

import json
import sys

from course import ROOT

sys.path.insert(0, str(ROOT))

from minimind.learning.notes import blocks, fill_blocks  # noqa: E402
from minimind.learning.paths import atomic_write  # noqa: E402
from minimind.learning.route import route_page  # noqa: E402

PAGES = {  # 哪一处：链接的开头（None 是不写链接），是不是英文
    "README.md": ("nbs/", False), "README_en.md": ("nbs/", True), "notes.md": (None, False),
    "nbs/00_start.ipynb": ("", False),
}


def rewritten(name: str, text: str) -> str:
    "换上新的路线；没有那两条界线就报错。"
    if name.endswith(".ipynb"):
        book = json.loads(text)
        home = next(c for c in book["cells"] if "<!-- minimind:route -->" in "".join(c["source"]))
        home["source"] = rewritten(name[:-6], "".join(home["source"])).splitlines(keepends=True)
        return json.dumps(book, ensure_ascii=False, indent=1) + "\n"
    if "route" not in blocks(text)[0]:
        sys.exit(f"{name} 里没有 minimind:route 的界线")
    prefix, english = PAGES.get(name) or PAGES[f"{name}.ipynb"]
    return fill_blocks(text, {"route": route_page(prefix, english)})


def stale() -> dict[str, str]:
    "旧了的几处：{文件: 新的全文}。"
    pages = {name: (ROOT / name).read_text(encoding="utf8") for name in PAGES}
    return {name: new for name, text in pages.items() if (new := rewritten(name, text)) != text}


if __name__ == "__main__":
    old = stale()
    if "--check" not in sys.argv:
        for name, text in old.items():
            atomic_write(ROOT / name, text)
    said = "旧了" if "--check" in sys.argv else "重写了"
    print("\n".join(f"{name} 的路线{said}" for name in old) or "路线都是新的。")
    sys.exit(int(bool(old) and "--check" in sys.argv))
