# The few verbs people use. `make` alone lists them.
PYTHON ?= python3
RUN := .venv/bin/python
ARGS ?=
# Test files are spread over this many processes (tests wait much); all must collect the same, hence the fixed hash seed.
WORKERS ?= 4
# Where Debian keeps mosquitto; an ordinary user's PATH does not have it.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
# Where it is set, every program that is started and every process of tests compiles all of Python's files anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench pages lock clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 14

demo: ## set everything up and run a cloud, a clinic and its devices (options in ARGS="…"; ARGS=--help lists them)
	@$(PYTHON) -m deploy.setup demo
	@exec $(RUN) -m deploy.demo $(ARGS)

test: ## set up what tests need, check the code, run every test
	@$(PYTHON) -m deploy.setup test
	@$(RUN) -m deploy.checks
	@PYTHONHASHSEED=0 $(RUN) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: ## the checks of the code alone: ruff, mypy, layers
	@$(PYTHON) -m deploy.setup lint
	@$(RUN) -m deploy.checks

bench: ## measure: rates beside their limits, as a table and as JSON
	@$(PYTHON) -m deploy.setup test
	@$(RUN) -m tests.benchmarks $(ARGS)

pages: ## build the pages again
	@$(PYTHON) -m deploy.setup pages

lock: ## resolve pyproject.toml anew into requirements/*.txt (needs uv)
	@$(PYTHON) -m deploy.setup lock

clean: ## remove what set-up and builds made (not the demo's data: ARGS=--fresh does that)
	rm -rf .venv .outpost node_modules edge/web/static cloud/dashboard/static .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
