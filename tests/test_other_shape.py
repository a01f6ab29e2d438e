"""A dataset from another version is refused in one line and not changed."""

import pytest

from ccwarehouse.problems import explain
from ccwarehouse.warehouses import OtherShapeError, open_warehouse
from claude_code_analytics import CLAUDE_CODE
from loads import History, execute, load_from, query, record, served

COUNT = "select count(*) from claude_code.day_fetches"


@pytest.fixture
def database(tmp_path):
    """A dataset from another version: its ledger lacks a column."""
    database = tmp_path / "usage.duckdb"
    with served(History({"2026-03-09": [record("2026-03-09")]})) as api:
        load_from(api, database)
    execute(database, "alter table claude_code.day_fetches drop column report")
    execute(database, "drop table claude_code.dataset_facts")
    return database


@pytest.mark.slow
def test_a_load_refuses_it_before_anything_is_fetched(database):
    """A load would misread the ledger, fetch all days again and store them twice."""
    with served(History()) as api:
        with pytest.raises(OtherShapeError):
            load_from(api, database)

        assert [] == api.calls
    assert [(3,)] == query(database, COUNT)


@pytest.mark.slow
def test_what_only_reads_refuses_it_as_well(database):
    """Neither `status` nor `transform` accepts it."""
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        with pytest.raises(OtherShapeError):
            warehouse.stored(CLAUDE_CODE, "default")
        with pytest.raises(OtherShapeError):
            warehouse.build_views()


def test_the_message_names_dataset_and_column_and_says_what_to_do():
    """The error is one line, with exit code 5."""
    problem = explain(OtherShapeError("usage", "report"), "usage.duckdb")

    assert 5 == problem.code
    assert (
        "Another version of ccwarehouse wrote dataset usage: its day_fetches has no "
        "column report. Load into a new dataset (--dataset)." == problem.line
    )


@pytest.mark.slow
def test_another_dataset_of_the_same_file_is_loaded_all_the_same(database):
    """The fix in the message works."""
    history = History({"2026-03-09": [record("2026-03-09")]})
    with served(history) as api:
        outcome = load_from(api, database, dataset="anew")

    assert (3, 1) == (len(outcome.loaded), outcome.records)
