# `make` alone lists the targets.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -q
FOR ?=
MINUTES ?= 10
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help demo test check faults fuzz soak bench install tables dashboards lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## Run a whole city on this machine; FOR=30s ends by itself
	@$(BIN)/simpang-hub demo $(if $(FOR),--for $(FOR))

test: $(VENV)/.dev ## Install the servers that tests use where allowed, and run all tests
	@.ci/install-servers
	@$(BIN)/python -m tests $(ARGS)

check: $(VENV)/.dev ## Check style (ruff), types (mypy strict) and architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pytest -q tests/test_architecture.py

faults: $(VENV)/.dev ## Break every part while readings flow, ours and peers', count what is lost; ARGS=R01 runs one case
	@.ci/install-servers
	@$(BIN)/python -m tests.faults $(ARGS)
	@[ -n "$(ARGS)" ] || $(BIN)/python -m tests.faults.disk
	@[ -n "$(ARGS)" ] || $(BIN)/python -m tests.simulated --seeds 2000
	@[ -n "$(ARGS)" ] || $(BIN)/python -m tests.simulated --variants

fuzz: $(VENV)/.fuzz ## Feed every decoder 20,000 hostile examples, then fuzz each for MINUTES of CPU time (10); ARGS=ack one
	@SIMPANG_FUZZ_EXAMPLES=20000 $(BIN)/pytest -q --timeout 0 tests/fuzz
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(ARGS)

soak: $(VENV)/.dev ## Run weeks of readings in hours, and see that nothing grows; ARGS="--for 30m"
	@.ci/install-servers
	@$(BIN)/python -m tests.soak $(ARGS)

bench: $(VENV)/.dev ## Measure and print the figures that README and docs quote
	@$(BIN)/python -m bench

install: $(VENV)/.run ## Make the environment for agents and hubs; as root, link both commands into /usr/local/bin
	@if [ "$$(id -u)" -eq 0 ]; then \
		mkdir -p "$(PREFIX)/bin" && \
		ln -sf "$(CURDIR)/$(BIN)/simpang-agent" "$(CURDIR)/$(BIN)/simpang-hub" "$(PREFIX)/bin/" && \
		echo "simpang-agent and simpang-hub are in $(PREFIX)/bin"; \
	fi

tables: $(VENV)/.dev ## Write the README's tables anew from the code
	@$(BIN)/python -m tests.support.readme

dashboards: $(VENV)/.run ## Write configs/grafana anew from the code
	@$(BIN)/simpang-hub grafana write

lock: ## Pin the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" \
		--extra agent --extra camera --extra hub --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" \
		--all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove the virtual environment and what tools left behind
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@.ci/make-venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing what the lock file names (once) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.fuzz: requirements-fuzz.lock $(VENV)/.dev
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-fuzz.lock
	@touch $@
