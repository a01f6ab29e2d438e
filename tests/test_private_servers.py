"""People leave a dataset in Postgres and BigQuery as they leave a DuckDB file."""

import json
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from ccwarehouse.warehouses import open_warehouse
from loads import record
from pages import blocks
from postgres import PASSWORDS, execute
from soak import at_length

TODAY = datetime.now(UTC).date()
OLD, NEW = (str(TODAY - timedelta(days=back)) for back in (9, 2))
SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
PRIVATE = {
    "CCWAREHOUSE__PSEUDONYMISE": "true",
    "CCWAREHOUSE__PSEUDONYM_SECRET": "5f8e0c1d9b7a46352413f0e1d2c3b4a5",
}
KEEPS = {"CCWAREHOUSE__RETENTION_DAYS": "5"}
TOTALS = """
    select date, count(*), sum(estimated_cost__amount), sum(tokens__input)
    from {usage_report__model_breakdown} group by date order by date
"""
PEOPLE = """
    select date, count(distinct actor__email_address) from {usage_report}
    group by date order by date
"""


def usage(day):
    if str(day) not in (OLD, NEW):
        return []
    return [
        record(str(day), "Ann@example.com"),
        record(str(day), "ann@example.com"),
        record(str(day), "o'brien@example.com", boss="ann@example.com"),
        record(str(day), "", actor={"type": "api_actor", "api_key_name": "50%s\\key"}),
    ]


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teams.csv").write_text(
        "actor,team\nann@example.com,Red\no'brien@example.com,Red\n"
    )

    with FakeApi(usage) as api:
        given = {
            f"{SECTION}BASE_URL": api.url,
            f"{SECTION}INITIAL_DAYS": "10",
            f"{SECTION}SETTLE_MINUTES": "0",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            "CCWAREHOUSE__TEAMS": "teams.csv",
        }

        def run(*words, **more):
            return CliRunner().invoke(main, words, env=given | more)

        yield run


def asked(destination, tmp_path, *queries):
    """The rows of queries on the raw tables."""
    with (
        open_warehouse(destination, tmp_path, "claude_code") as warehouse,
        warehouse.client() as client,
    ):

        class Paths(dict):
            def __missing__(self, name):
                return client.make_qualified_table_name(name)

        return [
            [tuple(row) for row in client.execute_sql(query.format_map(Paths()))]
            for query in queries
        ]


def days_changed(ended):
    return json.loads(ended.stdout)["days_changed"]


def people_leave(destination, call, tmp_path):
    """Forget one, give the others pseudonyms, sum the old day; loads change nothing."""
    place = ("--destination", destination)
    assert 0 == call("load", *place).exit_code
    before, people = asked(destination, tmp_path, TOTALS, PEOPLE)
    forgotten = call("forget", "ann@example.com", *place)
    assert (0, "") == (forgotten.exit_code, forgotten.stderr), forgotten.exception
    left, fewer = asked(destination, tmp_path, TOTALS, PEOPLE)
    again = call("load", "--json", "--lookback", "9", *place)
    brought = call("pseudonymise", *place, **PRIVATE)
    assert (0, "") == (brought.exit_code, brought.stderr), brought.exception
    anew = call("load", "--json", "--lookback", "9", *place, **PRIVATE)
    refused = call("load", *place)
    summed = call("load", "--json", *place, **PRIVATE, **KEEPS)
    once_more = call("load", "--json", "--lookback", "9", *place, **PRIVATE)
    after, last = asked(destination, tmp_path, TOTALS, PEOPLE)

    def sums(rows):
        return [(str(day), *map(int, rest)) for day, _, *rest in rows]

    assert sums(before) == sums(left) == sums(after)
    assert [3, 3] == [count for _, count in people]
    assert [1, 1] == [count for _, count in fewer]
    assert [0, 1] == [count for _, count in last]
    assert [0] * 4 == [*map(days_changed, (again, anew, summed, once_more))]
    assert 1 == json.loads(summed.stdout)["days_summed"]
    assert 3 == refused.exit_code


def test_people_leave_a_postgres(postgres, database, call, tmp_path):
    """In transactions; then VACUUM FULL writes the tables anew.

    A reader of single views, as the page grants it, sees no table of people.
    """
    people_leave("postgres", call, tmp_path)
    (grants,) = (sql for sql in blocks("pgsql") if "ccwarehouse_finance" in sql)
    owner = postgres.address(database=database)
    execute(owner, grants)
    finance = owner.replace(
        f"admin:{PASSWORDS['admin']}", "ccwarehouse_finance:choose-one"
    )
    total = "select count(*) from claude_code_marts.org_cost_daily"

    assert execute(finance, total) > [(0,)]
    for private in ("claude_code.usage_report", "claude_code_marts.user_daily"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            execute(finance, f"select * from {private}")

    checked = call("transform", "--check", "--destination", "postgres")
    assert 0 == checked.exit_code, checked.output


@at_length
def test_people_leave_bigquery(bigquery, call, tmp_path):
    """As far as the emulator goes."""
    people_leave("bigquery", call, tmp_path)
