# The commands for development and CI. `make` without a target lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
# Each worker starts its own control plane, but the cluster of KUBECONFIG has room for one worker.
WORKERS ?= $(if $(KUBECONFIG),1,2)
# The tests hardly wait, so a worker more than the machine has cores only loads all modules once more.
UNIT_WORKERS ?= 2
PYTEST_ARGS ?=
BENCH ?=
CHAOS ?=
DEMO ?=
BASE_PATH := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
# Without stored bytecode, each worker and each program that a test starts compiles all modules.
unexport PYTHONDONTWRITEBYTECODE

SETUP := .venv/.complete
DEMO_TOOLS := pulumi pulumi-language-python pulumi-resource-kubernetes kube-apiserver \
	kube-controller-manager kube-scheduler kubectl etcd kwok
NOT_UNIT := engine or cluster or tools or slow

.PHONY: help setup tools demo unit coverage test chaos check bench docs dist lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; \
		do printf '  make %-8s %s\n' "$$name" "$$text"; done

setup: $(SETUP) ## Create .venv from requirements-dev.txt, verify all hashes, install this package

# The base interpreter creates .venv, not the one inside it.
$(SETUP): requirements-dev.txt pyproject.toml
	@PATH="$(BASE_PATH)" command -v "$(PYTHON)" >/dev/null || { \
		echo "setup: $(PYTHON) is not installed: install Python 3.11 or newer," \
			"or select an installed one: make PYTHON=python3.12 …" >&2; exit 1; }
	@PATH="$(BASE_PATH)" "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "setup: $(PYTHON) is older than Python 3.11: select a newer one:" \
			"make PYTHON=python3.12 …" >&2; exit 1; }
	@test -x .venv/bin/python || PATH="$(BASE_PATH)" "$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "setup: $(PYTHON) cannot create a virtual environment: install its venv and ensurepip" \
			"modules (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "setup: installing $$(grep -c == requirements-dev.txt) pinned packages into .venv"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements-dev.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	@touch $@

tools: ## Install the real Pulumi engine and a Kubernetes control plane into .tools/bin
	@PATH="$(BASE_PATH)" "$(PYTHON)" tools/build.py

demo: ## Create a runner, apply its manifest and destroy both; DEMO=--verbose shows all output
	@test -e $(SETUP) || echo "demo: first installs the Python packages into .venv, 1 to 2 min"
	@PATH="$(BASE_PATH)" "$(PYTHON)" tools/build.py --plan $(DEMO_TOOLS)
	@$(MAKE) --no-print-directory setup
	@PATH="$(BASE_PATH)" "$(PYTHON)" tools/build.py $(DEMO_TOOLS)
	@.venv/bin/python tools/demo.py $(DEMO)

unit: setup ## Run the fast tests, without engine, cluster and Go (PYTEST_ARGS="-k name" selects)
	@.venv/bin/python -m pytest -n $(UNIT_WORKERS) -m "not ($(NOT_UNIT))" $(PYTEST_ARGS)

coverage: setup ## Run the fast tests and compare their branch coverage with the floor in pyproject.toml
	@.venv/bin/coverage erase
	@.venv/bin/coverage run -m pytest -n $(UNIT_WORKERS) -m "not ($(NOT_UNIT))" $(PYTEST_ARGS)
	@.venv/bin/coverage combine --quiet
	@.venv/bin/coverage report

# pytest exits with 5 if it selected no test, which is an error only if it happens in both runs.
# Tests differ in their durations: without worksteal, one worker ends long before the other.
test: setup tools ## Run every test, the fast ones first (PYTEST_ARGS="-k name" selects)
	@unit=0; .venv/bin/python -m pytest -n $(UNIT_WORKERS) -m "not ($(NOT_UNIT))" $(PYTEST_ARGS) \
		|| unit=$$?; \
	case $$unit in 0 | 5) ;; *) exit $$unit ;; esac; \
	rest=0; .venv/bin/python -m pytest -n $(WORKERS) --dist worksteal -m "$(NOT_UNIT)" $(PYTEST_ARGS) \
		|| rest=$$?; \
	case $$rest in 5) exit $$unit ;; *) exit $$rest ;; esac

chaos: setup tools ## Run the random tests with more examples and a new seed (CHAOS="SEED COUNT")
	@.venv/bin/python tools/chaos.py --workers $(WORKERS) $(CHAOS)

check: setup ## Run ruff, mypy and import-linter, and test lazy imports and the docs tables
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/mypy tools/*.py
	@MYPYPATH=tools .venv/bin/mypy --package tests.harness
	@.venv/bin/lint-imports
	@.venv/bin/python -m pytest -q tests/test_laziness.py
	@.venv/bin/python tools/docs_tables.py --check
	@.venv/bin/python tools/performance_page.py --check

bench: setup tools ## Compare runners with resources that do nothing, and time a review (BENCH="--help")
	@.venv/bin/python tools/bench.py $(BENCH)

dist: setup ## Build the wheel and the source distribution into dist/, and check their metadata
	@rm -rf dist
	@.venv/bin/python -m hatchling build
	@.venv/bin/twine check --strict dist/*

# Not with --quiet, which hides the warnings from --strict.
docs: .venv-docs/.complete ## Build the docs site into site/; every warning is an error
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	@echo "docs: open site/index.html, or with the search: python3 -m http.server --directory site"

.venv-docs/.complete: requirements-docs.txt
	@test -x .venv-docs/bin/python || PATH="$(BASE_PATH)" "$(PYTHON)" -m venv .venv-docs
	@.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements-docs.txt
	@touch $@

lock: ## Regenerate requirements-dev.txt and requirements-docs.txt from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "lock: uv is not installed: see docs.astral.sh/uv" >&2; exit 1; }
	@uv pip compile pyproject.toml --group dev --all-extras --universal --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --python-version 3.11 --quiet -o requirements-dev.txt
	@uv pip compile --group docs --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --python-version 3.11 --quiet -o requirements-docs.txt

clean: ## Remove everything that the other targets create, except the cache of the tools
	@rm -rf .coverage* .venv .venv-docs .tools .nox build site dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis .schemathesis
	@find kubiya_pulumi tests tools examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
