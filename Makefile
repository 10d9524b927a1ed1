.PHONY: demo test test-shared test-long check format lock clean
PACKAGES = mle_star services/orchestrator/mle_star_orchestrator services/planner-gateway/mle_star_planner_gateway \
    services/executor/mle_star_executor services/verifier/mle_star_verifier services/sandbox/mle_star_sandbox
INSTALLED = pyproject.toml services/*/pyproject.toml scripts/install

demo: .venv/.run ## the main job on a small real data set
	@.venv/bin/mle-star demo

test: .venv/.dev ## every test that needs neither root, nor Docker, nor data of ours
	@echo "tests/shared is left out: it needs data that is not part of this repository"
	@.venv/bin/pytest -q tests --ignore tests/shared --durations 10

test-shared: .venv/.dev ## the tests on real competitions, from ../shared
	@.venv/bin/pytest -q tests/shared --durations 10

check: .venv/.dev ## format, lint, types, import rules
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy $(PACKAGES)
	@.venv/bin/lint-imports

format: .venv/.dev
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: ## the locks anew, from requirements*.in
	@scripts/lock

clean:
	rm -rf .venv demo .mypy_cache .ruff_cache .pytest_cache

.venv/.run: requirements.lock $(INSTALLED)
	@scripts/install requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock $(INSTALLED)
	@scripts/install requirements-dev.lock
	@touch $@ .venv/.run
