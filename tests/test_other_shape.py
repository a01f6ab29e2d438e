"""A dataset from another version is refused in one line and not changed."""

from functools import partial

import pytest
from click.testing import CliRunner

from ccwarehouse.cli import main
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
@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--json"),
        ("status", "--account", "default"),
        ("forget", "dev@example.com", "--dry-run"),
        ("transform",),
    ],
    ids=" ".join,
)
def test_a_command_without_a_load_refuses_it_with_5_as_well(database, words):
    """The line is the same, whichever table the command reads first."""
    done = CliRunner().invoke(main, [*words, "--database", str(database)])

    assert 5 == done.exit_code
    assert "has no column report. Load into a new dataset" in done.stderr


@pytest.mark.slow
def test_whatever_is_read_of_it_is_refused(database):
    """No part of the ledger is read before its shape is known."""
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        for read in (
            partial(warehouse.stored, CLAUDE_CODE, "default"),
            partial(warehouse.names, CLAUDE_CODE, "default"),
            partial(warehouse.accounts, CLAUDE_CODE),
            partial(warehouse.owners, CLAUDE_CODE),
        ):
            with pytest.raises(OtherShapeError):
                read()


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
