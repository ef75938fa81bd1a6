# Every target only calls ./taxi, which people and CI use alike.
.DEFAULT_GOAL := help
.PHONY: help demo test lint unit integration up down lock
TAXI := ./taxi

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start everything, replay a real month, show the dearest zones
	@$(TAXI) demo

test: lint unit integration ## everything that CI runs

lint: ## style, types, import rules and SQL
	@$(TAXI) tool ruff check
	@$(TAXI) tool ruff format --check
	@$(TAXI) tool mypy
	@$(TAXI) tool lint-imports
	@$(TAXI) tool sqlfluff lint --disable-progress-bar schemas/postgres dbt/models dbt/tests

unit: ## the tests that need no service
	@$(TAXI) tool pytest -m "not integration and not drill"

integration: ## the tests on a real local stack
	@$(TAXI) tool pytest -m integration

up: ## start the local stack
	@$(TAXI) up

down: ## end the local stack
	@$(TAXI) down

lock: ## resolve every lock anew
	@$(TAXI) lock
