"""从 settings.ini 读出包的信息；那里是唯一写依赖的地方。"""

import configparser
from pathlib import Path

import setuptools

ini = configparser.ConfigParser(delimiters=["="])
ini.read(Path(__file__).parent / "settings.ini", encoding="utf8")
cfg = ini["DEFAULT"]


def requirements(key: str) -> list[str]:
    return [line.strip() for line in cfg.get(key, "").splitlines() if line.strip()]


web, dev = requirements("web_requirements"), requirements("dev_requirements")
setuptools.setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=setuptools.find_packages(include=["minimind", "minimind.*"]),
    include_package_data=True,
    package_data={"minimind.learning": ["data/*"], "minimind.world": ["data/*"], "minimind.serving": ["data/*"]},
    python_requires=">=" + cfg["min_python"],
    install_requires=requirements("requirements"),
    extras_require={"web": web, "dev": dev, "all": web + dev},
    entry_points={"console_scripts": [cfg["console_scripts"]]},
)
