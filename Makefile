# Every target only calls ./taxi, which users and CI both use.
.DEFAULT_GOAL := help
.PHONY: help demo docs test test-all lint vulnerabilities unit integration coverage drill long mutate up down lock package
TAXI := ./taxi
# Processes run the test files side by side. Each has its own stack, and most of the time of such a test is waiting.
BY_FILE := --dist loadfile --no-loadscope-reorder

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start everything, replay a real month, then an evening live on the map
	@$(TAXI) demo

test: lint vulnerabilities unit integration coverage ## run everything that CI runs

lint: ## check style, types, import rules, SQL, and the words and links of the documentation
	@$(TAXI) tool ruff check
	@$(TAXI) tool ruff format --check
	@$(TAXI) tool mypy
	@$(TAXI) tool lint-imports
	@$(TAXI) tool sqlfluff lint --disable-progress-bar --templater placeholder schemas/postgres taxi_cli/questions
	@$(TAXI) tool sqlfluff lint --disable-progress-bar dbt/models dbt/tests
	@$(TAXI) tool pytest -q -p no:cacheprovider tests/docs/test_words.py tests/docs/test_links.py
	@$(TAXI) docs --quiet

vulnerabilities: ## list locked packages and jars with known vulnerabilities, if the advisories can be reached
	@$(TAXI) vulnerabilities

unit: ## run the tests that need no service
	@$(TAXI) tool pytest --numprocesses 2 $(BY_FILE) --cov --cov-report= -m "not integration and not drill and not long"

# The JVMs of a test live for minutes: without their second compiler they use a third less CPU.
integration: export TAXI_JVM_OPTIONS := -XX:TieredStopAtLevel=1
integration: ## run the tests on a real local stack, including the short drills
	@$(TAXI) tool pytest --numprocesses 3 $(BY_FILE) --cov --cov-append --cov-report= -m "(integration or (drill and short)) and not long"

coverage: ## print the coverage of the last test runs, by package
	@$(TAXI) tool python -m tests.coverage_by_room

test-all: test drill long ## also run every drill and the long tests, for which CI has no time

drill: ## run every fault drill and print a table of the rows compared
	@$(TAXI) drill all

long: ## run the long tests; each states why `make test` leaves it out
	@$(TAXI) tool pytest --numprocesses 2 $(BY_FILE) -m long

mutate: ## run mutation tests on contracts, SQL and accounting; OF="FILE…" selects files; resumes after an interruption
	@$(TAXI) tool python -m tests.mutation $(OF)

up: ## start the local stack
	@$(TAXI) up

down: ## stop the local stack
	@$(TAXI) down

docs: ## build the documentation site into .taxi/docs/site
	@$(TAXI) docs

lock: ## resolve every lock again
	@$(TAXI) lock

package: ## write the packages for AWS, with SBOMs: Flink zip, Spark archive, Airflow bundle, image context
	@$(TAXI) package
