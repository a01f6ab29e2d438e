"""A stored mart always has the rows of its query."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from ccwarehouse.inputs import read_budgets, read_teams
from ccwarehouse.warehouses import materialised, open_warehouse
from ccwarehouse.warehouses.duckdb import DuckDbSql
from ccwarehouse.warehouses.replaced_rows import Changes, spans_of
from ccwarehouse.warehouses.stored_names import table_name
from ccwarehouse.warehouses.stored_queries import stored_checks
from claude_code_marts import Kind, models, render
from loads import NOON, History, execute, load_from, query, record, served
from whole_days.calendar import each_day

DAYS = ("2026-03-07", "2026-03-08", "2026-03-09")
COSTS = "select cast(date as text), actor from claude_code_marts.user_activity_daily"
STORED = materialised.materialised()


@pytest.fixture
def history():
    """Three days of one user."""
    return History({day: [record(day)] for day in DAYS})


@pytest.fixture
def api(history):
    """The API that serves it."""
    with served(history) as api:
        yield api


@pytest.fixture
def database(api, tmp_path):
    """A warehouse that has loaded it."""
    database = tmp_path / "usage.duckdb"
    load_from(api, database, views=True)
    return database


def failures(database):
    """The failed checks."""
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        return [failure.check for failure in warehouse.check_views()]


def build(database, **given):
    """Run what `transform` runs."""
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        warehouse.build_views(**given)


def users(database):
    """The users of each day."""
    return query(database, f"{COSTS} order by all")


def tables(database):
    """The tables of the stored marts."""
    return query(
        database,
        "select table_name from duckdb_tables() where table_name like 'stored%'",
    )


def many(day, number):
    """So many users of a day."""
    return [record(day, f"user{index}@example.com") for index in range(number)]


@pytest.mark.parametrize(
    ("at_once", "expected"),
    [
        (None, [(7, 9), (11, 12)]),
        (1, [(7, 7), (8, 8), (9, 9), (11, 11), (12, 12)]),
        (5, [(7, 8), (9, 9), (11, 12)]),
        (10, [(7, 9), (11, 12)]),
    ],
)
def test_days_are_stored_in_ranges_of_so_many_records(at_once, expected):
    """No range has another day in it, and a day of more records is one of its own."""
    records = {7: 2, 8: 3, 9: 4, 11: 0, 12: 5}
    days = {date(2026, 3, day): number for day, number in records.items()}

    spans = spans_of(days, at_once)

    assert expected == [(first.day, last.day) for first, last in spans]


@pytest.mark.slow
def test_marts_are_stored_in_parts(tmp_path, monkeypatch):
    """When the views are first built, by a load after that, and by `--full`."""
    monkeypatch.setattr(DuckDbSql, "records_stored_at_once", 3)
    numbers = (2, 1, 4, 0, 3)
    days = [f"2026-03-0{number}" for number in range(5, 10)]
    history = History(
        {day: many(day, number) for day, number in zip(days, numbers, strict=True)}
    )
    database = tmp_path / "usage.duckdb"
    with served(history) as api:
        load_from(api, database, initial_days=5)
        assert [] == tables(database)
        build(database)
        assert ([], sum(numbers)) == (failures(database), len(users(database)))

        for day in days:
            history[day] = many(day, 2)
        load_from(api, database, lookback=5)
        assert ([], 10) == (failures(database), len(users(database)))
    build(database, everything=True)
    assert ([], 10) == (failures(database), len(users(database)))


def test_some_marts_are_stored():
    """If none were stored, the other tests would prove nothing."""
    assert {"user_activity_daily"} <= {view.name for view in STORED}


@pytest.mark.slow
def test_a_load_replaces_the_rows_of_its_days(api, history, database):
    """One day changes, one becomes empty, and one stays the same."""
    history[DAYS[1]] = [record(DAYS[1], "new@example.com")]
    history[DAYS[2]] = []
    load_from(api, database)

    expected = [(DAYS[0], "dev@example.com"), (DAYS[1], "new@example.com")]
    assert expected == users(database)
    assert [] == failures(database)


def a_spring():
    """Fifty days of six people, who come and go and now and then spend much."""
    chance = Random(1)
    return History(
        {
            day.isoformat(): [
                costly(day.isoformat(), f"user{index}@example.com", chance.random())
                for index in range(6)
                if chance.random() < (0.1 if day.weekday() > 4 else 0.6)
            ]
            for day in each_day(date(2026, 1, 20), date(2026, 3, 10))
        }
    )


def costly(day, email, chance):
    """A record that costs 20 to 40, or seldom 300, dollars."""
    made = record(day, email)
    cost = 30_000 if chance > 0.97 else 2_000 + int(chance * 2_000)
    made["model_breakdown"][0]["estimated_cost"]["amount"] = cost
    return made


def unlike(database, destination="duckdb"):
    """The stored marts that do not hold what their queries give."""
    with (
        open_warehouse(destination, database, "claude_code") as warehouse,
        warehouse.client() as client,
    ):
        dialect = str(client.capabilities.sqlglot_dialect)
        raw = client.fully_qualified_dataset_name()
        return [
            claim.name
            for claim in stored_checks()
            if client.execute_sql(render(claim, dialect, raw=raw))
        ]


def store(database, destination="duckdb", **texts):
    """Store files of these texts, as a load does."""
    files = []
    for name, text in texts.items():
        path = database.with_name(f"{name}.csv")
        path.write_text(text)
        files.append(read_teams(path, 2) if name == "teams" else read_budgets(path))
    with open_warehouse(
        destination, database, "claude_code", sole_writer=True
    ) as warehouse:
        warehouse.store_inputs(files, NOON)


@pytest.mark.slow
def test_what_a_package_changes_is_replaced_in_marts_of_every_kind(tmp_path):
    """Days of last week and of long ago, days before the first, files, the ledger."""
    history = a_spring()
    first = {day: history.pop(day) for day in list(history)[:20]}
    database = tmp_path / "usage.duckdb"
    with served(history) as api:
        load_from(api, database, "2026-02-09", views=True)
        assert [] == unlike(database)

        load_from(api, database, include_today=True)  # a provisional day
        assert [] == unlike(database)
        store(database, teams="actor,team\nuser1@example.com,Red\n")
        assert [] == unlike(database)
        store(
            database,
            teams="actor,team\nuser1@example.com,Red\nuser2@example.com,Blue\n",
            budgets="scope,name,month,amount,currency\nteam,Red,2026-03,99,USD\n",
        )
        assert [] == unlike(database)

        history.update(first)  # the organisation and its people begin earlier
        load_from(api, database, "2026-01-20", "2026-02-08")
        assert [] == unlike(database)
        history["2026-01-25"] = []
        history["2026-02-20"] = [costly("2026-02-20", "new@example.com", 1)]
        load_from(api, database, "2026-01-25", "2026-02-20")
        assert [] == unlike(database)

        morrow = NOON + timedelta(days=1)  # the provisional day is final, and the same
        load_from(api, database, "2026-03-10", "2026-03-10", now=morrow)
        assert [] == unlike(database)
        later = NOON + timedelta(days=25)  # days are missing, and then a month begins
        load_from(api, database, "2026-04-02", now=later)
        assert [] == unlike(database)
        load_from(api, database, "2026-03-11", now=later)  # the days are empty
        assert [] == unlike(database)


@pytest.mark.slow
def test_a_file_replaces_rows_once(api, history, database, monkeypatch):
    """dlt adds a package with its own state, and that changes nothing."""
    load_from(api, database, "2026-03-01", views=True)
    asked = []

    def rows(changes, view, at_once, of=Changes.rows):
        asked.append(view.name)
        return of(changes, view, at_once)

    monkeypatch.setattr(Changes, "rows", rows)
    store(database, teams="actor,team\nuser1@example.com,Red\n")

    assert 1 == asked.count("user_daily")


@pytest.mark.slow
def test_accounts_are_replaced_apart(api, history, database):
    """The same day of another account stays unchanged."""
    for day in DAYS:
        history[day] = [record(day, organization_id="another")]
    load_from(api, database, account="other")
    history[DAYS[2]] = []
    load_from(api, database, account="other")

    days = [day for day, _ in users(database)]
    assert [2, 2, 1] == [days.count(day) for day in DAYS]
    assert [] == failures(database)


@pytest.mark.slow
@pytest.mark.parametrize("kind", Kind)
def test_a_load_cut_short_before_its_commit_is_repaired(
    api, history, database, monkeypatch, kind
):
    """While marts of a kind are replaced; the next load repairs all."""
    history[DAYS[2]] = [record(DAYS[2], "new@example.com")]
    told = materialised._replacement

    def cut(client, view, *where):
        if view.kind is kind:
            raise KeyboardInterrupt
        return told(client, view, *where)

    with monkeypatch.context() as patch:
        patch.setattr(materialised, "_replacement", cut)
        with pytest.raises(BaseException, match=r"^$|KeyboardInterrupt"):
            load_from(api, database)
    history[DAYS[2]] = [record(DAYS[2], "third@example.com")]
    load_from(api, database, lookback=0)

    assert (DAYS[2], "third@example.com") == users(database)[-1]
    assert [] == failures(database)


@pytest.mark.slow
def test_a_table_that_somebody_dropped_comes_back(api, history, database):
    """DuckDB's view then fails too; the next load refills the table."""
    execute(database, f"drop table claude_code.{table_name(STORED[0])} cascade")
    history[DAYS[2]] = []
    load_from(api, database, views=True)

    assert [] == failures(database)
    assert [(day, "dev@example.com") for day in DAYS[:2]] == users(database)


