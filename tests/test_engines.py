"""One truth in every engine: views give the same rows, to the last digit."""

import datetime as dt
from contextlib import ExitStack
from decimal import Decimal

import dlt
import pytest
from dlt.destinations.exceptions import DatabaseTerminalException
from hypothesis import HealthCheck, Phase, given, settings

from ccwarehouse.organisation import usage
from engines import BigQuery, DuckDb, Postgres, prepared
from histories import Load, damaged, histories, stored_after
from soak import IS_SOAK, sample


@pytest.fixture(scope="module")
def engines(googlesql, postgres, tmp_path_factory):
    """DuckDB, Postgres with a collation of English, and GoogleSQL's executor."""
    folder = tmp_path_factory.mktemp("engines")
    address = postgres.address(database=postgres.new_database())
    destinations = {
        DuckDb: dlt.destinations.duckdb(str(folder / "usage.duckdb")),
        Postgres: dlt.destinations.postgres(address),
    }
    with ExitStack() as stack:
        found = []
        for engine, destination in destinations.items():
            pipeline = prepared(destination, folder / engine.__name__)
            found.append(engine(stack.enter_context(pipeline.sql_client())))
        yield [*found, BigQuery(googlesql, folder / "offline")]


def tried(examples):
    """The same examples in every test run, others in every soak."""
    return settings(
        max_examples=examples,
        derandomize=not IS_SOAK,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # an example here takes a second
        suppress_health_check=list(HealthCheck),
    )


def assert_one_truth(engines, rows):
    first, *others = engines
    for engine in engines:
        engine.fill(rows)
    expected = first.answers()
    for other in others:
        actual = other.answers()
        for name in expected:
            assert (name, expected[name]) == (name, actual[name])
    return expected


def test_the_demo_is_the_same_in_every_engine(engines):
    """A restated month's end of the made-up organisation, every view and check."""
    days = [dt.date(2026, 1, 30), dt.date(2026, 1, 31), dt.date(2026, 2, 1)]
    early = Load("default", {day: usage(day)[:40] for day in days})
    late = Load("default", {days[1]: usage(days[1])[20:60]})

    answers = assert_one_truth(engines, stored_after([early, late]).rows())

    assert 1 == answers["day_revisions"].rows.total()


@tried(sample(8, 500))
@given(histories)
def test_nasty_histories_are_the_same_in_every_engine(engines, history):
    """Nulls, twins, odd letters, two currencies, refunds, failures, restated days."""
    assert_one_truth(engines, stored_after(history).rows())


@tried(sample(2, 200))
@given(histories)
def test_damage_is_the_same_in_every_engine(engines, history):
    """Rows whose record is gone keep their costs, and the checks name them."""
    assert_one_truth(engines, damaged(stored_after(history)).rows())


def test_what_is_too_much_for_duckdb_is_an_error_and_no_other_number(engines):
    """Sums up to 10^12 of a currency fit everywhere; beyond, the others go on."""
    most = [{**usage(dt.date(2026, 1, 30))[0], "model_breakdown": [costly("9" * 14)]}]
    days = {dt.date(2024, 2, day): most for day in (28, 29)}
    duckdb, *others = engines
    for engine in engines:
        engine.fill(stored_after([Load("default", days)]).rows())

    with pytest.raises(DatabaseTerminalException, match="Out of Range"):
        duckdb.answers()
    for engine in others:
        columns, rows = engine.answers()["user_cost_monthly"]
        position = [name for name, _ in columns].index("estimated_cost")
        assert [Decimal("1999999999999.98")] == [row[position][1] for row in rows]


def costly(cents):
    return {"model": "m", "estimated_cost": {"currency": "USD", "amount": cents}}
