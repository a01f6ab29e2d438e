"""Every case in claude_code_marts/cases holds in every engine, to the last digit."""

import re
from pathlib import Path

import pytest
import sqlglot

from cases import Case, cases
from claude_code_marts import Model, models

ROOT = Path(__file__).parent.parent

EVERY_CASE = [pytest.param(case, id=case.name) for case in cases()]


@pytest.mark.parametrize("case", EVERY_CASE)
def test_a_case_holds_and_breaks_no_claim(case, duckdb_engine, schemas):
    """In DuckDB, which needs no server.

    The checks find no fault, except where a record is missing on purpose. Of the stored
    marts, those that its views stand on are filled and checked.
    """
    assert {} == case.differences(duckdb_engine, schemas)

    lost = {"every_child_has_its_record"} if "lost_its_record" in case.name else set()
    found = duckdb_engine.broken(further=case.is_further, views=case.views)
    assert lost == found


@pytest.mark.parametrize("case", EVERY_CASE)
def test_a_case_holds_in_postgres(case, postgres_engine, schemas):
    """The same rows, from a server with a collation that does not sort by bytes."""
    assert {} == case.differences(postgres_engine, schemas)


@pytest.mark.parametrize("case", EVERY_CASE)
def test_a_case_holds_in_googlesql(case, googlesql_engine, schemas):
    """The same rows, from Google's executor."""
    assert {} == case.differences(googlesql_engine, schemas)


def test_every_column_of_every_view_is_shown_by_a_case(schemas):
    """A new view or column needs a case."""
    shown = {
        (view, column)
        for case in cases()
        for view in case.views
        for column in case.expected(view, schemas[view]).columns
    }

    assert {
        (view.name, column) for view in models(further=True) for column in view.columns
    } == shown


def test_the_page_on_views_shows_what_is_so():
    """The page's example follows the rules, and its case exists, row by row."""
    page = (ROOT / "docs" / "marts.md").read_text()
    [sql], [rows] = (
        re.findall(rf"```{of}\n(.*?)```", page, re.S) for of in ("sql", "csv")
    )
    example = Model("marts/adoption/example.sql", sql)
    files = re.findall(r"(given|expected)/(\w+\.csv)", page)
    [shown] = [case for case in cases() if f"cases/{case.name}/" in page]

    *_, last = sqlglot.parse_one(sql, read="duckdb").ctes
    assert {*example.grain} <= {*example.columns}
    assert [*example.columns] == last.this.named_selects
    assert sorted("/".join(file) for file in files) == sorted(
        str(path.relative_to(shown.folder)) for path in shown.folder.glob("*/*.csv")
    )
    assert (
        rows == (shown.folder / "given" / "usage_report__tool_actions.csv").read_text()
    )


CASE = {
    "given/usage_report.csv": 'customer_type,actor__email_address\n"",A@example.com\n',
    "expected/stg_usage.csv": "actor,is_remote\na@example.com,\n",
}


@pytest.fixture
def written(tmp_path):
    """A case of these files."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return Case(tmp_path)

    return write


def test_a_case_that_does_not_hold_says_which_rows_differ(
    written, duckdb_engine, schemas
):
    """A missing row, and an unexpected one."""
    assert {} == written(CASE).differences(duckdb_engine, schemas)

    wrong = written({"expected/stg_usage.csv": "actor,is_remote\nb@example.com,\n"})

    null = ("NoneType", None)
    expected, actual = [[(("str", f"{name}@example.com"), null)] for name in ("b", "a")]
    assert {"stg_usage": (expected, actual)} == wrong.differences(
        duckdb_engine, schemas
    )


def test_a_column_that_is_none_is_named(written, schemas):
    """A misspelt column would not be compared."""
    case = written({"given/usage_report.csv": "costumer_type\napi\n"})

    with pytest.raises(ValueError, match=r"usage_report has no column costumer_type"):
        case.given(schemas)
