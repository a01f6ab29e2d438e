"""The weekend: a setting that is stored like a file, and that days are judged by."""

from datetime import date
from unittest.mock import patch

import pytest

from ccwarehouse.inputs import weekend_of
from ccwarehouse.inputs.weekend import WeekendError
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.warehouses.dlt_stored_schema import OneStoredSchema
from ccwarehouse.warehouses.replaced_rows import Changes
from claude_code_marts import Model, lineage, materialised, models, tables_of
from inputs import in_force, stored
from reports import loaded, page
from test_stored_marts import costly, unlike

HOW = (
    " Write the days off with commas between them, as in fri,sat; the names are mon,"
    " tue, wed, thu, fri, sat and sun."
)
USUAL = [(2, 6), (3, 7)]
FRIDAY = [(1, 5), (2, 6)]


@pytest.fixture
def file(tmp_path):
    """A DuckDB file that is not there yet."""
    return tmp_path / "usage.duckdb"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fri,sat", [5, 6]),
        (" sat , fri ", [5, 6]),
        ("sun", [7]),
        ("mon,tue,wed,thu", [1, 2, 3, 4]),
    ],
)
def test_a_weekend_names_its_days(text, expected):
    """In any order."""
    assert expected == [row.weekday for row in weekend_of(text).rows]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("", f"weekend is empty.{HOW} Leave it out to keep the stored one."),
        (" ", f"weekend is empty.{HOW} Leave it out to keep the stored one."),
        ("friday", f'weekend names "friday".{HOW}'),
        ("Fri,Sat", f'weekend names "Fri".{HOW}'),
        ("fri sat", f'weekend names "fri sat".{HOW}'),
        ("fri,", f'weekend names "".{HOW}'),
        ("5,6", f'weekend names "5".{HOW}'),
        (5, f"weekend is no text.{HOW}"),
        (["fri", "sat"], f"weekend is no text.{HOW}"),
        ("fri,sat,fri", "weekend names fri twice. Name each day once."),
        (
            "mon,tue,wed,thu,fri,sat,sun",
            "weekend names 7 days, which leaves too few working days to compare. Name"
            " at most 4.",
        ),
        (
            "wed,thu,fri,sat,sun",
            "weekend names 5 days, which leaves too few working days to compare. Name"
            " at most 4.",
        ),
    ],
)
def test_what_is_no_weekend_is_told_with_what_to_write(setting, said):
    """There is one form, and a week has a day off and three working days."""
    with pytest.raises(WeekendError) as error:
        weekend_of(setting)

    assert said == str(error.value)


@pytest.mark.slow
def test_a_weekend_is_stored_when_it_is_another(file):
    """The usual one only in place of another: it holds before any is stored."""
    for text, written, expected in [
        ("sat,sun", [], USUAL),
        ("fri,sat", ["weekend"], FRIDAY),
        ("sat,fri", [], FRIDAY),
        ("sun,sat", ["weekend"], USUAL),
        ("sat,sun", [], USUAL),
    ]:
        assert written == stored(file, weekend=text)
        assert expected == in_force(file, "stg_weekend", "weekday, iso_weekday")

    assert [(2, 2)] == in_force(file, "stg_input_files", "version, row_count")


@pytest.mark.slow
def test_a_load_that_was_cut_short_leaves_the_weekend_in_force(file):
    """The next load stores the new one again."""
    stored(file, weekend="fri,sat")
    with (
        patch.object(OneStoredSchema, "complete_load", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        stored(file, weekend="sun")

    assert FRIDAY == in_force(file, "stg_weekend")
    assert ["weekend"] == stored(file, weekend="sun")
    assert [(3, 7)] == in_force(file, "stg_weekend")


def refilled(*tables):
    """The stored marts that are filled anew with new rows of files' tables."""
    changes = Changes(files=frozenset(tables))
    return {view.name for view in materialised() if changes.rows(view, None) is None}


def test_a_new_weekend_and_new_teams_refill_what_reads_them():
    """Neither refills marts of the other: owners of keys may change any night."""
    assert {"cost_anomalies"} == refilled("weekend_days")
    assert "user_daily" in refilled("team_members") & refilled("actor_owners")
    assert {"budget_status"} == refilled("budgets")
    assert "cost_anomalies" not in refilled("team_members", "budgets", "actor_owners")


def reads_group_size(view: Model) -> bool:
    """Whether a view reads the setting that is stored with the teams."""
    return "min_group_size" in view.sql and view.name != "stg_input_files"


def test_a_stored_mart_with_small_teams_is_refilled_with_the_teams():
    """Their size changes with them, and is in another table."""
    known = {view.name: view for view in models()}
    for view in materialised():
        read = {view.name, *lineage(view)}
        if any(reads_group_size(known[name]) for name in read):
            assert "team_members" in tables_of(view)


def sundays_to_thursdays(day):
    """Two people who work on these days; ann spends much on a Friday and a Sunday."""
    if day in (date(2026, 11, 13), date(2026, 11, 15)):
        return [costly(str(day), "ann@example.com", 1)]
    is_off = day.isoweekday() in (5, 6)
    people = () if is_off else ("ann@example.com", "bob@example.com")
    return [costly(str(day), name, 0.5) for name in people]


def anomalies(file, destination):
    """What is usual on the days that cost unusually much."""
    with (
        open_warehouse(destination, file, "claude_code", read_only=True) as opened,
        opened.asking() as ask,
    ):
        return ask(
            "select cast(date as varchar), cast(usual as integer) from"
            " {cost_anomalies} where scope = 'organisation' order by date"
        )


def judged_anew(file, destination="duckdb"):
    """The anomalies before and after Friday and Saturday become the weekend."""
    days = ("2026-10-05", "2026-11-22")
    loaded(file, sundays_to_thursdays, *days, destination=destination)
    before = anomalies(file, destination)
    assert ["weekend"] == stored(file, destination, weekend="fri,sat")
    assert [] == unlike(file, destination)
    return [[*map(tuple, found)] for found in (before, anomalies(file, destination))]


@pytest.fixture(scope="module")
def gulf(tmp_path_factory):
    """A database whose weekend was set after its days were loaded."""
    file = tmp_path_factory.mktemp("weekend") / "gulf.duckdb"
    return file, judged_anew(file)


JUDGED = [
    [("2026-11-01", 0), ("2026-11-13", 60), ("2026-11-15", 30)],
    [("2026-11-13", 0), ("2026-11-15", 60)],
]


@pytest.mark.slow
def test_a_new_weekend_judges_stored_days_anew(gulf):
    """A Friday is compared with days off then, and a Sunday with working days."""
    assert JUDGED == gulf[1]


def test_a_new_weekend_judges_stored_days_anew_in_postgres(database, tmp_path):
    """With the same rows."""
    assert JUDGED == judged_anew(tmp_path, "postgres")


@pytest.mark.slow
def test_the_page_calls_days_as_the_marts_judge_them(gulf):
    """The unusual days, and the mean working day."""
    said = page(gulf[0]).said

    assert "Friday 13 Nov cost $300.00, where $0.00 is usual for a weekend day" in said
    assert "Sunday 15 Nov cost $300.00, where $60.00 is usual for a working day" in said
    assert "On a working day 2 of the 2 people of the last 28 days use it (98%)" in said
