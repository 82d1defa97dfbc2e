# The one door. `make` alone lists what there is.
PYTHON ?= python3
PARAMS ?= params/staging-2025-09-02.yaml
JOBS   ?= 2

BIN       := .venv/bin
NOTEBOOKS := $(if $(wildcard notebooks/*.ipynb),notebooks --nbval --nbval-current-env)
# Files in their order, the long notebooks first: none of them is left alone at the end.
PYTEST    := $(BIN)/python -m pytest -rs -n $(JOBS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help env postmortem test test-long test-release axe lint outputs docs audit notebooks bench bench-scale lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make .venv from requirements.txt; does nothing when it is there
	@$(PYTHON) bootstrap.py

postmortem: env ## run the bundled incident and print where its report is (PARAMS=… for another)
	@$(BIN)/netra-analysis run $(PARAMS)

test: env ## all tests, the notebooks against their committed outputs, the import contracts
	@$(PYTEST) $(NOTEBOOKS) tests

test-long: env ## the tests marked long, each told as it ends: it takes long, and a stop must lose nothing
	@$(PYTEST) -vv tests -m long

test-release: env ## before a release: damage, faults, kills, starters and machines in the numbers that hours allow
	@NETRA_ANALYSIS_EXAMPLES=10000 $(PYTEST) -vv tests/sources/test_reading_properties.py
	@$(PYTEST) -vv tests -m release

axe: env ## axe-core through npm into .venv; with it `make test` also looks at the pages for people who do not see them
	@command -v npm >/dev/null || { echo "make axe needs npm on the PATH: install it, then run this again" >&2; exit 1; }
	@mkdir -p .venv/axe && cd .venv/axe && npm pack axe-core@4 --silent >/dev/null && tar -xzf axe-core-4.*.tgz package/axe.min.js
	@echo ".venv/axe/package/axe.min.js"

lint: env ## ruff, mypy and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

outputs: env ## run the notebooks on the bundled incident and keep their outputs, after a change that is meant
	@$(BIN)/python tests/refresh_notebooks.py

docs: env ## make docs/causes/ again from the catalogue of causes
	@$(BIN)/python docs/make_causes.py

audit: env ## pins and hashes, code that runs at start, the list of all parts (SBOM), known vulnerabilities
	@$(BIN)/python deploy/audit.py

notebooks: env ## JupyterLab on the suite; it asks nobody for news, updates or extensions
	@$(BIN)/jupyter labextension disable @jupyterlab/apputils-extension:announcements --level=sys_prefix >/dev/null 2>&1
	@$(BIN)/jupyter lab --LabApp.news_url=None --LabApp.extension_manager=readonly \
	    --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
	    --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/00_overview.ipynb \
	    $(if $(filter 0,$(shell id -u)),--allow-root)

bench: env ## the figures on speed that the documents quote
	@set -e; for file in $(filter-out benchmarks/scale%.py,$(wildcard benchmarks/*.py)); do echo "$$file"; $(BIN)/python "$$file"; done

bench-scale: env ## exports of 1 and 10 million entries: ours, the floor, pandas (SIZES="100000000" for others)
	@$(BIN)/python benchmarks/scale.py $(SIZES)

lock: ## make requirements.txt again from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH: install it, then run this again" >&2; exit 1; }
	uv pip compile pyproject.toml --all-extras --group test --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.txt

clean: ## take away the environment and the caches; reports stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
