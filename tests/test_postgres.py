"""A real Postgres, as the README's loader fills it and its reader reads it."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg2
import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from anthropic_directory import take
from anthropic_usage_and_cost import COST_REPORT
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import History, load_from, record, served
from postgres import LOADER, PASSWORDS, READER, command, execute

TABLES = CLAUDE_CODE.all_tables

DAY = "2026-03-09"
ODD = "a \"quoted\", \\N \\n 'text'; with\nlines,\ttabs and ünïcödé"


@pytest.fixture
def read(postgres, database):
    """The rows of a query of the reader."""

    def rows(sql):
        return execute(postgres.address(READER, database), sql)

    return rows


@pytest.fixture
def load(tmp_path):
    """A load of three days from a history, in the destination's preferred format."""

    def run(history, **given):
        with served(history) as api:
            return load_from(api, tmp_path, destination="postgres", views=True, **given)

    return run


def odd_records():
    """Texts that are hard for file formats, the greatest numbers, and nulls."""
    entry = record(DAY)["model_breakdown"][0]
    cents = {"currency": "USD", "amount": "98765432109876.123456789012345678901234"}
    tokens = {"input": 2**63 - 1, "output": 0}
    empty = {"type": "user_actor", "email_address": ""}
    return [
        record(
            DAY,
            actor={"type": "api_actor", "api_key_name": ODD},
            is_remote=True,
            terminal_type=ODD,
            model_breakdown=[entry | {"tokens": tokens, "estimated_cost": cents}],
        ),
        record(DAY, actor=empty, is_remote=None, terminal_type="", model_breakdown=[]),
    ]


REPORT = """
    select date, actor__email_address, actor__api_key_name, is_remote, terminal_type,
        core_metrics__num_sessions, subscription_type
    from claude_code.usage_report order by actor__type
"""
MODELS = """
    select tokens__input, tokens__output, tokens__cache_read, estimated_cost__amount
    from claude_code.usage_report__model_breakdown
"""
FETCH = """
    select fetched_at, error, is_final, records, estimated_cost_cents
    from claude_code.day_fetches
    join claude_code.day_fetches__claude_code using (date, fetched_at)
    where date = '2026-03-09'
"""
COLUMNS = """
    select table_name, column_name, data_type, numeric_precision, numeric_scale
    from information_schema.columns where table_schema = 'claude_code'
    order by table_name, ordinal_position
"""


def columns(read):
    return {row for row in read(COLUMNS) if row[0] in TABLES}


EXPECTED_COLUMNS = {
    ("usage_report", "date", "date", None, None),
    ("usage_report", "is_remote", "boolean", None, None),
    ("usage_report", "core_metrics__num_sessions", "bigint", 64, 0),
    ("usage_report", "terminal_type", "character varying", None, None),
    ("day_fetches", "fetched_at", "timestamp with time zone", None, None),
    ("day_fetches__claude_code", "estimated_cost_cents", "numeric", 38, 24),
}


@pytest.mark.parametrize("driver", ["with ADBC", "without ADBC"])
def test_every_value_arrives_as_it_was_sent(driver, load, read, monkeypatch):
    """As parquet or, where ADBC is not installed, as csv: same values, same types."""
    if driver == "without ADBC":
        monkeypatch.setitem(sys.modules, "adbc_driver_manager", None)
    now = datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=UTC)
    load(History({DAY: odd_records()}), now=now)

    day, cents = date(2026, 3, 9), Decimal("98765432109876.123456789012345678901234")
    assert [
        (day, None, ODD, True, ODD, 5, None),
        (day, "", None, None, "", 5, None),
    ] == read(REPORT)
    assert [(2**63 - 1, 0, None, cents)] == read(MODELS)
    assert [(now, None, True, 2, cents)] == read(FETCH)
    assert EXPECTED_COLUMNS <= columns(read)


