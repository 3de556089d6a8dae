# Every command sets up what it needs. `make` prints this list.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install run test check assets screenshots coherence-check kill-test clean

help:  ## print this list
	@awk -F':.*## ' '/^[a-z%-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "VCCI needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv failed. On Debian: apt-get install python3-venv"; exit 1; }

.venv/.run: requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "Installing what a run needs ..."
	@$(PIP) --require-hashes -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.run
	@echo "Installing what the tests need ..."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.bench: requirements/bench.txt .venv/.dev
	@echo "Installing what is measured beside ours ..."
	@$(PIP) --require-hashes -r requirements/bench.txt
	@touch $@

install: .venv/.run  ## make .venv with the hash-locked dependencies

run: .venv/.run  ## a real ledger to a Scope 3 inventory, in one command
	@$(BIN)/vcci run examples/oxford-city-council/spend.csv \
		--map examples/oxford-city-council/mapping.yaml --out inventory/oxford-city-council

test: .venv/.dev  ## the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/.dev  ## lint, format, types, import arrows: under a minute
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q -p no:randomly tests/test_house_rules.py

assets:  ## build the scripts of the pages anew from assets/; needs node and npm
	@cd assets && npm ci --ignore-scripts --no-audit --no-fund --silent \
		&& npm run --silent check && npm test --silent && npm run --silent build

bench-%: .venv/.bench  ## measure: bench-batch, printed and kept in benchmarks/results/
	@$(BIN)/vcci bench $(subst -,_,$*)

coherence-check: .venv/.dev  ## hold the bound of the caches against 50 runs of faults and ten planted mistakes
	@$(BIN)/python -m tests.coherence.check --runs 50 --planted

kill-test: .venv/.dev  ## kill workers and the database under imports and jobs, and compare every row
	@$(BIN)/python -m tests.kill

screenshots: .venv/.dev  ## take pictures of every page into docs/screenshots; needs chromium
	@$(BIN)/vcci bench screenshots

clean:  ## remove everything that was made here, but no database
	@rm -rf .venv inventory dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
