# Commands for people and CI. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

EXTRA ?= cpu
CONFIG ?= configs/local.yaml
TESTS ?= tests
# How many processes run the tests that need no server.
WORKERS ?= 2
ON_WORKERS := --numprocesses $(WORKERS) --dist loadgroup --max-worker-restart 0
MODELS ?= chat images transcriptions
RUNS ?= 1
MINUTES ?= 60
UV_VERSION := 0.13.9

# The first Python of a supported version.
PYTHON ?= $(shell for candidate in python3 python3.12 python3.11; do \
	if $$candidate -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1; \
	then command -v $$candidate; break; fi; done)
UV := .tools/uv-$(UV_VERSION)/bin/uv
BIN := .venv/bin

# Compile bytecode once at installation, not in each process; never download another Python.
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_DOWNLOADS := never
# Never install into an environment that is active in the shell.
unexport VIRTUAL_ENV

# Only one extra is installed at a time: installing one removes the packages of the others.
only-this-extra = @rm -f $(filter-out %-$*,$(wildcard .venv/.serve-* .venv/.test-*))

.PHONY: help serve test test-models check format lint types faults bench bench-gpu soak train-embedded evaluate-embedded compare-documents fuzz clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

serve: $(CONFIG) .venv/.serve-$(EXTRA) ## Install the environment and serve CONFIG (configs/local.yaml) until Ctrl-C
	@exec $(BIN)/python -m operate.launch $(CONFIG) $(if $(METRICS_PORT),--metrics-port $(METRICS_PORT))

test: .venv/.test-$(EXTRA) ## Install the environment and run TESTS (all)
ifeq ($(TESTS),tests)
	@$(BIN)/python -m pytest $(ON_WORKERS) --ignore tests/serve --ignore tests/models tests
	@$(BIN)/python -m pytest tests/serve
else
	@$(BIN)/python -m pytest $(TESTS)
endif

test-models: .venv/.test-$(EXTRA) ## Test the answers of the models whose weights come with packages
	@$(BIN)/python -m pytest tests/models

check: MINUTES = 3
check: lint types test test-models soak ## Run all checks of CI: lint, types, tests, and a short soak

format: .venv/.test-$(EXTRA) ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lint: .venv/.test-$(EXTRA) ## Check style and format
	@$(UV) lock --check --quiet
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/deptry wire event_loop workers serve_app deployments operate embedded
	@$(BIN)/deptry bench tests --ignore DEP002,DEP004

types: .venv/.test-$(EXTRA) ## Check types strictly
	@$(BIN)/basedpyright

faults: .venv/.test-$(EXTRA) ## Kill, stop and take away each part of a server under load, RUNS times (1), and print what its clients saw
	@$(BIN)/python -m tests.serve.faults --runs $(RUNS)

bench-gpu: .venv/.test-$(EXTRA) ## Measure chat with an 8B model of random weights on a GPU (EXTRA=gpu; bench/gpu/results.md)
	@$(BIN)/python -m bench --gpu

bench: .venv/.test-$(EXTRA) ## Measure Homeport beside other servers and bare libraries (bench/results.md)
	@$(BIN)/python -m bench

soak: .venv/.test-$(EXTRA) ## Load all kinds for MINUTES (60), and fail if memory, threads, files or the rate drift
	@$(BIN)/python -m bench.soak --minutes $(MINUTES)

train-embedded: .venv/.test-$(EXTRA) ## Train the embedded MODELS by their recipes, or resume (hours)
	@for model in $(MODELS); do $(BIN)/python -m embedded.$$model.recipe.train; done

evaluate-embedded: .venv/.test-$(EXTRA) ## Print the held-out scores of the embedded MODELS (minutes)
	@$(BIN)/python -m embedded.evaluate $(MODELS)

compare-documents: .venv/.test-$(EXTRA) ## Compare the text of DOCX and PDF files with that of LibreOffice and pdftotext, which must be installed
	@$(BIN)/python -m tests.support.compare_documents

fuzz: .venv/.test-$(EXTRA) ## Send REQUESTS (20000) odd requests to a server of its own, by SEED (0)
	@$(BIN)/python -m tests.fuzz --requests $(or $(REQUESTS),20000) --seed $(or $(SEED),0)

clean: ## Remove everything that the other targets created
	@rm -rf .venv .tools .pytest_cache .ruff_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A config that does not exist is reported before the installation.
$(CONFIG):
	@echo "homeport: $@: No such file or directory" >&2; exit 1

.venv/.serve-%: pyproject.toml uv.lock | $(UV)
	@echo "Installing the environment for $* into .venv (about 8 GB; the first time takes a few minutes) …"
	@$(UV) sync --frozen --quiet --extra $* --extra piper --extra weights $(if $(wildcard .venv/.test-*),,--no-dev) --python $(PYTHON)
	$(only-this-extra)
	@touch $@ $(if $(wildcard .venv/.test-*),.venv/.test-$*)

.venv/.test-%: pyproject.toml uv.lock | $(UV)
	@echo "Installing the environment for $* with the test tools into .venv …"
	@$(UV) sync --frozen --quiet --extra $* --extra piper --extra weights --python $(PYTHON)
	$(only-this-extra)
	@touch $@ .venv/.serve-$*

$(UV):
	@test -n "$(PYTHON)" || { echo "homeport: Python 3.11 or 3.12 is needed; 'python3' is $$(python3 --version 2>&1 || true). Set PYTHON=/path/to/python3.12." >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "homeport: $(PYTHON) has no pip. On Debian and Ubuntu: apt install python3-pip" >&2; exit 1; }
	@echo "Installing uv $(UV_VERSION) into .tools …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action ignore --target .tools/uv-$(UV_VERSION) uv==$(UV_VERSION)
