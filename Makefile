# minimind 的常用命令。只敲 make 会列出它们。
PY ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export TOKENIZERS_PARALLELISM ?= false
.DEFAULT_GOAL := help
.PHONY: help env demo test test-full test-gpu docs lab chat web export outputs clean-notebooks check clean

help: ## 列出所有命令
	@echo "minimind：亲手造一个大语言模型"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(STAMP): settings.ini setup.py pyproject.toml constraints.txt
	@echo "正在建立运行环境 $(VENV)（只有第一次需要，几分钟；下载约 430 MB，装好约 1.9 GB）……"
	@test -x $(BIN)/python || $(PY) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=23.2"  # 更旧的会挑中带 CUDA 的 torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c constraints.txt torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all]"
	@touch $(STAMP)

env: $(STAMP) ## 建立运行环境（其余命令会自动先做这一步）；没有显卡的 Linux 见 README 的 TORCH_INDEX

demo: $(STAMP) ## 从零训练到聊天：几分钟，只用 CPU，不用下载任何数据
	@$(BIN)/minimind demo

lab: $(STAMP) ## 在 JupyterLab 里打开你的课本 my-nbs/（先更新，你写的都留着）；EDIT=1 改课程的原本，EN=1 in English
	@$(BIN)/python tools/lab.py $(if $(EDIT),--edit) $(if $(EN),--english)

chat: $(STAMP) ## 在终端里和训练好的模型聊天
	@$(BIN)/minimind chat

web: $(STAMP) ## 在浏览器里和训练好的模型聊天
	@$(BIN)/minimind web

export: $(STAMP) ## 把笔记本导出成 minimind/ 包
	@$(BIN)/nbdev_export

clean-notebooks: $(STAMP) ## 清掉笔记本里与人无关的元数据（输出与图保留）
	@$(BIN)/nbdev_clean

outputs: $(STAMP) ## 重做存着的输出：make outputs ONLY=nbs/3_model；STALE=1 只做代码改过的
	@$(BIN)/python tools/outputs.py $(ONLY) $(if $(STALE),--stale) $(if $(JOBS),--jobs $(JOBS))

check: $(STAMP) ## 检查：笔记本干净、导出无差异、楼层只往下引用、链接都通、输出不旧、写法一致
	@$(BIN)/python tools/check_repository.py

test: $(STAMP) ## 全部检查与测试（CI 跑的就是它）
	@$(BIN)/python tools/run_tests.py $(ONLY)

test-full: $(STAMP) ## 加上慢测试，再照学习者的样子把每一章跑一遍
	@$(BIN)/python tools/run_tests.py --full $(ONLY)

test-gpu: $(STAMP) ## 在显卡（或 MINIMIND_TEST_DEVICE 说的设备）上走各个阶段，与 CPU 对损失
	@$(BIN)/python -m pytest -q tests/gpu

docs: $(STAMP) ## 做静态的阅读版：全书连同图与输出，离线，能搜索（out/site）
	@$(BIN)/python tools/docs.py

clean: ## 删掉缓存（不动 out/ 里训练好的权重）
	@rm -rf .pytest_cache .hypothesis build dist *.egg-info out/.cache
	@find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +
