"""Sphinx 的设置：tools/docs.py 把整理好的一份课文交给它。"""

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

project, language = "亲手造一个大语言模型", "zh_CN"
extensions = ["myst_nb"]
html_title = project
html_theme, html_static_path, templates_path = "furo", ["_static"], ["_templates"]
html_css_files, html_js_files = ["zh.css"], ["zh.js"]
html_additional_pages = {"search": "search.html"}  # 搜索自己做：Sphinx 自带的与现成的都切错中文
html_show_sourcelink = html_copy_source = html_use_index = html_show_sphinx = html_show_copyright = False
html_math_renderer = "mathml"  # 见下：公式在这里就变成 MathML，浏览器自己会画，不用脚本
nb_execution_mode, nb_merge_streams, nb_ipywidgets_js = "off", True, {}
nb_code_prompt_show, nb_code_prompt_hide = "展开代码", "收起代码"
myst_enable_extensions, myst_heading_anchors = ["dollarmath", "amsmath"], 6
myst_heading_slug_func = "minimind.learning.notes.slug"  # 与知识库、章节之间的链接同一个规矩
suppress_warnings = ["toc.not_included", "myst.header", "misc.highlighting_failure"]


def mathml(block: bool):
    def visit(self, node):
        try:
            self.body.append(tex2mathml(node.astext(), as_block=block))
        except MathError as error:
            logging.getLogger(__name__).warning("公式写不成 MathML：%s", error, location=node)
        raise SkipNode

    return visit


def setup(app):
    app.add_html_math_renderer("mathml", (mathml(False), None), (mathml(True), None))
    app.connect("builder-inited", lambda app: setattr(app.builder, "search", False))
