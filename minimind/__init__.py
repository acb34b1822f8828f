"""minimind：亲手造一个大语言模型。课程在 nbs/，这个包由笔记本导出。"""


def _version() -> str:
    "版本只写在 settings.ini：在仓库里就读它，装成包之后读安装时记下的。"
    from configparser import ConfigParser
    from importlib.metadata import version
    from pathlib import Path

    ini = ConfigParser(delimiters=["="])
    ini.read(Path(__file__).resolve().parent.parent / "settings.ini", encoding="utf8")
    return ini.get("DEFAULT", "version", fallback="") or version("minimind")


def __getattr__(name: str) -> str:
    if name == "__version__":  # 用到才读，导入这个包不必等
        return _version()
    raise AttributeError(f"minimind 里没有 {name}")
