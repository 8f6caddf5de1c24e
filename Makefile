# What one types here. Python 3.11 or newer and make are all that must be there; everything else goes into .venv.
.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help demo test check format lint types contracts docs wheels packaging bench chaos mutants schemas trial clean

# The first Python that is new enough and can make an environment; name another with PYTHON=….
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	if $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
JOBS ?= 2
ARGS ?=

ADAPTERS := $(sort $(patsubst %/pyproject.toml,%,$(wildcard adapters/*/pyproject.toml)))
PLUGINS := $(sort $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml)))
MEMBERS := $(ADAPTERS) $(PLUGINS)
RECIPES := pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(MEMBERS))

# What `demo` needs, and nothing more; the other commands add the tools of a developer to the same environment.
# The demonstration finds adapters by their entry point; those for frameworks have none.
SHOWN := $(patsubst %/pyproject.toml,%,$(shell grep -l 'credit_check.adapters.v1' adapters/*/pyproject.toml))
DEMO := -e '.[cli,sandbox]' $(addprefix -e ./,$(SHOWN))
DEV := -e '.[cli,sandbox,service,bulk,postgres]' $(addprefix -e ./,$(MEMBERS))

# Exact versions for what is installed and for what builds it (the second name is for pip from 25.3 on).
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt

help: ## Say what can be typed here.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F '\t' '{printf "make %-10s %s\n", $$1, $$2}'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer (with venv) was not found; name one: make PYTHON=/path/to/python' >&2; exit 3; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip

$(VENV)/.demo: $(RECIPES) | $(BIN)/python
	$(PIP) install --quiet $(DEMO)
	@touch $@

$(VENV)/.dev: $(RECIPES) | $(BIN)/python
	$(PIP) install --quiet --group dev $(DEV)
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: benchmarks/requirements.txt $(VENV)/.dev
	$(PIP) install --quiet -r benchmarks/requirements.txt
	@touch $@

demo: $(VENV)/.demo ## Show the whole job on a small city of its own: sandbox, three hosts, checks, gate, feedback.
	$(BIN)/credit-check demo $(ARGS)

test: $(VENV)/.dev ## Run every test: the SDK's, the adapters' and the plugins'.
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: lint types contracts docs packaging ## Run everything that must hold before a change lands, but for the tests.

format: $(VENV)/.dev ## Put every file into the one format.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev ## Check format and habits (ruff).
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev ## Check types (mypy --strict), over tests too.
	$(BIN)/mypy credit_check_sdk tests $(wildcard scripts benchmarks chaos)
	@set -e; for member in $(MEMBERS); do echo "mypy $$member"; \
	(cd $$member && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache .); done

contracts: $(VENV)/.dev ## Check that imports point downwards only (import-linter).
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## Build the documentation; a warning is a failure.
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

schemas: $(VENV)/.dev ## Write the JSON Schemas of the published values anew.
	$(BIN)/python scripts/schemas.py

wheels: $(VENV)/.dev ## Build every distribution into dist/wheels, with all that it needs to be installed.
	rm -rf dist && mkdir -p dist/built dist/wheels
	@set -e; for member in . $(MEMBERS); do echo "build $$member"; \
	$(BIN)/python -m build --no-isolation --outdir dist/built $$member >dist/build.log || { cat dist/build.log >&2; exit 1; }; done
	$(BIN)/check-wheel-contents dist/built/*.whl
	$(PIP) download --quiet --dest dist/wheels pytest \
	"$$(ls dist/built/credit_check_sdk-*.whl)[cli,sandbox,service,bulk,postgres]" dist/built/*.whl

packaging: wheels ## Install the wheels without any registry, outside the tree, and let them run there.
	PYTHON=$(BIN)/python scripts/packaging.sh dist/wheels

chaos: $(VENV)/.dev ## Break it at every boundary, 1,200 times on each database, and send 10,000 feedbacks through a storm.
	$(BIN)/python -m chaos --faults 1200 --storm 10000 --boundaries $(ARGS)

$(VENV)/.mutants: $(VENV)/.dev
	$(PIP) install --quiet --group mutants
	@touch $@

mutants: $(VENV)/.mutants ## Change the rules one place at a time; see that a test notices each change. Takes a quarter of an hour.
	$(BIN)/python scripts/mutants.py --max-children $(JOBS)

$(VENV)/.trial: $(VENV)/.dev
	$(PIP) install --quiet --group trial
	@touch $@

trial: $(VENV)/.trial ## Try Tryton's purchase as a host: no purchase is confirmed past the gate.
	$(BIN)/python -m pytest tests/tryton $(ARGS)

bench: $(VENV)/.bench ## Measure beside peers; prints ratios with their spread.
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## Take away all that was made here.
	rm -rf $(VENV) dist build docs/_build mutants mutants.log .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
