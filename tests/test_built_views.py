"""A load builds the views if one is missing or has changed, and leaves them else."""

from contextlib import contextmanager
from importlib import import_module

import pytest

from ccwarehouse.warehouses import ObstacleError, built_views, views
from ccwarehouse.warehouses.names import marts_name
from claude_code_marts import Model
from datasets import client_of
from loads import History, load_from, record, served

DAYS = ("2026-03-07", "2026-03-08", "2026-03-09")
NEXT = {"start": DAYS[2], "end": DAYS[2], "views": True}
NAMES = "org_daily", "user_daily"


@pytest.fixture
def api():
    """Three days of one user."""
    with served(History({day: [record(day)] for day in DAYS})) as api:
        yield api


@pytest.fixture(
    params=[
        "duckdb",
        pytest.param("postgres", marks=pytest.mark.server),
    ]
)
def place(request, api, tmp_path):
    """A warehouse of each kind that has loaded them, as what `load_from` takes."""
    if request.param == "postgres":
        request.getfixturevalue("database")
    place = {"database": tmp_path / "usage.duckdb", "destination": request.param}
    load_from(api, **place, views=True)
    return place


@pytest.fixture
def built(monkeypatch):
    """Which views are built from now on."""
    built = []
    creation = views.creation

    def watched(client, view, *given):
        built.append(view.name)
        return creation(client, view, *given)

    monkeypatch.setattr(views, "creation", watched)
    return built


def execute(place, sql):
    """Run a statement on the dataset of the views."""
    with client_of(place) as client:
        marts = marts_name(client.dataset_name)
        with client.with_alternative_dataset_name(marts):
            path = client.fully_qualified_dataset_name()
        client.execute_sql(sql.format(marts=path))


def test_a_load_leaves_the_views_as_they_are(place, api, built):
    """Each takes a statement, and in some warehouses a second."""
    load_from(api, **place, **NEXT)

    assert [] == built


def test_a_missing_view_is_built_by_the_next_load(place, api, built):
    """With all others, which takes no longer than to find out more."""
    execute(place, "drop view {marts}.org_daily")
    load_from(api, **place, **NEXT)
    assert {*NAMES} <= {*built}

    built.clear()
    load_from(api, **place, **NEXT)
    assert [] == built


def test_views_of_another_version_are_built(place, api, built, monkeypatch):
    """Another SQL file is enough, also if the version has the same name."""
    files = built_views.view_files

    def changed(**given):
        first, *others = files(**given)
        return (type(first)(first.path, f"{first.sql}\n-- changed"), *others)

    monkeypatch.setattr(built_views, "view_files", changed)
    load_from(api, **place, **NEXT)

    assert {*NAMES} <= {*built}


def test_views_of_which_not_all_could_be_built_are_built_again(
    place, api, built, monkeypatch
):
    """Though each of them is there, and an earlier time built the same ones."""
    execute(place, "drop view {marts}.org_daily")
    with monkeypatch.context() as patch:
        patch.setattr(views, "drop_old_tables", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load_from(api, **place, **NEXT)
    built.clear()
    load_from(api, **place, **NEXT)

    assert {*NAMES} <= {*built}


# Views of an older version: the second one's rows are stored, and the third reads it.
FORMER = [
    Model(
        "marts/adoption/former_days.sql",
        "-- One row per account and date: a day with an active user.\n--\n"
        "-- account: Account.\n-- date: UTC day.\n"
        "select account, date from user_activity_daily group by account, date",
    ),
    Model(
        "marts/adoption/former_users.sql",
        "-- One row per account and date: how many rows a day has.\n"
        "-- materialised = day\n--\n"
        "-- account: Account.\n-- date: UTC day.\n-- users: Rows (count).\n"
        "select account, date, count(*) as users from user_activity_daily"
        " group by account, date",
    ),
    Model(
        "marts/adoption/former_outer.sql",
        "-- One row per account and date: the same.\n--\n"
        "-- account: Account.\n-- date: UTC day.\n-- users: Rows (count).\n"
        "select former_users.* from former_users inner join former_days"
        " using (account, date)",
    ),
]
MODELS = import_module("claude_code_marts.models")  # not its function of this name
CACHES = "view_files", "materialised", "_known", "_in_order", "_checks"


@contextmanager
def former_version(monkeypatch):
    """Within this, these models are part of the program."""
    read = MODELS._read

    def former(layer):
        return [*read(layer), *(FORMER if layer == "marts" else [])]

    with monkeypatch.context() as patch:
        patch.setattr(MODELS, "_read", former)
        forget_models()
        yield
    forget_models()


def forget_models():
    """Read the models anew."""
    for name in CACHES:
        getattr(MODELS, name).cache_clear()


def names(place):
    """The relations of both datasets."""
    with client_of(place) as client:
        found = client.execute_sql(
            "select table_name from information_schema.tables"
            " where table_schema in ('claude_code', 'claude_code_marts')"
        )
    return {name for (name,) in found}


@pytest.fixture
def aged(place, monkeypatch, api):
    """A place with the views of an older version, and with a view of somebody else."""
    before = names(place)
    with former_version(monkeypatch):
        load_from(api, **place, **NEXT)
    execute(place, "create view {marts}.theirs as select 1 as one")
    return before, names(place) - before


def test_views_that_no_model_has_any_more_are_dropped(place, api, aged):
    """With the table of a stored one; a view of somebody else stays."""
    before, added = aged
    load_from(api, **place, **NEXT)

    assert {*(model.name for model in FORMER), "theirs"} < added
    assert 5 == len(added)
    assert {"theirs"} == names(place) - before


def test_a_view_of_somebody_else_keeps_an_old_one_of_ours(place, api, aged):
    """Postgres drops no view that another one reads; the error names both.

    In DuckDB a view may read what is not there.
    """
    if place["destination"] == "duckdb":
        pytest.skip("has no dependants")
    before, _ = aged
    mine = "create view {marts}.mine as select * from {marts}.former_outer"
    execute(place, mine)

    told = r"marts\.mine reads \S*former_outer\. Drop or change \S*marts\.mine, then"
    with pytest.raises(ObstacleError, match=told):
        load_from(api, **place, **NEXT)
    assert {model.name for model in FORMER} < names(place)

    execute(place, "drop view {marts}.mine")
    load_from(api, **place, **NEXT)
    assert {"theirs"} == names(place) - before
