"""从 settings.ini 读出包的信息；那里是唯一写依赖的地方。"""

import configparser
from pathlib import Path

import setuptools

ini = configparser.ConfigParser(delimiters=["="])
ini.read(Path(__file__).parent / "settings.ini", encoding="utf8")
cfg = ini["DEFAULT"]


def requirements(key: str) -> list[str]:
    return [line.strip() for line in cfg.get(key, "").splitlines() if line.strip()]


web, serve, gguf, tools, docs, dev = (
    requirements(f"{kind}_requirements") for kind in ("web", "serve", "gguf", "tools", "docs", "dev")
)
setuptools.setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf8"),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    keywords=cfg["keywords"].split(),
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Console",
        "Framework :: Jupyter",
        "Intended Audience :: Education",
        "Natural Language :: Chinese (Simplified)",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        f"Programming Language :: Python :: {cfg['min_python']}",
        "Topic :: Education",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    packages=setuptools.find_packages(include=["minimind", "minimind.*"]),
    include_package_data=True,
    package_data={"": ["data/*"]},
    python_requires=">=" + cfg["min_python"],
    install_requires=requirements("requirements"),
    extras_require={
        "web": web, "serve": serve, "gguf": gguf, "tools": tools, "docs": docs, "dev": dev,
        "all": web + serve + gguf + tools + docs + dev,
    },
    entry_points={"console_scripts": [cfg["console_scripts"]]},
)
