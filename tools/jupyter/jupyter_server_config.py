"""课程的原本（nbs/ 与英文版 nbs_en/）不许存：改了它，下一次 git pull 就要合并。

要改的在课本 my-nbs/、my-nbs_en/ 里改；维护课程的人用 make lab EDIT=1。
"""

import os

from tornado.web import HTTPError


def keep_the_edition(path: str = "", **_) -> None:
    if path.startswith(("nbs/", "nbs_en/")) and not os.environ.get("MINIMIND_EDIT"):
        raise HTTPError(403, reason="original", log_message="课程的原本不存；请打开 my-nbs/ 或 my-nbs_en/ 里的同一章")


get_config().FileContentsManager.pre_save_hook = keep_the_edition  # noqa: F821
