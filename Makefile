# The same commands at the desk and in CI. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
# One cluster of the user's is for one worker; else each worker starts a control plane of its own.
WORKERS ?= $(if $(KUBECONFIG),1,2)
PYTEST_ARGS ?=
BENCH ?=
CHAOS ?=
BASE_PATH := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)

SETUP := .venv/.complete

.PHONY: help setup tools demo test chaos check bench lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; \
		do printf '  make %-8s %s\n' "$$name" "$$text"; done

setup: $(SETUP) ## Make .venv from requirements-dev.txt, hashes checked, with this package in it

# The base interpreter, not the one inside .venv, makes .venv.
$(SETUP): requirements-dev.txt pyproject.toml
	@PATH="$(BASE_PATH)" command -v "$(PYTHON)" >/dev/null || { \
		echo "setup: $(PYTHON) is not installed: install Python 3.11 or newer," \
			"or name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@PATH="$(BASE_PATH)" "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "setup: $(PYTHON) is older than Python 3.11: name a newer one:" \
			"make PYTHON=python3.12 …" >&2; exit 1; }
	@test -x .venv/bin/python || PATH="$(BASE_PATH)" "$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "setup: $(PYTHON) cannot make a virtual environment: install its venv and ensurepip" \
			"modules (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "setup: installing $$(grep -c == requirements-dev.txt) pinned packages into .venv"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements-dev.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	@touch $@

tools: ## Put the real Pulumi engine and Kubernetes control plane into .tools/bin
	@PATH="$(BASE_PATH)" "$(PYTHON)" tools/build.py

demo: setup tools ## Create a runner and apply its manifest, for real but for the API, and take it away
	@.venv/bin/python tools/demo.py

test: setup tools ## Run every test (PYTEST_ARGS="-k name" to choose)
	@.venv/bin/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

chaos: setup tools ## Run the random tests larger, from a seed that repeats them (CHAOS="SEED COUNT")
	@.venv/bin/python tools/chaos.py --workers $(WORKERS) $(CHAOS)

check: setup ## Run ruff, mypy and import-linter
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/mypy tools/*.py
	@MYPYPATH=tools .venv/bin/mypy --package tests.harness
	@.venv/bin/lint-imports

bench: setup tools ## Time runners against resources that do nothing, and a review (BENCH="COUNT ROUNDS")
	@.venv/bin/python tools/bench.py $(BENCH)

lock: ## Make requirements-dev.txt anew from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "lock: uv is not installed: see docs.astral.sh/uv" >&2; exit 1; }
	@uv pip compile pyproject.toml --group dev --extra cli --extra emulator --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --python-version 3.11 --quiet -o requirements-dev.txt

clean: ## Remove what the other targets made, all but the tools' cache
	@rm -rf .venv .tools build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis .schemathesis
	@find kubiya_pulumi tests tools examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
