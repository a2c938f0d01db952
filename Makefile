# `make help` prints the targets below from their comments.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PROTOS := $(wildcard protos/tokenhouse/*/*.proto)
# The verifier has the messages that it needs, and does without the rest.
STUBS := $(foreach ending,_pb2.py _pb2.pyi _pb2_grpc.py _pb2_grpc.pyi,$(PROTOS:.proto=$(ending))) \
    $(foreach ending,_pb2.py _pb2.pyi,$(foreach name,changes item_error validation,verifier/tokenhouse_verifier/contract/$(name)$(ending)))
DISTRIBUTIONS := pyproject.toml protos/pyproject.toml verifier/pyproject.toml
SOURCES := core facade verifier tests protos/generate.py
TEST_ARGS ?=
# Tests that wait for something leave their CPU to others.
WORKERS ?= $(shell echo $$(( cpus = $$(nproc), cpus < 4 ? cpus * 2 : 8 )))
BENCH_ARGS ?=
DEMO_ARGS ?=

# LANG is also everybody's locale: it names a language only where it was given to make itself.
LANGUAGE := $(if $(filter command line,$(origin LANG)),$(LANG),python)

# Neither an older pip nor a checkout on a slow disk asks questions or talks about itself.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# Who is told to leave no bytecode behind compiles every source again at each start; the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-dev stubs run demo browser test torture bench screenshots check format wheel lock

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## Make .venv with bin/tokenhouse in it, from requirements.lock
	@:

setup-dev: $(VENV)/.installed-dev ## Add what tests and checks need, from requirements-dev.lock
	@:

stubs: $(if $(filter python,$(LANGUAGE)),$(VENV)/.stubs,stubs-other) ## Generate the gRPC stubs; LANG=go, ts or java writes stubs/LANG
	@:

run: setup stubs ## Start core and facade here; says `ready` and the address once both are
	@exec $(BIN)/tokenhouse serve

demo: setup-dev stubs ## Serve a small protected MCP server next to `make run`, and say how to connect
	@exec $(BIN)/python verifier/examples/demo.py $(DEMO_ARGS)

test: setup-dev stubs browser $(VENV)/.compiled ## Run every test of the product; those of its sources are part of `make check`
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope --ignore tests/repository $(TEST_ARGS)

torture: setup-dev stubs ## Run the longer tests of faults, which print their figures
	$(BIN)/python -m pytest -o python_files='torture_*.py' $(TEST_ARGS) tests/torture

bench: setup-dev stubs ## Measure speed against its targets, about 20 minutes on a quiet machine with two CPUs
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

screenshots: setup-dev stubs browser ## Take the README's pictures of the pages anew
	$(BIN)/python -m tests.facade.pages.gallery

check: setup-dev stubs ## Lint, types, import rules, protos, stubs and sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy core facade verifier tests protos/generate.py
	$(BIN)/lint-imports
	cd protos && ../$(BIN)/buf lint
	$(BIN)/python protos/generate.py --check
	$(BIN)/python -m pytest -q tests/repository

format: setup-dev ## Rewrite the sources the way `make check` wants them
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

wheel: setup-dev stubs ## Build the wheels of tokenhouse, tokenhouse-protos and tokenhouse-verifier into dist/
	rm -rf dist build protos/build verifier/build
	for distribution in protos verifier .; do \
	    $(BIN)/python -m build --quiet --wheel --no-isolation --outdir dist $$distribution; \
	done
	rm -rf build protos/build verifier/build

lock: setup-dev ## Resolve pyproject.toml into the two lock files; UPGRADE=1 takes newer versions
	$(LOCK) --group build --output-file requirements.lock
	$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
    --no-emit-package tokenhouse-protos --no-emit-package tokenhouse-verifier $(if $(UPGRADE),--upgrade)

browser: setup-dev
	@$(BIN)/python -m tests.browser

# What pytest makes of a file's assertions it keeps as bytecode; else each of the workers makes all of it for itself. What
# changes later they do make, and what cannot be collected they say.
$(VENV)/.compiled: | $(VENV)/.stubs $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --collect-only tests/[a-e]* &>/dev/null & \
	    $(BIN)/python -m pytest --collect-only tests/[f-z]* &>/dev/null || true; wait
	@touch $@

.PHONY: stubs-other missing-stubs
missing-stubs: ;

stubs-other: setup
	@$(BIN)/python protos/generate.py --language $(LANGUAGE)

# A stub that was deleted is made again, however new the mark is.
$(VENV)/.stubs: protos/generate.py $(PROTOS) requirements.lock $(VENV)/.installed $(if $(filter-out $(wildcard $(STUBS)),$(STUBS)),missing-stubs)
	@$(BIN)/python protos/generate.py
	@touch $@

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo 'Tokenhouse needs Python 3.11; name it with make PYTHON=/path/to/python3.11' >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

# The local distributions come last and without their dependencies: the lock file has installed those, checked by hash.
# Warnings are setuptools' views on editable installs.
$(VENV)/.installed: requirements.lock $(DISTRIBUTIONS) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable protos --editable verifier --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@
