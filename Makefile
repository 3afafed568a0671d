# The only entry point. Everything longer than a few lines is Python in codegen/ or tests/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FHIR ?= r4
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check generate specs spec-diff golden bench docs build sql-on-fhir test-bulk \
	test-nogil clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install everything into .venv

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "pymedplum needs Python 3.10 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && \
		apt-get update -qq && apt-get install -qq -y python3-venv; } || \
		{ echo "the venv module is missing; run: sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --retries 5 --editable '.[dev]'
	@touch $@

demo: $(READY) ## regenerate the SDK, read HL7's examples, tour both clients before a server
	$(BIN)/python -m codegen generate
	$(BIN)/python -m tests.demo

test: check ## run all checks and tests
	$(BIN)/python -m pytest

check: $(READY) ## drift, formatting, lint, types
	$(BIN)/python -m codegen check
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/pyright --project pyproject.toml

generate: $(READY) ## write generated/ from specs/ (another version: FHIR=r5 OUT=folder)
	$(BIN)/python -m codegen generate --fhir $(FHIR) $(if $(OUT),--out $(OUT))

specs: $(READY) ## download and extract the definitions that specs/sources.toml pins
	$(BIN)/python -m codegen specs

spec-diff: $(READY) ## compare specs/medplum with a server: SERVER=<base URL or folder>
	$(BIN)/python -m codegen spec-diff --server $(SERVER)

golden: $(READY) ## rewrite tests/golden/*/expected; review the diff
	$(BIN)/python tests/golden/rewrite.py

bench: $(READY) ## measure side by side with the peers, in one run
	$(BIN)/python -m tests.benchmarks $(ARGS)

docs: $(READY) ## run and type-check every snippet of README and docs/
	$(BIN)/python -m pytest tests/docs

build: $(READY) ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

sql-on-fhir: $(READY) ## score the conformance cases of SQL on FHIR on every runner
	$(BIN)/python -m tests.sql_on_fhir $(ARGS)

test-bulk: $(READY) ## download an export of 1 GB while it is killed 20 times
	$(BIN)/python -m tests.bulk

test-nogil: $(READY) ## build a free-threaded CPython 3.13 and run the thread-safety tests on it
	$(BIN)/python tests/nogil/run.py

clean: ## remove what the commands made
	rm -rf $(VENV) .cache dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
