"""A load builds the views if one is missing or has changed, and leaves them else."""

import pytest

from ccwarehouse.warehouses import built_views, views
from ccwarehouse.warehouses.names import marts_name
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
