"""`make bigquery-check`, as far as the emulator supports it."""

import pytest

from bigquery_check import (
    TABLES,
    Check,
    differences,
    layout,
    own_datasets,
    wanted_layout,
)
from ccwarehouse.warehouses import open_warehouse
from loads import History, execute, load_from, served
from soak import at_length


@at_length
def test_the_check_holds_and_leaves_nothing_behind(bigquery, tmp_path, capsys):
    """Every table and view equals DuckDB's, and its datasets are dropped."""
    check = Check(tmp_path, "checked", "2026-03-03")
    with check.warehouse("bigquery") as warehouse:
        with own_datasets(warehouse):
            check.run()
            found = {table: layout(warehouse, table) for table in TABLES}
            with pytest.raises(AssertionError, match="is there"):
                own_datasets(warehouse).__enter__()
            # the emulator knows neither clusters nor columns' descriptions nor bytes
            with pytest.raises(AssertionError, match="organization_id"):
                check.require_layout()
            with pytest.raises(AssertionError, match=r"\(0, 0\)"):
                check.require_pruning()
        with warehouse.client() as client:
            left = client.native_connection.list_datasets()
            names = [dataset.dataset_id for dataset in left]

    assert 1 == capsys.readouterr().out.count("ok ")
    assert [wanted_layout(table)[:2] for table in TABLES] == [
        found[table][:2] for table in TABLES
    ]
    assert [] == [name for name in names if name.startswith("checked")]


@pytest.mark.slow
def test_a_difference_is_found(tmp_path):
    """A changed count in the ledger, and in the view over it, is named."""
    history, files = History(), [tmp_path / "one.duckdb", tmp_path / "other.duckdb"]
    with served(history) as api:
        for file in files:
            load_from(api, file, "2026-03-08", "2026-03-09", views=True)
    execute(files[0], "update claude_code.day_fetches set pages = 7 where pages = 1")
    with (
        open_warehouse("duckdb", files[0], "claude_code") as ours,
        open_warehouse("duckdb", files[1], "claude_code") as theirs,
    ):
        assert {"day_fetches", "stg_day_fetches"} == set(differences(ours, theirs))
