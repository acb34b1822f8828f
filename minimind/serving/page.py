"""Streamlit 要的是一个脚本文件；页面本身在 minimind.serving.web（笔记本 nbs/8_serving/30_web.ipynb）。"""
from minimind.serving.web import main

main()
