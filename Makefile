# Two commands matter: `make demo` and `make test`. Each sets up its own .venv when there is none;
# a fresh machine needs Python 3.11 (or later) and make, nothing else.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test tests lint format bench mclust-page test-torch clean

BIN := .venv/bin
# A name on the path may be a shim that does not run, so each candidate is asked for its version.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
# A process more than cores, for some tests wait for processes of their own, but not more than four; and no BLAS threads
# within: they would spin against each other.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
WORKERS ?= $(shell test $(CORES) -lt 3 && echo $$(($(CORES) + 1)) || echo 4)
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.venv/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "mixtura needs Python 3.11 or later; none was found. Name one: make PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up .venv with $(PYTHON) (a few minutes the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) --editable '.[dev]'
	@touch $@

.venv/.installed-torch: .venv/.installed
	@$(PIP) --editable '.[test-torch]'
	@touch $@

demo: .venv/.installed  ## choose a mixture for Old Faithful: table, verdict, model, picture, labels in demo/
	@mkdir -p demo
	$(BIN)/mixtura data faithful --force -o demo/faithful.csv
	$(BIN)/mixtura select demo/faithful.csv --force -o demo/faithful.mixtura
	$(BIN)/mixtura plot demo/faithful.mixtura demo/faithful.csv --force -o demo/faithful.png
	$(BIN)/mixtura predict demo/faithful.mixtura demo/faithful.csv --force -o demo/labels.csv
	@echo
	@echo "The eruptions of Old Faithful, and what was made of them, in $(CURDIR)/demo:"
	@echo "  faithful.csv      the data: 272 eruptions, their length and the wait before the next (minutes)"
	@echo "  faithful.mixtura  the chosen model; \`$(BIN)/mixtura inspect demo/faithful.mixtura\` shows it and its table"
	@echo "  faithful.png      the picture: eruptions, components and labels"
	@echo "  labels.csv        each row's label, probabilities, uncertainty and log density"

test: lint tests  ## everything: format, types, import rules, tests, doctests

tests: .venv/.installed
	@echo "Compiling kernels (a minute or two the first time) ..."
	@$(BIN)/python -m tests.warm
	$(PYTEST) -m "not torch"

test-torch: .venv/.installed-torch  ## the tests that need torch (installs it)
	$(BIN)/python -m pytest -m torch tests

lint: .venv/.installed  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/.installed  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/.installed  ## how fast, against whom, with the same answers; BENCH="--quick" or BENCH="--only fit_many"
	$(BIN)/python -m benchmarks $(BENCH)

mclust-page: .venv/.installed  ## how the search differs from R's mclust (times R where it is installed)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.mclust $(MCLUST)

clean:  ## remove what the other targets made, but for .venv
	rm -rf demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
