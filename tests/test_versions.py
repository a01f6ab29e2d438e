"""A dataset of an older version is brought over whole, and a newer one is refused."""

import json
import shutil
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ccwarehouse.cli import main
from ccwarehouse.doctor.organisation import Whose
from ccwarehouse.doctor.warehouse import examine_warehouse
from ccwarehouse.problems import explain
from ccwarehouse.warehouses import OtherShapeError, open_warehouse, shape
from ccwarehouse.warehouses.facts import forget_fact, read_facts, write_fact
from ccwarehouse.warehouses.shape import STEPS, Step, own_version
from claude_code_analytics import CLAUDE_CODE
from datasets import client_of, load_next, opened, rows_of
from loads import History, execute, load_from, record, served

pytestmark = pytest.mark.slow

SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.sql"))
DAYS = ("2026-03-07", "2026-03-08", "2026-03-09")
RESTATED = ("2026-03-09", "eve@example.com")
USERS = "select cast(date as text), actor__email_address from {} order by 1, 2"
# Of the step, of forgetting dlt's schema, and of noting the number.
STATEMENTS = 2 + 2 + 2
in_duckdb = pytest.mark.parametrize("place", ["duckdb"], indirect=True)
NOTED = {"shape": "1", "version": own_version()}


@pytest.fixture
def history():
    """Three days of one user."""
    return History({day: [record(day)] for day in DAYS})


@pytest.fixture
def api(history):
    """The API that serves it."""
    with served(history) as api:
        yield api


@pytest.fixture(params=["duckdb", "postgres"])
def place(request, tmp_path):
    """A new warehouse of each kind, as what `load_from` takes."""
    if request.param == "postgres":
        request.getfixturevalue("database")
    return {"database": tmp_path / "usage.duckdb", "destination": request.param}


def facts_of(place):
    """What the dataset knows of itself."""
    with client_of(place) as client:
        return read_facts(client)


def users_of(place, table="usage_report"):
    """The user of each day in a table."""
    with client_of(place) as client:
        path = client.make_qualified_table_name(table)
        return [tuple(row) for row in client.execute_sql(USERS.format(path))]


def brought_over(place):
    """How many fetches there are, and how many that a step has seen."""
    with client_of(place) as client:
        path = client.make_qualified_table_name("day_fetches")
        counts = f"select count(*), count(made_up) from {path}"
        return tuple(client.execute_sql(counts)[0])


def set_fact(place, name, value):
    """Change a fact without the loader."""
    with client_of(place) as client:
        write_fact(client, name, value)


def made_up(client):
    """The statements of a step that was never taken: a column, and its values."""
    path = client.make_qualified_table_name("day_fetches")
    return [
        f"alter table {path} add column if not exists made_up bigint",
        f"update {path} set made_up = 1 where made_up is null",
    ]


@pytest.fixture
def newer(monkeypatch):
    """From when it is called on, the program is a version with one shape more."""
    steps = [*STEPS, Step(2, made_up)]
    return lambda: monkeypatch.setattr(shape, "STEPS", steps)


class KilledError(BaseException):
    """Stands for the end of a program, which no code handles."""


@contextmanager
def killed_at(place, number):
    """The program ends before its statement of this number that writes."""
    with client_of(place) as client:
        kind = type(client)
    execute, told = kind.execute_sql, []

    def counted(self, sql, *values, **named):
        if not sql.lstrip().startswith("select"):
            told.append(sql)
            if len(told) == number:
                raise KilledError
        return execute(self, sql, *values, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "execute_sql", counted)
        with suppress(KilledError):
            yield
            return
    assert number == len(told)


def bring_over(place):
    """What a load does first."""
    with open_warehouse(**place, dataset="claude_code", sole_writer=True):
        return True


def kept(file, folder):
    """The dataset that a version of this shape wrote."""
    database = folder / "usage.duckdb"
    with duckdb.connect(database) as connection:
        connection.execute(file.read_text())
    return {"database": database}


def test_a_dataset_of_each_shape_is_kept():
    """Whoever gives the tables a new form keeps one of the form before."""
    assert {str(number) for number in range(1, shape.own_shape() + 1)} == {
        file.stem for file in SHAPES
    }


@pytest.mark.parametrize("file", SHAPES, ids=lambda file: file.stem)
def test_a_load_goes_on_with_a_dataset_of_each_shape(file, loaded, tmp_path):
    """Afterwards all tables have the rows that this version alone would store."""
    old, new = kept(file, tmp_path), {"database": tmp_path / "new.duckdb"}
    shutil.copy(loaded["database"], new["database"])
    changed = load_next(old, views=True).changed

    assert set(load_next(new).changed) == set(changed)
    assert 3 == len(changed)
    assert rows_of(new) == rows_of(old)
    assert NOTED.items() <= facts_of(old).items()
    with opened(old) as warehouse:
        assert [] == warehouse.check_views()


