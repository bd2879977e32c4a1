# What a person types. Every target does its own set-up first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo dev test soon test-slow histories bench lint generate docs lock clean

BIN := .venv/bin
STAMP := .venv/.omie-pipeline-setup
# pytest prints its own summary; two workers suit two cores.
PYTEST_WORKERS ?= 2

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

setup: $(STAMP) ## Install the locked dependencies into .venv
	@echo "Pronto / ready: $(BIN)/omie-pipeline --help"

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh
	@touch $@

demo: $(STAMP) ## The sample clinic through the whole job, against the simulator
	@$(BIN)/omie-pipeline demo

dev: $(STAMP) ## Dagster UI and daemon, with the embedded database
	@$(BIN)/omie-pipeline dev

# Side by side: the types take one core for a minute. `+` lets the tests be seen while they run.
test: $(STAMP) ## Lint, types, layers and the tests that answer soon
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint soon

soon: $(STAMP)
	+$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m "not slow"

test-slow: $(STAMP) ## The other tests: whole dbt builds, killed processes, servers of other kinds
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m slow

lint: $(STAMP) ## Style, types and import layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

histories: $(STAMP) ## 1,000 random histories, receipt to note and edits on both sides; hours, not part of the tests
	OMIE_PIPELINE_HISTORIES=$${OMIE_PIPELINE_HISTORIES:-1000} $(BIN)/python -m pytest tests/histories/test_histories.py tests/histories/test_plans.py tests/histories/test_two_sides.py tests/histories/test_built_sides.py -n0 -s

bench: $(STAMP) ## The measures; minutes, not part of the tests
	$(BIN)/python -m benchmarks

generate: $(STAMP) ## Files that are written from declarations: DDL, dbt columns, pages of docs, the asset graph
	@$(BIN)/python -m scripts.generate
	@$(BIN)/python -W ignore -m scripts.generate.asset_graph

docs: generate ## The same, and the dbt models as one page
	@$(BIN)/python scripts/dbt_docs.py

lock: $(STAMP) ## Renew requirements.lock from pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.8"
	$(BIN)/python -m uv pip compile pyproject.toml --extra dev --universal --upgrade \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-annotate --no-header \
		--quiet --output-file requirements.lock

clean: ## Remove .venv and caches; the state folder .omie_pipeline stays: it holds the ledger
	-@[ ! -x $(BIN)/python ] || $(BIN)/python -c "from omie_pipeline.config.settings import load_settings; from omie_pipeline.postgres.embedded import EmbeddedPostgres; EmbeddedPostgres(load_settings().home).stop()"
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
		dbt_mapping/target dbt_mapping/logs
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
