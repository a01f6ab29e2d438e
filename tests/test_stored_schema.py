"""dlt's own tables do not grow with each load that replaces days."""

import pytest

from ccwarehouse.warehouses import open_warehouse
from loads import History, load_from, record, served

pytestmark = pytest.mark.slow

DAYS = ["2026-03-07", "2026-03-08", "2026-03-09"]
NIGHTS = [
    {"2026-03-09": ["eve"], "2026-03-08": []},  # one restated, one emptied
    {"2026-03-07": ["bob"], "2026-03-08": ["ann"]},
]


@pytest.fixture(params=["duckdb", "postgres"])
def destination(request):
    """A new warehouse of each kind."""
    if request.param == "postgres":
        request.getfixturevalue("database")
    return request.param


def test_the_stored_schema_is_the_same_whichever_days_a_night_replaces(
    destination, tmp_path
):
    """One version, and one in the staging dataset; every load refers to it."""
    history = History({day: [record(day)] for day in DAYS})
    database = tmp_path / "usage.duckdb"
    with served(history) as api:
        load_from(api, database, destination=destination)
        changed = []
        for night in NIGHTS:
            for day, names in night.items():
                history[day] = [record(day, f"{name}@example.com") for name in names]
            outcome = load_from(api, database, destination=destination)
            changed.append({str(day) for day in outcome.changed})

    assert [set(night) for night in NIGHTS] == changed
    with (
        open_warehouse(destination, database, "claude_code") as warehouse,
        warehouse.client() as client,
    ):
        found = client.execute_sql("""
            select
                (select count(*) from claude_code._dlt_version),
                (select count(*) from claude_code_staging._dlt_version),
                (select count(*) from claude_code._dlt_pipeline_state),
                (
                    select count(*)
                    from claude_code._dlt_loads join claude_code._dlt_version
                        on version_hash = schema_version_hash
                )
        """)

    assert [(1, 1, 1, 1 + len(NIGHTS))] == [tuple(row) for row in found]
