"""Which of dlt's destinations are accepted, and the remarks on them."""

import pytest
from click.testing import CliRunner

from ccwarehouse.cli import main
from ccwarehouse.warehouses import open_warehouse


def called(*words):
    """The stderr and exit code of a command that needs no key."""
    result = CliRunner().invoke(main, words)
    return result.exit_code, result.stderr


@pytest.mark.parametrize("name", ["filesystem", "lancedb", "weaviate", "qdrant"])
@pytest.mark.parametrize("command", ["status", "transform"])
def test_where_a_day_cannot_be_replaced_nothing_is_loaded(name, command):
    """Withdrawn rows would stay there: wrong usage, with the reason."""
    code, said = called(command, "--destination", name)

    assert 2 == code
    assert f"{name} cannot hold this data" in said
    assert "withdrawn would stay" in said
    assert 1 == said.count("\n")


@pytest.mark.parametrize("name", ["snowflake", "databricks", "redshift", "motherduck"])
def test_a_destination_that_nobody_tested_is_let_in_with_a_word(name, tmp_path):
    """One line says that it is not tested; then only its configuration is missing."""
    with open_warehouse(name, tmp_path / "new.duckdb", "usage") as warehouse:
        said = warehouse.remark

    assert f"{name} is not tested with ccwarehouse; duckdb, postgres, big" in said
    assert "\n" not in said


def test_the_word_comes_before_all_else():
    """The remark is the first line."""
    code, said = called("status", "--destination", "snowflake")
    first, second = said.splitlines()

    assert 3 == code
    assert first.startswith("snowflake is not tested")
    assert "Missing 1 field" in second


@pytest.mark.parametrize("name", ["duckdb", "postgres", "bigquery"])
def test_of_a_tested_destination_nothing_is_said(name, tmp_path):
    """It is accepted without a remark."""
    with open_warehouse(name, tmp_path / "new.duckdb", "usage") as warehouse:
        assert None is warehouse.remark