@pytest.mark.slow
def test_rows_that_somebody_changed_are_noticed_and_filled_anew(database):
    """`transform --check` names the mart, `transform --full` refills it."""
    (view,) = [view for view in STORED if view.name == "user_activity_daily"]
    execute(database, f"delete from claude_code.{table_name(view)}")
    assert "user_activity_daily_is_stored" in failures(database)

    build(database)
    assert "user_activity_daily_is_stored" in failures(database)

    build(database, everything=True)
    assert [] == failures(database)


@pytest.mark.slow
def test_another_query_is_another_table_and_the_old_one_goes(database, monkeypatch):
    """A new version of the SQL gets its own table, and the old one is dropped."""
    before = tables(database)
    newer = tuple(
        replace(view, sql=view.sql.replace("with\n", "with\n\nunread as (select 1),\n"))
        for view in STORED
    )
    names = {view.name: view for view in newer}
    with monkeypatch.context() as patch:
        for module in ("materialised", "stored_names", "stored_queries"):
            patch.setattr(
                f"ccwarehouse.warehouses.{module}.materialised", lambda: newer
            )
        patch.setattr(
            "ccwarehouse.warehouses.views.models",
            lambda further: [names.get(view.name, view) for view in models()],
        )
        build(database)
        after = tables(database)

        assert len(before) == len(after)
        assert {("stored_marts",)} == {*before} & {*after}
        assert [] == failures(database)
        assert len(DAYS) == len(users(database))


@pytest.mark.slow
def test_where_no_work_can_be_done_before_a_commit_views_are_views(
    database, monkeypatch
):
    """Other destinations of dlt get the same rows, from slower views."""
    from ccwarehouse.warehouses.duckdb import DuckDb  # noqa: PLC0415 - to change it

    stored = users(database)
    monkeypatch.setattr(DuckDb, "stores_marts", False)
    build(database)

    views = "select sql from duckdb_views() where view_name = 'user_activity_daily'"
    ((sql,),) = query(database, views)
    assert "stored_" not in sql
    assert stored == users(database)
