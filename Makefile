# Shufa: one obvious way to run each thing. `make` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# The first of these that runs and is new enough; `make PYTHON=/path/to/python3.11 …` overrides.
PYTHON ?= $(shell for p in python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed
PEERS := .venv/peers
BROWSER := .venv/browser
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

# Exactly what the lock file says, by hash; then this project, editable, without asking anything else.
$(INSTALLED): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (python3.11 or python3)." >&2; exit 1; }
	@echo "Preparing .venv ..."
	@"$(PYTHON)" -m venv .venv
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: $(INSTALLED) ## the whole story of two rounds, every step checked; it stays up, with a portal to click through
	@$(BIN)/shufa demo --keep --replace --home .demo

.PHONY: demo-down
demo-down: $(INSTALLED) ## stop what `make demo` left up, and remove it
	@$(BIN)/shufa down --purge --home .demo

# Where it cannot be had, the tests that need it say so; the others run all the same.
$(BROWSER): $(INSTALLED)
	@echo "Preparing the browser ..."
	@if $(BIN)/python -m shared.testing.chromium >/dev/null; then touch $@; fi

.PHONY: test
test: $(INSTALLED) $(BROWSER) ## all tests, on real PostgreSQL, NATS and Chromium
	@$(BIN)/python -m pytest

.PHONY: check
check: $(INSTALLED) ## format, lint, types, import rules, committed schemas, goldens and channels
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m shared.contracts.schema check
	@$(BIN)/python -m shared.testing.goldens check
	@$(BIN)/python -m shared.messaging.asyncapi check
	@$(BIN)/python -m deploy.local.permissions check

.PHONY: rules
rules: $(INSTALLED) ## write docs/rules.md, policies.md, domain.md and permissions.md from the code
	@$(BIN)/python -m shared.testing.rulebook write
	@$(BIN)/python -m deploy.local.permissions write

.PHONY: goldens
goldens: $(INSTALLED) ## add a golden file of each event and version that has none
	@$(BIN)/python -m shared.testing.goldens write

.PHONY: mutants
mutants: $(INSTALLED) ## leave out each rule in turn: a test must fail
	@$(BIN)/python -m shared.testing.mutants

# What the benchmarks compare us with, and what draws their charts.
$(PEERS): requirements-bench.lock $(INSTALLED)
	@$(PIP) install --require-hashes -r requirements-bench.lock
	@touch $@

.PHONY: bench
bench: $(PEERS) ## the kernel beside its peers, ten minutes; QUICK=1: one
	@$(BIN)/python -m benchmarks

.PHONY: kill-test
kill-test: $(INSTALLED) ## the demo while each server in turn is killed ten times
	@$(BIN)/python -m tests.scenario.kill_test

.PHONY: up
up: $(INSTALLED) ## start the system on this machine and leave it running
	@$(BIN)/shufa up

.PHONY: down
down: $(INSTALLED) ## stop what `make up` started
	@$(BIN)/shufa down

.PHONY: format
format: $(INSTALLED) ## format the code
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

.PHONY: lock
lock: $(INSTALLED) ## write the lock files anew from requirements*.in
	@for name in requirements requirements-dev requirements-bench; do \
		$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
			--no-emit-index-url --no-annotate --no-header $$name.in --output-file $$name.lock; done

.PHONY: clean
clean: ## remove the environment and every cache; the data of `make up` stays
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
