# Each target answers one need; the work is in tools/. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test test-long check bench dev format lock translations clean-env

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start Solde with demo data, a PayPlug simulator and a local mailbox (Ctrl-C ends all of them)
	@tools/bootstrap run && exec .venv/bin/solde demo $(ARGS)

test: ## run the tests, e.g. make test ARGS="tests/core -k money"
	@tools/bootstrap test && exec tools/test $(ARGS)

test-long: ## run the tests in full: every matrix on both databases, long random machines
	@tools/bootstrap test && exec tools/test --long $(ARGS)

check: ## lint, types, import direction, translations, migrations
	@tools/bootstrap check && exec tools/check

bench: ## measure Solde beside the same work without Solde's code; prints ratios
	@tools/bootstrap check && exec .venv/bin/python -m benchmarks $(ARGS)

dev: ## serve with reloading and a debugger, on the demo's database
	@tools/bootstrap check && exec .venv/bin/flask --app wsgi run --debug $(ARGS)

format: ## bring the code into the house's form
	@tools/bootstrap check && .venv/bin/ruff check --fix-only -q . && .venv/bin/ruff format -q .

lock: ## pin the dependencies of pyproject.toml again (UPGRADE=1 takes the newest versions)
	@tools/bootstrap check && exec tools/lock $(if $(UPGRADE),--upgrade)

translations: ## collect new texts into the French catalogue, and compile it
	@tools/bootstrap check && exec .venv/bin/python -m tools.translations update

clean-env: ## remove the virtual environment and all caches (keeps var/, where the demo's data are)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
