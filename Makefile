# Everything happens in .venv; nothing outside it is touched.
#
#   make demo                  the monitor on a real run       (ARGS=--headless: without a screen)
#   make test                  all that CI runs
#   make chaos                 minutes of kills, stops and garbage  (ARGS="--seconds 60 brokers disk")
#   make bench                 ratios against peers            (ARGS="cloud log": only those)

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
INSTALL := PIP_CONSTRAINT=$(CURDIR)/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_WARN_SCRIPT_LOCATION=1 $(BIN)/python -m pip install --quiet
FRESH := .venv/fresh/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint types imports pytest chaos bench format constraints clean

demo: .venv/.installed
	@$(BIN)/dashctl demo $(ARGS)

test: lint types imports pytest

lint: .venv/.installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: .venv/.installed-dev
	$(BIN)/mypy

imports: .venv/.installed-dev
	$(BIN)/lint-imports

# Two workers, each with one thread for its arithmetic: more would only wait for each other.
pytest: .venv/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term $(ARGS)

chaos: .venv/.installed-dev
	$(BIN)/python -m tests.chaos $(ARGS)

bench: .venv/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks $(ARGS)

format: .venv/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dashctl needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "this Python cannot make virtual environments: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv

# Torch first and alone: a pinned version by name finds the build without a GPU's gigabytes.
.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --upgrade pip
	$(INSTALL) torch
	$(INSTALL) --editable '.[all]'
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(INSTALL) --group dev
	@touch $@

# The newest of everything but torch, whose pinned version has a build for CPUs alone.
constraints:
	rm -rf .venv/fresh && $(PYTHON) -m venv .venv/fresh
	$(FRESH) --upgrade pip hatchling editables
	$(FRESH) "$$(grep '^torch==' constraints.txt)"
	$(FRESH) --editable '.[all]' --group dev
	{ echo "# Every direct and indirect dependency, and those of the build. Written by: make constraints"; \
	  .venv/fresh/bin/python -m pip freeze --all --exclude-editable | sed 's/+cpu$$//' | sort -f; } > constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist .coverage*
