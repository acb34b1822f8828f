"""constraints.txt 里钉住的版本：装着的是不是它们，有没有公开的漏洞（问 OSV，https://osv.dev）。

python tools/audit.py            # make test-full 里的那一条
"""

import json
import re
import sys
import urllib.error
import urllib.request
from importlib import metadata

from course import ROOT

OSV = "https://api.osv.dev/v1/querybatch"


def pinned() -> dict[str, str]:
    "{包名: 版本}，取自 constraints.txt。"
    lines = (ROOT / "constraints.txt").read_text(encoding="utf8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def plain(name: str) -> str:
    "包名的标准写法：小写，. 与 _ 都是 -。"
    return re.sub(r"[-_.]+", "-", name).lower()


def strays(pins: dict[str, str], installed: dict[str, str]) -> list[str]:
    "装着的与钉住的不同的，一项一句。"
    wanted = {plain(k): v for k, v in pins.items()}
    return [
        f"{name} 装的是 {version}，钉的是 {wanted[name]}"
        for name, version in sorted(installed.items())
        if name in wanted and version.split("+")[0] != wanted[name].split("+")[0]
    ]


def holes(pins: dict[str, str], url: str = OSV, timeout: float = 30) -> list[str]:
    "有公开漏洞的，一项一句；连不上抛 OSError。"
    names = sorted(pins)
    asked = [{"package": {"name": n, "ecosystem": "PyPI"}, "version": pins[n].split("+")[0]} for n in names]
    body = json.dumps({"queries": asked}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        found = json.load(answer)["results"]
    return [
        f"{name}=={pins[name]}：{'、'.join(v['id'] for v in result['vulns'])}"
        for name, result in zip(names, found, strict=True) if result.get("vulns")
    ]


def main() -> int:
    pins = pinned()
    bad = strays(pins, {plain(d.metadata["Name"]): d.version for d in metadata.distributions()})
    try:
        bad += holes(pins)
        print(f"问过了 {len(pins)} 个包。")
    except (OSError, urllib.error.URLError) as e:
        print(f"连不上漏洞库（{e}），只对了版本；联网之后再跑：python tools/audit.py")
    print("\n".join(bad) or "没有发现问题。")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
