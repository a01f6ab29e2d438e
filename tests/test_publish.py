"""`load --publish` puts a copy of the DuckDB file in place, for readers."""

import errno
import os
import shutil
import subprocess
import sys

import duckdb
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.warehouses.duckdb_copy import publish as copy_for_readers
from ccwarehouse.warehouses.errors import PublishError
from ccwarehouse.warehouses.waiting import IMPATIENT
from loads import History, execute, query, record

DAY = "2026-03-09"
USERS = "select actor, estimated_cost from claude_code_marts.user_cost_daily"
NAMES = """
    select table_name, comment
    from (
        select schema_name, table_name, comment from duckdb_tables()
        union all
        select schema_name, view_name, comment from duckdb_views() where not internal
    )
    order by all
"""


@pytest.fixture
def history():
    return History({DAY: [record(DAY)]})


@pytest.fixture
def publish(history, tmp_path, monkeypatch):
    """A load in an empty folder with --publish, and its end."""
    monkeypatch.chdir(tmp_path)
    with FakeApi(history) as api:
        given = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        }

        def run(target, *words):
            days = [] if "--start" in words else ["--start", DAY, "--end", DAY]
            words = ["load", "--publish", str(target), *days, *words]
            done = CliRunner().invoke(main, words, env=given)
            done.calls = len(api.calls)
            return done

        run.api = api
        yield run


@pytest.mark.slow
def test_a_reader_of_the_copy_is_neither_stopped_nor_stops_a_load(
    publish, history, tmp_path
):
    """It keeps reading the old copy, and sees the new data when it opens it again."""
    copy = tmp_path / "readers.duckdb"
    done = publish(copy)
    assert 0 == done.exit_code, done.stderr
    with duckdb.connect(copy, read_only=True) as reader:
        before = reader.sql(USERS).fetchall()
        history[DAY] = [record(DAY, "eve@example.com")]
        again = publish(copy, "--wait=0")
        still = reader.sql(USERS).fetchall()

    assert 0 == again.exit_code, again.stderr
    assert [["dev@example.com"]] * 2 == [[row[0] for row in before], [still[0][0]]]
    assert [("eve@example.com", before[0][1])] == query(copy, USERS)
    assert query(tmp_path / "ccwarehouse.duckdb", NAMES) == query(copy, NAMES)
    assert ["ccwarehouse.duckdb", "readers.duckdb"] == sorted(os.listdir(tmp_path))
    assert f"Copied to {copy} for readers." in done.stdout


@pytest.mark.process
def test_nobody_writes_while_the_file_is_copied(publish, tmp_path, monkeypatch):
    """Another load that begins meanwhile finds the file in use."""
    copyfile = shutil.copyfile
    tried = []

    def try_to_write(source, draft):
        code = f"import duckdb; duckdb.connect({str(source)!r})"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        tried.append(done.stderr)
        copyfile(source, draft)

    monkeypatch.setattr(shutil, "copyfile", try_to_write)
    done = publish(tmp_path / "readers.duckdb")

    assert 0 == done.exit_code, done.stderr
    (said,) = tried
    assert "Could not set lock" in said
    assert f"(PID {os.getpid()})" in said


@pytest.mark.slow
def test_a_full_disk_leaves_the_copy_that_was_there(publish, tmp_path, monkeypatch):
    """The line says that the data is committed; the partial new copy is removed."""
    copy = tmp_path / "readers.duckdb"
    publish(copy)
    before = copy.read_bytes()

    def fill_up(source, draft):
        with open(source, "rb") as whole, open(draft, "wb") as part:
            part.write(whole.read(5_000))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", fill_up)
    done = publish(copy)

    assert ExitCode.WAREHOUSE == done.exit_code
    assert "The data is committed to ccwarehouse.duckdb, but" in done.stderr
    assert "No space left on device. Fix that" in done.stderr
    assert before == copy.read_bytes()
    assert ["ccwarehouse.duckdb", "readers.duckdb"] == sorted(os.listdir(tmp_path))


@pytest.mark.slow
def test_a_copy_keeps_who_may_read_it(publish, tmp_path):
    """The first copy has the database's mode, later ones the old copy's."""
    copy = tmp_path / "readers.duckdb"
    execute(tmp_path / "ccwarehouse.duckdb", "select 1")
    (tmp_path / "ccwarehouse.duckdb").chmod(0o640)
    publish(copy)
    first = copy.stat().st_mode
    copy.chmod(0o644)
    publish(copy)

    assert ("640", "644") == (f"{first:o}"[-3:], f"{copy.stat().st_mode:o}"[-3:])


@pytest.mark.slow
def test_a_link_leads_to_the_new_copy_without_the_notes_on_the_one_before(
    publish, tmp_path
):
    """The link stays, and a client's log of the old copy is removed."""
    (tmp_path / "shared").mkdir()
    copy, link = tmp_path / "shared" / "readers.duckdb", tmp_path / "link.duckdb"
    link.symlink_to(copy)
    publish(link)
    copy.with_name("readers.duckdb.wal").write_bytes(b"of the one before")
    done = publish(link)

    assert 0 == done.exit_code, done.stderr
    assert (True, ["readers.duckdb"]) == (link.is_symlink(), os.listdir(copy.parent))
    assert 1 == len(query(link, USERS))


def test_a_file_whose_last_rows_are_beside_it_is_not_copied(tmp_path):
    """A crashed program has left a log: the copy would lack its rows."""
    database, copy = tmp_path / "usage.duckdb", tmp_path / "readers.duckdb"
    with duckdb.connect(database) as crashed:
        crashed.execute("pragma disable_checkpoint_on_shutdown")
        crashed.execute("create table rows as from range(3)")

    with pytest.raises(PublishError, match=r"some rows are still in .*\.wal"):
        copy_for_readers(database, copy, IMPATIENT)
    assert not copy.exists()


@pytest.mark.slow
def test_days_that_failed_do_not_keep_the_others_from_readers(publish, tmp_path):
    """A load that ends with 4 also publishes."""
    copy = tmp_path / "readers.duckdb"
    publish.api.fault = lambda request: (
        error(400, "invalid_request_error")
        if request.query["starting_at"] < DAY
        else None
    )
    done = publish(copy, "--start", "2026-03-08", "--end", DAY)

    assert ExitCode.DAYS_FAILED == done.exit_code
    assert 1 == len(query(copy, USERS))


@pytest.mark.parametrize(
    ("target", "words", "reason"),
    [
        ("ccwarehouse.duckdb", [], "names the database itself"),
        ("other/../ccwarehouse.duckdb", [], "names the database itself"),
        ("other", [], "is a directory"),
        ("nowhere/readers.duckdb", [], "folder does not exist"),
        ("Claude_Code.duckdb", [], "Name another file with --publish"),
        ("notes.txt", [], "is not a DuckDB file"),
        ("readers.duckdb", ["--destination=postgres"], "postgres has none"),
    ],
)
def test_a_copy_that_cannot_be_is_refused_before_anything_is_done(
    publish, tmp_path, target, words, reason
):
    """No call is made, no file is created, and existing files stay."""
    (tmp_path / "other").mkdir()
    (tmp_path / "notes.txt").write_text("Not to be lost.")
    done = publish(target, *words)

    assert (ExitCode.USAGE, 0) == (done.exit_code, done.calls)
    assert reason in done.stderr
    assert ["notes.txt", "other"] == sorted(os.listdir(tmp_path))
    assert "Not to be lost." == (tmp_path / "notes.txt").read_text()
