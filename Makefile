# `make demo` and `make test` need python3 (3.11 or newer, with venv and pip), make and git.
PYTHON ?= python3
PYTHON_OF_FOCUS ?= python3.12
BIN := .venv/bin
# Python keeps what it has compiled, as on any machine, so that every start does not
# compile it again.
unexport PYTHONDONTWRITEBYTECODE
# Three workers for two cores, as many tests wait; those of one server, or of one file,
# stay in one of them. The order is that of tests/conftest.py, longest first.
WORKERS := -n 3 --dist loadgroup --no-loadscope-reorder

.PHONY: demo docs picture check test test-more soak bench bench-marts bigquery-check lint format clean

demo: .venv/installed
	$(BIN)/ccwarehouse demo

# What needs neither a server nor a process of its own, nor half a second.
check: .venv/installed lint
	$(BIN)/pytest $(WORKERS) -m "not server and not process and not slow"

test: .venv/installed .venv-bigquery/installed lint
	$(BIN)/pytest $(WORKERS)

# dbt on our sources, the same views on Spark, which needs Java 17, and the schedulers of
# docs/schedules.md. Each has an environment of its own, .venv-<group>; the validator of
# FOCUS needs Python 3.12 in its own.
MORE := airflow dagster dbt prefect spark validators
test-more: .venv/installed $(MORE:%=.venv-%/installed) .venv-focus/installed
	$(BIN)/pytest tests/more

# What `make test` samples, at length; `make soak SOAK=<seed>` repeats a run.
SOAK ?= $(shell date +%s)
soak: .venv/installed .venv-bigquery/installed
	SOAK=$(SOAK) $(BIN)/pytest -s --timeout=7200 --hypothesis-seed=$(SOAK) \
		$(shell grep -l '^from soak' tests/test_*.py)

# On the real BigQuery, with application-default credentials; it cleans up.
bigquery-check: .venv/installed
	@test "$(PROJECT)" -a "$(DATASET)" || \
		{ echo "Name both: make bigquery-check PROJECT=... DATASET=..."; exit 2; }
	DESTINATION__BIGQUERY__PROJECT_ID=$(PROJECT) $(BIN)/python tests/bigquery_check.py $(DATASET)

# How fast and how small, as ratios; in the environment that users have.
bench: .venv-bench/installed
	.venv-bench/bin/python tests/bench/run.py

# How fast the marts answer with a million records, in DuckDB and in Postgres.
bench-marts: .venv/installed
	$(BIN)/python tests/bench/marts.py

# The pages that are written from the code.
docs: .venv/installed
	$(BIN)/python docs/dictionary.py
	$(BIN)/python docs/answers.py

# The picture of the README, with the Chromium of this machine.
picture: .venv/installed
	$(BIN)/python docs/picture.py

lint: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 0 transforms
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

format: .venv/installed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/sqlfluff fix --disable-progress-bar transforms

# uv installs what uv.lock says; it comes into the environment like any other tool.
.venv/installed: pyproject.toml uv.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv sync --quiet --active --locked --inexact
	touch $@

# What stands in for BigQuery in the tests needs other versions of what we need.
.venv-bigquery/installed: .venv/installed
	UV_PROJECT_ENVIRONMENT=.venv-bigquery $(BIN)/uv sync --quiet --locked \
		--python $(BIN)/python --only-group bigquery-stand-ins
	touch $@

$(MORE:%=.venv-%/installed): .venv-%/installed: .venv/installed
	UV_PROJECT_ENVIRONMENT=.venv-$* $(BIN)/uv sync --quiet --locked \
		--python $(BIN)/python --only-group $*
	touch $@

# Not in uv.lock, whose packages work with Python 3.11. Its NumPy needs an older Arrow.
.venv-focus/installed: .venv/installed
	$(PYTHON_OF_FOCUS) -m venv .venv-focus
	.venv-focus/bin/pip install --quiet --disable-pip-version-check \
		'focus-validator==2.2.1' 'pyarrow<21'
	touch $@

.venv-bench/installed: .venv/installed
	UV_PROJECT_ENVIRONMENT=.venv-bench $(BIN)/uv sync --quiet --locked \
		--python $(BIN)/python --no-default-groups
	touch $@

clean:
	rm -rf .venv .venv-bench .venv-bigquery .venv-focus $(MORE:%=.venv-%) dist \
		demo.duckdb demo.duckdb.wal demo.html