def test_status_and_doctor_say_which_version_wrote_it(api, tmp_path):
    """For people and for programs."""
    database = tmp_path / "usage.duckdb"
    load_from(api, database, views=True)
    execute(
        database,
        "update claude_code.dataset_facts set value = '0.9' where name = 'version'",
    )
    chosen = ["--database", str(database)]
    told = CliRunner().invoke(main, ["status", *chosen])
    printed = CliRunner().invoke(main, ["status", "--json", *chosen])
    examined = CliRunner().invoke(main, ["doctor", *chosen])

    assert "\nWritten   by ccwarehouse 0.9\n" in told.stdout
    facts = json.loads(printed.stdout)
    assert ("0.9", 1) == (facts["data_version"], facts["data_shape"])
    assert "can be written; ccwarehouse 0.9 wrote claude_code\n" in examined.stdout


def test_doctor_finds_no_fault_with_an_older_dataset(api, tmp_path, newer):
    """The next load brings it over, so nothing has to be fixed."""
    place = {"database": tmp_path / "usage.duckdb"}
    load_from(api, **place, views=True)
    newer()
    first, *others = examine_warehouse(
        "duckdb", place["database"], "claude_code", [Whose("default", None)]
    )

    assert ("warehouse", "ok") == (first.check, str(first.verdict))
    assert {"skipped"} == {str(finding.verdict) for finding in others}


def test_a_dataset_knows_the_version_that_wrote_it(api, place):
    """Its number is there from the first load on, and stays through the next."""
    load_from(api, **place)
    load_from(api, **place)

    assert NOTED == facts_of(place)


@in_duckdb
def test_another_version_of_the_same_shape_notes_itself(api, place):
    """So a message can name who wrote the dataset last."""
    load_from(api, **place)
    set_fact(place, "version", "0.0.1")
    load_from(api, **place)

    assert NOTED == facts_of(place)


def test_an_older_dataset_is_brought_over_by_a_load(api, history, place, newer):
    """All days stay, and the load goes on as ever."""
    load_from(api, **place, views=True)
    newer()
    history["2026-03-09"] = [record(*RESTATED)]
    outcome = load_from(api, **place, views=True)

    assert [RESTATED[0]] == [str(day) for day in outcome.changed]
    assert {**NOTED, "shape": "2"}.items() <= facts_of(place).items()
    assert (6, 3) == brought_over(place)
    ours = {(day, "dev@example.com") for day in DAYS[:2]}
    assert {*ours, RESTATED} == {*users_of(place)}


def test_it_is_brought_over_whole_or_not_at_all(api, place, newer):
    """Killed before any statement, it is as before; the next load does it."""
    load_from(api, **place)
    before = users_of(place), facts_of(place)
    newer()
    kills = 0
    is_done = False
    while not is_done:
        with killed_at(place, kills + 1):
            is_done = bring_over(place)
        if not is_done:
            kills += 1
            assert before == (users_of(place), facts_of(place))

    assert kills >= STATEMENTS
    assert NOTED | {"shape": "2"} == facts_of(place)
    assert (3, 3) == brought_over(place)


def test_without_transactions_the_next_load_repeats_what_was_begun(
    api, tmp_path, newer, monkeypatch
):
    """As in BigQuery: the number comes last, and each statement can be repeated."""
    monkeypatch.setattr(shape, "transaction_of_ddl", lambda _: nullcontext())
    place = {"database": tmp_path / "usage.duckdb", "destination": "duckdb"}
    load_from(api, **place)
    newer()
    for kill in range(1, STATEMENTS + 1):
        killed = place | {"database": tmp_path / f"killed_{kill}.duckdb"}
        shutil.copy(place["database"], killed["database"])
        with killed_at(killed, kill):
            bring_over(killed)
        assert "1" == facts_of(killed)["shape"]
        bring_over(killed)

        assert NOTED | {"shape": "2"} == facts_of(killed)
        assert (3, 3) == brought_over(killed)
    assert [] == load_from(api, **killed).changed


@in_duckdb
def test_what_only_reads_asks_for_the_load(api, place, newer):
    """`status` changes nothing, and `transform` waits for the load as well."""
    load_from(api, **place)
    newer()
    with open_warehouse(**place, dataset="claude_code") as warehouse:
        for work in (
            lambda: warehouse.stored(CLAUDE_CODE, "default"),
            warehouse.build_views,
        ):
            with pytest.raises(OtherShapeError, match="Load: ccwarehouse load"):
                work()

    assert NOTED == facts_of(place)


@in_duckdb
def test_a_dataset_without_a_number_is_numbered_by_a_load(api, place):
    """Such datasets are from before the first release."""
    load_from(api, **place)
    with client_of(place) as client:
        for name in NOTED:
            forget_fact(client, name)
    outcome = load_from(api, **place)

    assert [] == outcome.changed
    assert NOTED == facts_of(place)


@in_duckdb
def test_a_newer_dataset_is_refused(api, place):
    """By a load before it asks for a day, with the version that can read it."""
    load_from(api, **place)
    set_fact(place, "shape", "2")
    set_fact(place, "version", "9.1")
    calls = len(api.calls)
    with pytest.raises(OtherShapeError) as refused:
        load_from(api, **place)

    problem = explain(refused.value, "usage.duckdb")
    assert calls == len(api.calls)
    assert (5, True) == (problem.code, "9.1 or newer, then" in problem.line)
    assert {"shape": "2", "version": "9.1"} == facts_of(place)
