.PHONY: demo test test-chaos test-shared test-long benchmark-overhead check format lock clean
PACKAGES = mle_star services/orchestrator/mle_star_orchestrator services/planner-gateway/mle_star_planner_gateway \
    services/executor/mle_star_executor services/verifier/mle_star_verifier services/sandbox/mle_star_sandbox
INSTALLED = pyproject.toml services/*/pyproject.toml scripts/install

demo: .venv/.run ## the main job on a small real data set
	@.venv/bin/mle-star demo

test: .venv/.dev ## every test that needs neither root, nor Docker, nor data of ours
	@echo "left out: tests/shared needs data that is not part of this repository, tests/chaos is make test-chaos"
	@.venv/bin/pytest -q tests --ignore tests/shared --ignore tests/chaos -m "not long" --durations 10

test-chaos: .venv/.dev ## kill -9 of a worker and of an executor, mid-task
	@.venv/bin/pytest -q tests/chaos -k "worker or executor"

test-shared: .venv/.dev ## real competitions end to end, from ../shared
	@.venv/bin/pytest -q tests/shared --durations 10

test-long: .venv/.dev ## kill -9 of each process, a stack that goes on where it was, every kind of competition
	@.venv/bin/pytest -q tests/chaos tests/generated tests/security --durations 10

benchmark-overhead: .venv/.run ## what the harness costs beside its programs, on titanic and house-prices
	@.venv/bin/python -m benchmarks.overhead titanic=../shared/data/titanic \
	    house-prices=../shared/data/cases/house-prices/public

check: .venv/.dev ## format, lint, types, import rules
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy $(PACKAGES) benchmarks
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