def test_a_day_is_replaced_whole_and_a_load_again_changes_nothing(load, read):
    """Load; load again; a restatement downwards; a day that became empty."""
    history = History({DAY: [record(DAY, "a@example.com"), record(DAY)]})
    emails = "select actor__email_address from claude_code.usage_report order by 1"
    children = "select count(*) from claude_code.usage_report__tool_actions"
    first = load(history)
    again = load(history)
    both = read(emails)
    history[DAY] = [record(DAY)]
    load(history)
    fewer = read(emails), read(children)
    history[DAY] = []
    load(history)

    assert {DAY} <= {str(day) for day in first.changed}
    assert [] == again.changed
    assert [("a@example.com",), ("dev@example.com",)] == both
    assert ([("dev@example.com",)], [(4,)]) == fewer
    assert ([], [(0,)]) == (read(emails), read(children))


def plan(read, sql):
    """How Postgres would answer a query."""
    return "\n".join(line for (line,) in read(f"explain {sql}"))


def test_a_day_and_an_actor_are_found_by_index(load, read, postgres, database):
    """In tables and views, and in the delete that replaces a day."""
    days = [f"2026-03-{day:02}" for day in range(1, 10)]
    history = History(
        {day: [record(day, f"u{n}@example.com") for n in range(400)] for day in days}
    )
    load(history, initial_days=9)
    execute(postgres.address(database=database), "analyze")
    of_a_day = "where date = date '2026-03-05'"
    delete = plan(
        lambda sql: execute(postgres.address(LOADER, database), sql),
        "delete from claude_code.usage_report where account = 'default' and"
        " (date between date '2026-03-05' and date '2026-03-05')",
    )

    assert "usage_report_by_date" in delete
    for table in ("model_breakdown", "tool_actions"):
        found = plan(
            read, f"select * from claude_code.usage_report__{table} {of_a_day}"
        )
        assert f"usage_report__{table}_by_date" in found
    stg_usage = "select * from claude_code_marts.stg_usage"
    assert "_by_date" in plan(read, f"{stg_usage} {of_a_day}")
    assert "_by_actor" in plan(read, f"{stg_usage} where actor = 'u7@example.com'")
    assert "_by_date" in plan(
        read, f"select * from claude_code_marts.user_tool_acceptance_daily {of_a_day}"
    )


DENIED_TO_READER = (
    "delete from claude_code.usage_report",
    "insert into claude_code.day_fetches (account) values ('x')",
    "create table claude_code.mine (id int)",
    "drop view claude_code_marts.stg_usage",
    "select * from claude_code_staging.usage_report",
)
DENIED_TO_LOADER = (
    "select * from private.secrets",
    "create table private.mine (id int)",
    "create table public.mine (id int)",
    "create schema mine",
    "create role mine",
)


def test_loader_and_reader_can_do_what_they_need_and_no_more(
    load, read, postgres, database
):
    """The README's grants suffice for all loads, and for reading what is made later."""
    history = History({DAY: [record(DAY)]})
    admin = postgres.address(database=database)
    execute(admin, "create schema private; create table private.secrets (id int)")
    load(history)
    execute(admin, "drop view claude_code_marts.contract_drift")
    load(history)

    relations = read("""
        select table_schema, table_name from information_schema.tables
        where table_schema like 'claude_code%'
    """)
    assert {name for _, name in relations} >= {
        *TABLES,
        "contract_drift",
        "stg_usage",
    }
    for relation in relations:
        read(f"select * from {'.'.join(relation)}")
    for role, statements in ((READER, DENIED_TO_READER), (LOADER, DENIED_TO_LOADER)):
        for statement in statements:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                execute(postgres.address(role, database), statement)


