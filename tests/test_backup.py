"""The backups of docs/operations.md, restored: a load goes on in them."""

import re
import shlex
import shutil
import subprocess

import pytest

from datasets import client_of, copied, load_next, opened, rows_of
from pages import DOCS
from postgres import LOADER, execute, program

pytestmark = pytest.mark.slow

PAGE = (DOCS / "operations.md").read_text().partition("## Backup and move")[2]
COPY, DUMP, *_ = re.findall("```sh\n(.*?)```", PAGE, re.DOTALL)
CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"


def run(command, names):
    """Run a line of the page, with names of the test in place of its own."""
    for name, own in names.items():
        command = command.replace(name, str(own))
    subprocess.run(shlex.split(command), check=True, capture_output=True)


def test_a_duckdb_file_is_restored(loaded, tmp_path):
    """From a copy of the file."""
    restored = {"database": tmp_path / "backup.duckdb"}
    files = (loaded["database"], restored["database"])
    run(COPY, {file.name: file for file in files})

    assert rows_of(loaded) == rows_of(restored)
    assert 3 == len(load_next(restored).changed)


def test_a_log_beside_a_duckdb_file_belongs_to_it(loaded, tmp_path):
    """As a killed program leaves it: the rows in it are restored as well."""
    original = {"database": tmp_path / "usage.duckdb"}
    restored = {"database": tmp_path / "backup.duckdb"}
    shutil.copy(loaded["database"], original["database"])
    with client_of(original) as client:
        client.execute_sql("create table claude_code.later as select 1 as one")
        shutil.copy(original["database"], restored["database"])
        shutil.copy(f"{original['database']}.wal", f"{restored['database']}.wal")

    with client_of(restored) as client:
        assert [(1,)] == client.execute_sql("select one from claude_code.later")


def test_a_postgres_dataset_is_restored(
    loaded, postgres, database, tmp_path, monkeypatch
):
    """From the loader's dump, by the owner of a new database; also the views."""
    place = {"database": tmp_path / "none", "destination": "postgres"}
    copied(loaded, place)
    new = f"{database}_restored"
    execute(postgres.address(), f"create database {new}")
    old = postgres.address(LOADER, database)
    names = {
        "usage.dump": tmp_path / "usage.dump",
        "postgresql://ccwarehouse_loader:choose-one@host/database": old,
        "postgresql://owner:...@host/new_database": postgres.address(database=new),
    }
    for line in DUMP.splitlines():
        tool, _, rest = line.partition(" ")
        run(f"{program(tool)} {rest}", names)

    monkeypatch.setenv(CREDENTIALS, postgres.address(LOADER, new))
    assert rows_of(loaded) == rows_of(place)
    with opened(place) as warehouse:
        assert [] == warehouse.check_views()
    assert 3 == len(load_next(place, views=True).changed)
