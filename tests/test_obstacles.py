"""Other people's relations among or on our views are named and never dropped."""

import duckdb
import psycopg2
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import FakeApi
from ccwarehouse.cli import main
from ccwarehouse.warehouses import views
from loads import History, load_from, query, record
from loads import execute as execute_in_file
from postgres import LOADER, command, execute

DAY = "2026-03-09"
COST = "claude_code_marts.user_cost_daily"
SHAPES = """
    begin;
    drop view {view} cascade;
    create view {view} as select {columns} from claude_code.usage_report;
    commit;
"""


@pytest.fixture
def api():
    with FakeApi(History({DAY: [record(DAY)]})) as api:
        yield api


@pytest.fixture
def loaded(api, database, tmp_path, postgres):
    """A Postgres with a day and its views; runs SQL as the loader or another."""
    load_from(api, tmp_path, destination="postgres", views=True)

    def run(sql, role=LOADER):
        return execute(postgres.address(role, database), sql)

    return run


def columns_of(run, view):
    """The columns of a view, and their types, in order."""
    found = run(
        f"select format_type(atttypid, atttypmod), attname from pg_attribute"
        f" where attrelid = '{view}'::regclass and attnum > 0 order by attnum"
    )
    return [f"null::{kind} as {name}" for kind, name in found]


def reshaped(run, view, columns):
    """Give a view the shape that an older version made."""
    run(SHAPES.format(view=view, columns=", ".join(columns)))


@pytest.mark.slow
def test_a_table_under_the_name_of_a_view_is_named_in_duckdb(api, tmp_path):
    """The data is committed, the table stays, and the advice is to move it."""
    database = tmp_path / "usage.duckdb"
    load_from(api, database)
    execute_in_file(
        database,
        f"create schema claude_code_marts; create table {COST} as from range(3)",
    )
    done = CliRunner().invoke(main, ["transform", "--database", str(database)])

    assert (5, "") == (done.exit_code, done.stdout)
    assert f"The data is committed, but {COST} is a table" in done.stderr
    assert done.stderr.endswith("ccwarehouse transform with the same options.\n")
    assert [(3,)] == query(database, f"select count(*) from {COST}")


@pytest.mark.slow
def test_views_of_others_stay_in_duckdb(api, tmp_path):
    """Ours are replaced; theirs work unless they name a removed column."""
    database = tmp_path / "usage.duckdb"
    load_from(api, database, views=True)
    execute_in_file(
        database,
        f"drop view {COST};"
        f"create view {COST} as select account, 1 as a_column_that_went"
        " from claude_code.usage_report;"
        "create schema theirs;"
        f"create view theirs.whole as select account from {COST};"
        f"create view theirs.broken as select a_column_that_went from {COST}",
    )
    done = CliRunner().invoke(main, ["transform", "--database", str(database)])

    assert 0 == done.exit_code, done.stderr
    assert [("default",)] == query(database, "from theirs.whole")
    with pytest.raises(duckdb.BinderException, match="a_column_that_went"):
        query(database, "from theirs.broken")


def test_a_relation_under_the_name_of_a_view_is_named_in_postgres(api, loaded):
    """The relation is unchanged."""
    loaded(f"drop view {COST} cascade; create materialized view {COST} as select 3")
    done = command(api, "transform")

    assert (5, "") == (done.exit_code, done.stdout)
    assert f"The data is committed, but {COST} is a materialized view" in done.stderr
    assert [(3,)] == loaded(f"select * from {COST}")


THEIRS = f"""
    create schema theirs;
    create view public.mine as select * from {COST};
    create materialized view theirs.copy as select * from {COST};
    create function public.costs() returns setof {COST}
        language sql as 'select * from {COST}';
"""
NO_LONGER_THEIRS = (
    "drop function public.costs; drop view mine; drop schema theirs cascade"
)


def test_views_of_others_are_named_where_a_view_must_be_dropped(api, loaded):
    """A column was removed: the data is committed, and their views stay."""
    columns = columns_of(loaded, COST)
    reshaped(loaded, COST, [*columns, "1 as a_column_that_went"])
    loaded(THEIRS, role="admin")
    refused = command(api, "load")
    kept = loaded("select count(*) from mine, theirs.copy, costs()", role="admin")
    loaded(NO_LONGER_THEIRS, role="admin")
    repaired = command(api, "transform")

    assert (5, "") == (refused.exit_code, refused.stdout)
    assert (
        "The data is committed, but views with changed columns cannot be replaced, "
        "and views of another version cannot be dropped: "
        f"function costs() reads {COST}; public.mine reads {COST}; "
        f"theirs.copy reads {COST}. "
        "Drop or change function costs(), public.mine, theirs.copy, then run "
        "ccwarehouse transform with the same options.\n"
    ) in refused.stderr
    assert [(1,)] == kept
    assert 0 == repaired.exit_code, repaired.stderr
    assert columns == columns_of(loaded, COST)


def test_a_view_that_someone_makes_in_between_stays(api, loaded, monkeypatch):
    """A view made after the check and before our drop keeps all our views."""
    reshaped(loaded, COST, [*columns_of(loaded, COST), "1 as a_column_that_went"])
    ask = views.require_no_dependants

    def make_one(*given):
        ask(*given)
        loaded(f"create view public.mine as select * from {COST}", role="admin")

    monkeypatch.setattr(views, "require_no_dependants", make_one)
    done = command(api, "transform")

    assert 5 == done.exit_code
    assert [(1,)] == loaded("select a_column_that_went from mine", role="admin")


def test_views_of_others_do_not_matter_where_a_view_can_be_replaced(api, loaded):
    """A column is added at the end, and another view changes its columns."""
    mart = "claude_code_marts.tool_acceptance_daily"
    columns = columns_of(loaded, mart)
    reshaped(loaded, mart, columns[:-1])
    reshaped(loaded, COST, ["1 as a_column_that_went"])
    loaded(f"create view public.mine as select * from {mart}", role="admin")
    done = command(api, "transform")

    assert 0 == done.exit_code, done.stderr
    assert columns == columns_of(loaded, mart)
    assert columns[:-1] == columns_of(loaded, "public.mine")
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        loaded(f"select a_column_that_went from {COST}")
