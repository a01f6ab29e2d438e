"""docs/bi.md: its role and Grafana's queries work on a real Postgres.

The queries in plain SQL run with those of all pages, in every engine.
"""

import re
from datetime import date, timedelta

import psycopg2
import pytest

from claude_code_marts import models
from loads import History, load_from, record, served
from pages import DOCS, PAGES
from postgres import LOADER, PASSWORDS, execute

PAGE = PAGES[DOCS / "bi.md"]
ROLE, *GRAFANA = re.findall(r"```pgsql\n(.*?)```", PAGE, re.DOTALL)
CHARTS = "ccwarehouse_charts"
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 9)
DAYS = [FIRST + timedelta(n) for n in range(8)]

# What Grafana makes of a macro; a range begins and ends at any hour.
RANGE = ("2026-03-03T17:45:12.5Z", "2026-03-09T17:45:12.5Z")
MACROS = {
    r"\$__timeFilter\((\w+)\)": rf"\1 BETWEEN '{RANGE[0]}' AND '{RANGE[1]}'",
    r"\$__timeGroupAlias\((\w+), '7d'\)": (
        r'floor(extract(epoch from \1)/604800)*604800 AS "time"'
    ),
}


def expanded(sql):
    """The SQL that Grafana sends."""
    for macro, meaning in MACROS.items():
        sql = re.sub(macro, meaning, sql)
    return sql


@pytest.fixture
def read(postgres, database, tmp_path):
    """The rows of a query of the page's role, in a warehouse with eight days."""
    history = History({f"{day}": [record(f"{day}")] for day in DAYS})
    with served(history) as api:
        load_from(
            api,
            tmp_path,
            f"{FIRST}",
            f"{LAST}",
            destination="postgres",
            views=True,
        )
    execute(postgres.address(database=database), ROLE)
    (password,) = re.findall(r"create role \w+ login password '(.+?)'", ROLE)
    address = postgres.address(LOADER, database).replace(
        f"{LOADER}:{PASSWORDS[LOADER]}", f"{CHARTS}:{password}"
    )
    try:
        yield lambda sql: execute(address, sql)
    finally:
        admin = postgres.address(database=database)
        execute(admin, f"drop owned by {CHARTS}; drop role {CHARTS}")


def test_a_tool_reads_all_views_and_nothing_else(read, postgres, database):
    """Also views that a later load makes; neither tables nor stored marts."""
    for view in models():
        assert read(f"select count(*) from claude_code_marts.{view.name}")
    assert [("UTC",)] == read("show timezone")

    loader = postgres.address(LOADER, database)
    execute(loader, "create view claude_code_marts.new as select 1 as x")
    assert [(1,)] == read("select x from claude_code_marts.new")

    for sql in (
        "select count(*) from claude_code.usage_report",
        "drop view claude_code_marts.new",
        "create table claude_code_marts.own (x int)",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            read(sql)


def test_grafana_gets_its_series(read):
    """The first day of the range is in it whole, and weeks begin on Thursdays."""
    by_day, by_week = (read(expanded(sql)) for sql in GRAFANA)

    assert not any("$__" in expanded(sql) for sql in GRAFANA)
    assert DAYS[1:] == [time for time, *_ in by_day]
    assert {"USD"} == {currency for _, currency, _ in by_day}
    thursdays = [date(2026, 2, 26), date(2026, 3, 5)]
    weeks = [date(1970, 1, 1) + timedelta(seconds=int(time)) for time, _ in by_week]
    assert thursdays == weeks
    assert sum(sessions for _, sessions in by_week) == 7 * by_week[0][1] / 2