def test_every_table_column_and_view_is_described(load, read):
    """The catalogue has the descriptions."""
    load(History({DAY: [record(DAY)]}))
    undescribed = read("""
        select relation.oid::regclass::text, attname
        from pg_class as relation
        join pg_attribute on attrelid = relation.oid and attnum > 0
        where (
                relnamespace = 'claude_code_marts'::regnamespace and relkind = 'v'
                or relnamespace = 'claude_code'::regnamespace and relkind = 'r'
                and relname not like '\\_dlt%'
            )
            and obj_description(relation.oid)
                || col_description(relation.oid, attnum) is null
    """)
    cost = read("""
        select col_description('claude_code_marts.user_cost_daily'::regclass, attnum)
        from pg_attribute
        where attrelid = 'claude_code_marts.user_cost_daily'::regclass
            and attname = 'estimated_cost'
    """)

    assert [] == undescribed
    assert [("Estimated cost in units of the currency, to 12 places.",)] == cost


def test_status_doctor_and_checks_work_here_too(database, postgres):
    """They report a healthy warehouse, and a fault."""
    with FakeApi() as api:
        assert 0 == command(api, "load").exit_code
        well = command(api, "status"), command(api, "transform", "--check")
        loader = postgres.address(LOADER, database)
        execute(loader, "delete from claude_code.usage_report__model_breakdown")
        execute(loader, "update claude_code.usage_report__tool_actions set accepted=-7")
        torn = command(api, "status"), command(api, "transform", "--check")
        doctor = command(api, "doctor")
        command(api, "load")
        healed = command(api, "status"), command(api, "transform", "--check")

    assert [0, 0] == [done.exit_code for done in well]
    assert [4, 1] == [done.exit_code for done in torn]
    assert "postgres can be written" in doctor.stdout
    assert "built in claude_code_marts" in doctor.stdout
    assert [0, 0] == [done.exit_code for done in healed]


@pytest.mark.parametrize("form", ["address", "parts"])
def test_a_socket_is_an_address_as_libpq_writes_it(
    form, postgres, database, monkeypatch
):
    """The SQL connection and the copy of files both use the socket's folder."""
    folder, port, password = str(postgres.folder), str(postgres.port), PASSWORDS[LOADER]
    monkeypatch.delenv("DESTINATION__POSTGRES__CREDENTIALS")
    given = {
        "address": {
            "": f"postgresql://{LOADER}:{password}@/{database}?host={folder}&port={port}"
        },
        "parts": {
            "__HOST": folder,
            "__PORT": port,
            "__DATABASE": database,
            "__USERNAME": LOADER,
            "__PASSWORD": password,
        },
    }[form]
    for name, value in given.items():
        monkeypatch.setenv(f"DESTINATION__POSTGRES__CREDENTIALS{name}", value)
    with FakeApi(History({DAY: [record(DAY)]})) as api:
        done = command(api, "load", "--start", DAY, "--end", DAY)

    assert 0 == done.exit_code, done.stderr
    assert "1 loaded" in done.stdout


def test_further_reports_are_loaded_and_described(read, tmp_path):
    """The bill, restated, and the directory; views and comments are there."""
    amounts = ["1.25", "2.5"]
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    with FakeApi(lambda _: [], now=lambda: now) as api:
        for _ in range(2):
            amount = amounts.pop()
            api.neighbours.costs = lambda day, today, told=amount: [
                {"description": "all of it", "currency": "USD", "amount": told}
            ]
            for report in (CLAUDE_CODE, COST_REPORT):
                load_from(api, tmp_path, destination="postgres", report=report)
            with open_warehouse(
                "postgres", tmp_path, "claude_code", sole_writer=True
            ) as warehouse:
                given = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY)
                taken = take(warehouse.pipeline, given, lambda: now)
                warehouse.build_views()

    assert 0 == taken.changes
    assert [(3, Decimal("0.0375"))] == read(
        "select count(*), sum(billed_cost) from claude_code_marts.stg_cost_items"
    )
    assert [(True,)] == read(
        """
        select count(*) = count(distinct user_id) and count(*) > 20
        from claude_code_marts.stg_users
        """
    )
    assert [("Billed cost in cents of the currency, exact, after discounts.",)] == read(
        """
        select col_description('claude_code.cost_report'::regclass, ordinal_position)
        from information_schema.columns
        where table_name = 'cost_report' and column_name = 'amount'
        """
    )
