"""Streamlit 要的是一个脚本文件；页面本身在 minimind.serving.web_pages（笔记本 nbs/8_serving/38_web_pages.ipynb）。"""
from minimind.serving.web_pages import main

main()
