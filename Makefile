PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Processes that run the tests side by side: as many as there are processors, at most four (memory).
WORKERS ?= auto
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal
PACKAGING := setup.cfg pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test lint bench parity mutants docs clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/'

run: $(VENV)/.ready ## run the headquarters lever and write its report to out/headquarters.pdf
	@mkdir -p out
	$(BIN)/sim run --lever=headquarters
	$(BIN)/sim report @last --output out/headquarters.pdf

test: lint ## check style, types, import direction and run the tests
	$(PYTEST)

lint: $(VENV)/.ready-test ## check style, types and import direction
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.ready-bench ## measure speed, a quarter of an hour (QUICK=1: a few minutes)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

parity: $(VENV)/.ready-test ## compare every case with PySD (long)
	$(PYTEST) -m "parity or slow"

mutants: $(VENV)/.ready-test ## see whether the tests notice each wrong operator and constant (long)
	PYTHONPATH=tools $(BIN)/python tools/find_mutants.py $(MODULES)

fuzz: $(VENV)/.ready-test ## read 50 000 damaged files and run 500 models, half an hour
	$(BIN)/python tools/fuzz.py

docs: $(VENV)/.ready-test ## write docs/ from the model and its tables
	$(BIN)/python tools/make_docs.py

clean: ## remove the environment and everything made here
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.ready: $(PACKAGING) | $(BIN)/python
	@echo "Installing into $(VENV) (a few minutes the first time)"
	$(PIP) --editable . --constraint constraints.txt
	@touch $@

$(VENV)/.ready-test: $(PACKAGING) | $(BIN)/python
	@echo "Installing into $(VENV) (a few minutes the first time)"
	$(PIP) --editable '.[test]' --constraint constraints.txt
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-bench: $(PACKAGING) | $(BIN)/python
	$(PIP) --editable '.[bench]' --constraint constraints.txt
	@touch $@ $(VENV)/.ready
