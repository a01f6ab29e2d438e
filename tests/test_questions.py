"""The queries of the documentation find the same in every engine."""

import datetime as dt

import duckdb
import pytest

from anthropic_admin_api.fake import budgets_csv, teams_csv
from anthropic_admin_api.fake.organisation import usage
from ccwarehouse.inputs import read_budgets, read_teams
from histories import Load, stored_after
from test_engines import DEMOS, READMES, assert_one_truth, values

DAYS = [dt.date(2026, 8, 1) + dt.timedelta(n) for n in range(81)]
LOADED = dt.datetime(2026, 10, 21, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def engines(duckdb_engine, postgres_engine, googlesql_engine, tmp_path_factory):
    """Every engine with some months of a part of the organisation."""
    history = {day: [*filter(is_of_the_part, usage(day))] for day in DAYS}
    rows = stored_after([Load("default", history)], LOADED).rows()
    files = files_of_the_demo(tmp_path_factory.mktemp("files"))
    engines = [duckdb_engine, postgres_engine, googlesql_engine]
    assert_one_truth(engines, rows | files)
    return engines


def is_of_the_part(made):
    """Two people of the platform team, and people without a team who come and go."""
    email = made["actor"].get("email_address", "a key")
    return email.startswith(("carl", "divya")) or f"{email}," not in teams_csv()


def files_of_the_demo(folder):
    """The stored rows of the demo's teams and budgets."""
    (folder / "teams.csv").write_text(teams_csv())
    (folder / "budgets.csv").write_text(budgets_csv([dt.date(2026, 9, 1)]))
    files = read_teams(folder / "teams.csv"), read_budgets(folder / "budgets.csv")
    of_load = {"version": 1, "_dlt_load_id": "in"}
    rows = {
        file.table.name: [row.as_row() | of_load for row in file.rows] for file in files
    }
    notes = [{"name": file.name, "min_group_size": 1} | of_load for file in files]
    return rows | {"input_files": notes}


MONTHS = [dt.date(2026, month, 1) for month in (3, 7, 8, 9)]
COSTS = [  # of each month
    ("ann", "USD", [None, None, 50, 60]),
    ("started", "USD", [None, None, None, 100]),
    ("stopped", "USD", [None, None, 200, None]),
    ("long ago", "USD", [900, 900, None, 70]),
    ("abroad", "EUR", [None, None, None, 999]),
]


@pytest.fixture
def few():
    """The costs of these months; the running one, October, is not whole."""
    with duckdb.connect() as connection:
        connection.execute("create schema claude_code_marts")
        marts = "create table claude_code_marts"
        connection.execute(
            f"{marts}.user_cost_monthly"
            " (account text, actor text, currency text, month date,"
            " estimated_cost decimal(38, 12), is_complete boolean)"
        )
        connection.execute(
            f"{marts}.month_days (account text, month date, is_complete boolean)"
        )
        for month in [*MONTHS, dt.date(2026, 10, 1)]:
            connection.execute(
                "insert into claude_code_marts.month_days values ('a', ?, ?)",
                [month, month in MONTHS],
            )
        for actor, currency, costs in COSTS:
            for month, cost in zip(MONTHS, costs, strict=True):
                connection.execute(
                    "insert into claude_code_marts.user_cost_monthly"
                    " values ('a', ?, ?, ?, ?, true)",
                    [actor, currency, month, cost],
                )
        yield connection


def test_whoever_starts_or_stops_is_among_those_whose_cost_changed_most(few):
    """A month is compared with the calendar month before, in one currency."""
    [sql] = [sql for sql in READMES if "with compared as" in sql]
    [costliest] = [sql for sql in READMES if sql.startswith("select month, actor,")]

    assert [
        ("stopped", MONTHS[3], 0, 200),
        ("started", MONTHS[3], 100, 0),
        ("long ago", MONTHS[3], 70, 0),
        ("ann", MONTHS[3], 60, 50),
    ] == few.sql(sql).fetchall()
    assert "abroad" not in {actor for _, actor, *_ in few.sql(costliest).fetchall()}


@pytest.mark.parametrize("sql", [*READMES, *DEMOS])
def test_a_question_has_the_same_answer_in_every_engine(engines, sql):
    """Each query, unchanged, has the same rows everywhere, at least one."""
    asked = sql.replace("2025-09-01", "2026-09-01")
    expected, *others = (values(engine.ask(asked)) for engine in engines)

    assert expected
    for actual in others:
        assert expected == actual
