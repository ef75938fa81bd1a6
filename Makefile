# Every target only calls ./taxi, which users and CI both use.
.DEFAULT_GOAL := help
.PHONY: help demo docs test test-all lint vulnerabilities unit integration coverage drill long mutate up down lock package
TAXI := ./taxi
# Two processes run the test files, each with its own stack: most of the time of a test is waiting.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile --no-loadscope-reorder

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start everything, replay a real month, show the dearest zones
	@$(TAXI) demo

test: lint vulnerabilities unit integration coverage ## everything that CI runs

lint: ## style, types, import rules, SQL, words and links of the documentation
	@$(TAXI) tool ruff check
	@$(TAXI) tool ruff format --check
	@$(TAXI) tool mypy
	@$(TAXI) tool lint-imports
	@$(TAXI) tool sqlfluff lint --disable-progress-bar --templater placeholder schemas/postgres taxi_cli/questions
	@$(TAXI) tool sqlfluff lint --disable-progress-bar dbt/models dbt/tests
	@$(TAXI) tool pytest -q -p no:cacheprovider tests/docs/test_words.py tests/docs/test_links.py
	@$(TAXI) docs --quiet

vulnerabilities: ## locked packages that are known to be vulnerable, where the advisories can be reached
	@$(TAXI) vulnerabilities

unit: ## the tests that need no service
	@$(TAXI) tool pytest $(SIDE_BY_SIDE) --cov --cov-report= -m "not integration and not drill and not long"

# The JVMs of a test live for minutes: without their second compiler they use a third less CPU.
integration: export TAXI_JVM_OPTIONS := -XX:TieredStopAtLevel=1
integration: ## the tests on a real local stack, the short drills among them
	@$(TAXI) tool pytest $(SIDE_BY_SIDE) --cov --cov-append --cov-report= -m "(integration or (drill and short)) and not long"

coverage: ## what the last runs of the tests covered, by room
	@$(TAXI) tool python -m tests.coverage_by_room

test-all: test drill long ## what CI has no time for, too: every drill, and the tests that take long

drill: ## every fault drill, and a table of what became of the rows
	@$(TAXI) drill all

long: ## the tests that take long, each with the reason why it is left out of `make test`
	@$(TAXI) tool pytest $(SIDE_BY_SIDE) -m long

mutate: ## which small changes of contracts, SQL and accounting no test notices; OF="FILE…" for some, goes on where it stopped
	@$(TAXI) tool python -m tests.mutation $(OF)

up: ## start the local stack
	@$(TAXI) up

down: ## end the local stack
	@$(TAXI) down

docs: ## build the documentation site into .taxi/docs/site
	@$(TAXI) docs

lock: ## resolve every lock again
	@$(TAXI) lock

package: ## what AWS is sent: Flink zip, Spark archive, Airflow bundle, image context; with SBOMs
	@$(TAXI) package
