# The commands of the project. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FUZZ := $(VENV)/fuzz

.DEFAULT_GOAL := help
.PHONY: help install run demo test fuzz chaos doctor check format docs pictures bench frames lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## set up .venv with every dependency, versions and hashes checked

$(STAMP): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Loopcast needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv --clear $(VENV) || \
		{ echo "venv is missing; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $(STAMP)

run: install ## the whole stack on this machine, until Ctrl-C: http://127.0.0.1:8080
	@exec $(BIN)/python -m deploy.local

demo: install ## a 500-recipient campaign against the sandbox, watched live, about a minute
	@exec $(BIN)/python -m deploy.local demo

test: install ## the whole test suite, on real embedded servers
	@$(BIN)/python -m pytest -n auto --dist worksteal

fuzz: $(FUZZ)/.installed ## the API against its own description, by schemathesis, about 4 minutes
	@$(BIN)/python -m tests.fuzz

$(FUZZ)/.installed: $(STAMP) requirements-fuzz.lock
	@$(BIN)/python -m venv --clear $(FUZZ)
	@$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $@

chaos: install ## every fault at full length, about 15 minutes; its table goes to docs/crash-safety.md
	@CHAOS=full $(BIN)/python -m pytest tests/chaos

doctor: install ## what is wrong, from the settings to Meta, and what to do; recounts every job
	@$(BIN)/python -m deploy.doctor

check: install ## style, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: install ## let ruff write the style
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

docs: install ## write the tables of the documents that the code decides
	@$(BIN)/python -m deploy.docs

pictures: install ## the README's pictures of the page, taken with this machine's chromium
	@$(BIN)/python -m tests.browser.pictures

bench: install ## speed: accepted, sent (against a bare client), receipts taken in and merged
	@$(BIN)/python -m bench

frames: install ## how smoothly a job of 50,000 is watched in chromium, and what the page weighs
	@$(BIN)/python -m tests.browser.frames

lock: install ## resolve requirements*.lock anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade --extra local --extra dev \
		-c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade --group pyproject.toml:fuzz \
		-o requirements-fuzz.lock

clean: ## remove .venv and caches; .data, where `make run` keeps its jobs, stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/browser/node_modules
