"""`copy` brings a dataset into another warehouse, whole or not at all."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccwarehouse.cli import main
from ccwarehouse.warehouses import (
    CopyError,
    NothingLoadedError,
    OtherShapeError,
    Warehouse,
    WarehouseInUseError,
)
from ccwarehouse.warehouses.facts import read_facts, write_fact
from datasets import client_of, copied, load_next, opened, rows_of
from loads import TABLES, execute, query
from soak import dice, sample

pytestmark = pytest.mark.slow

LOADS = "select load_id, status, inserted_at from {} order by 1"


@pytest.fixture
def target(tmp_path):
    """A DuckDB file that does not exist yet."""
    return {"database": tmp_path / "target.duckdb"}


def loads_of(place):
    """The committed loads."""
    with client_of(place) as client:
        path = client.make_qualified_table_name("_dlt_loads")
        return {tuple(row) for row in client.execute_sql(LOADS.format(path))}


def checks_of(place):
    """The checks that fail, also of the stored marts."""
    with opened(place) as warehouse:
        return warehouse.check_views()


def options(source, target):
    """The options of the command."""
    return [
        *("--database", str(source["database"])),
        *("--to", target.get("destination", "duckdb")),
        *("--to-database", str(target["database"])),
    ]


def test_a_copy_has_every_row_and_loads_go_on_in_it(loaded, tmp_path, database):
    """From DuckDB to Postgres and back: exact, and the next load does the same."""
    first = {"database": tmp_path / "first.duckdb"}
    shutil.copy(loaded["database"], first["database"])
    server = {"database": tmp_path / "none", "destination": "postgres"}
    last = {"database": tmp_path / "last.duckdb", "dataset": "other"}
    counts = [copied(first, server), copied(server, last)]

    assert counts[0] == counts[1]
    assert {*TABLES} < {table for table, count in counts[0].items() if count}
    assert rows_of(first) == rows_of(server) == rows_of(last)
    assert loads_of(first) < loads_of(server) < loads_of(last)
    assert [] == checks_of(server) == checks_of(last)

    changed = [set(load_next(place).changed) for place in (first, server, last)]
    assert 3 == len(changed[0])
    assert changed[0] == changed[1] == changed[2]
    assert rows_of(first) == rows_of(server) == rows_of(last)


def test_bigquery_takes_and_gives_a_copy_as_well(
    loaded, bigquery, tmp_path, target, monkeypatch
):
    """Into the emulator and back, without views: it takes minutes to build them."""
    monkeypatch.setattr(Warehouse, "fill_views", lambda _: [])
    place = {"database": tmp_path / "none", "destination": "bigquery"}
    place |= {"dataset": "copied"}
    copied(loaded, place)
    copied(place, target)

    assert rows_of(loaded) == rows_of(place) == rows_of(target)
    assert loads_of(loaded) < loads_of(place) < loads_of(target)


def test_what_the_dataset_knows_of_itself_is_copied(loaded, tmp_path, target):
    """Not who wrote it last: that is whoever copies."""
    source = {"database": tmp_path / "usage.duckdb"}
    shutil.copy(loaded["database"], source["database"])
    with client_of(source) as client:
        write_fact(client, "kept", "always")
        write_fact(client, "version", "0.0.1")
        noted = read_facts(client)
    copied(source, target)

    with client_of(target) as client:
        assert noted.keys() <= read_facts(client).keys()
        assert {"kept": "always", "version": "0.0.1"}.items() <= noted.items()
        assert "0.0.1" != read_facts(client)["version"]


def test_only_an_empty_dataset_is_copied_into(loaded, tmp_path):
    """The one that holds something stays as it is."""
    target = {"database": tmp_path / "usage.duckdb"}
    shutil.copy(loaded["database"], target["database"])
    with pytest.raises(CopyError, match="holds tables"):
        copied(loaded, target)

    assert rows_of(loaded) == rows_of(target)
    assert loads_of(loaded) == loads_of(target)


def test_half_a_copy_is_refused_and_made_anew(loaded, target, monkeypatch):
    """By a load as well as by what reads, until it is whole."""
    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "fill_views", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            copied(loaded, target)
    with pytest.raises(CopyError, match=r"has not ended\. Make it again"):
        load_next(target)
    with opened(target) as warehouse, pytest.raises(CopyError):
        warehouse.build_views()
    copied(loaded, target)

    assert rows_of(loaded) == rows_of(target)
    assert [] == checks_of(target)


@pytest.mark.process
@pytest.mark.timeout(sample(quick=120, soak=7200))
def test_a_killed_copy_does_not_count(loaded, tmp_path, monkeypatch):
    """SIGKILL before any statement that writes rows: made again, it is exact."""
    monkeypatch.setattr(Warehouse, "fill_views", lambda _: [])
    chosen = dice("kills of a copy")
    last = number_of_statements(loaded, tmp_path / "whole.duckdb")
    kills = range(1, last + 1)
    for kill in chosen.sample(kills, min(last, sample(quick=2, soak=last))):
        target = {"database": tmp_path / f"killed_{kill}.duckdb"}
        assert -signal.SIGKILL == run_killed(loaded, target, kill).returncode
        if is_marked(target):
            with pytest.raises(CopyError):
                load_next(target)
        copied(loaded, target)

        assert rows_of(loaded) == rows_of(target)
        assert loads_of(loaded) < loads_of(target)
        target["database"].unlink()


def number_of_statements(source, database):
    """How many statements of a copy write, counted by one that is killed at none."""
    done = run_killed(source, {"database": database}, None)
    assert 0 == done.returncode, done.stderr
    return int(done.stderr.splitlines()[-1])


def is_marked(target):
    """Whether the target says that it is half a copy."""
    with opened(target) as warehouse:
        return "unfinished_copy" in warehouse.facts()


def run_killed(source, target, kill):
    """A copy in its own process, which ends before the statement of this number."""
    order = {"to": "duckdb", "kill": kill, "words": options(source, target)}
    return subprocess.run(
        [sys.executable, Path(__file__).with_name("copy_process.py")],
        input=json.dumps(order) + "\n",
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_says_what_it_copied(loaded, target):
    """Tables and rows, for people and for programs; a second time it refuses."""
    told = CliRunner().invoke(main, ["copy", *options(loaded, target)])
    again = CliRunner().invoke(main, ["copy", *options(loaded, target)])
    file = target["database"].with_name("json.duckdb")
    words = ["copy", "--json", *options(loaded, {"database": file})]
    printed = json.loads(CliRunner().invoke(main, words).stdout)

    count = len(query(target["database"], "from claude_code.day_fetches"))
    assert (0, True) == (told.exit_code, f"day_fetches{count:>28}" in told.stdout)
    assert count == printed["rows"]["day_fetches"]
    assert 5 == again.exit_code
    assert "Copy into a new dataset (--to-dataset)" in again.stderr


def test_a_copy_onto_itself_is_wrong_usage(loaded):
    """The file would be read and written at once."""
    done = CliRunner().invoke(main, ["copy", *options(loaded, loaded)])

    assert (2, True) == (done.exit_code, "Name another warehouse" in done.stderr)


def test_there_is_nothing_to_copy_from_a_new_warehouse(tmp_path, target):
    """Neither file is made, and an empty dataset is refused as well."""
    source = {"database": tmp_path / "none.duckdb"}
    done = CliRunner().invoke(main, ["copy", *options(source, target)])

    assert (5, True) == (done.exit_code, "Load first" in done.stderr)
    assert [] == list(tmp_path.iterdir())
    execute(source["database"], "create schema claude_code")
    with pytest.raises(NothingLoadedError):
        copied(source, target)


def test_an_older_dataset_is_brought_over_before_it_is_copied(loaded, tmp_path, target):
    """Or it would be copied as if it had this version's tables."""
    source = {"database": tmp_path / "usage.duckdb"}
    shutil.copy(loaded["database"], source["database"])
    execute(source["database"], "drop table claude_code.dataset_facts")

    with pytest.raises(OtherShapeError, match="Load: ccwarehouse load"):
        copied(source, target)


def test_no_load_writes_while_a_copy_reads(tmp_path, database):
    """Or the copy could have the rows of one load and the ledger of another."""
    place = {"database": tmp_path / "none", "destination": "postgres"}
    with opened(place, is_still=True), pytest.raises(WarehouseInUseError):
        load_next(place)
