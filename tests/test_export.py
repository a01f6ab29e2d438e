"""`export`: exact values, the same bytes from every warehouse, and whole files."""

import errno
import json
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ccwarehouse.cli import main
from ccwarehouse.export import (
    FORMATS,
    ExportError,
    ReaderGoneError,
    file_sink,
    view_named,
    write_view,
)
from ccwarehouse.export.csv_lines import csv_lines, text_cell
from ccwarehouse.export.json_lines import json_lines
from ccwarehouse.export.sinks import Sink
from ccwarehouse.options import Format
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.warehouses import postgres as postgres_engine
from claude_code_marts import models
from loads import History, execute, load_from, query, record, served
from postgres import READER
from soak import at_length, sample

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
DAYS = ("2026-03-08", "2026-03-09")
# Neither in the order of bytes nor in the order of English.
NAMES = ["b-key", "B-key", "a_key", "ä key", "-key", "=1+1", "'key", 'k,"e', "(key)"]
# Views keep twelve places of these.
FINE = {"currency": "USD", "amount": "1234567.123456789012345678901234"}


def usage(day):
    """A day of people and keys: one without a cost, one whose cost has many places."""
    keys = [
        record(day, actor={"type": "api_actor", "api_key_name": name}) for name in NAMES
    ]
    fine = {"model": "opus", "tokens": {"input": 1}, "estimated_cost": FINE}
    return [
        record(day),
        record(day, "idle@example.com", model_breakdown=[]),
        record(day, "fine@example.com", model_breakdown=[fine]),
        *keys,
    ]


HISTORY = History({day: usage(day) for day in DAYS})


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A file with two days; no test changes it."""
    database = tmp_path_factory.mktemp("loaded") / "usage.duckdb"
    with served(HISTORY) as api:
        load_from(api, database, *DAYS, views=True)
    return database


@pytest.fixture
def call(loaded, tmp_path, monkeypatch):
    """Run `export` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words, database=loaded):
        words = ["export", *words, "--database", str(database)]
        return CliRunner().invoke(main, words)

    return run


def table(**columns):
    """A batch, from each column's type and values."""
    arrays = {name: pa.array(values, kind) for name, (kind, values) in columns.items()}
    return pa.record_batch(arrays)


def written(lines, batch):
    return b"".join(lines(batch.schema, [batch])).decode()


ROW = table(
    text=(pa.string(), ["a", "", None]),
    count=(pa.int64(), [-1, 0, None]),
    cost=(pa.decimal128(38, 12), [Decimal("-0.1"), Decimal("12e3"), None]),
    share=(pa.float64(), [0.1, 1e-6, None]),
    is_it=(pa.bool_(), [True, False, None]),
    day=(pa.date32(), [date(2026, 3, 1), date(1, 1, 1), None]),
    at=(pa.timestamp("us", "UTC"), [datetime(2026, 3, 1, 2, tzinfo=UTC), 1, None]),
)


def test_csv_is_exact_and_tells_null_from_empty_text():
    """Money has all its digits, days and times are ISO texts."""
    assert [
        "text,count,cost,share,is_it,day,at",
        "a,-1,-0.1,0.1,true,2026-03-01,2026-03-01T02:00:00+00:00",
        '"",0,12000,1e-06,false,0001-01-01,1970-01-01T00:00:00.000001+00:00',
        ",,,,,,",
    ] == written(csv_lines, ROW).splitlines()


def test_a_line_of_json_is_exact():
    """Money is text, as JSON's numbers become floats; counts are numbers."""
    first, second, third = map(json.loads, written(json_lines, ROW).splitlines())

    assert {
        "text": "a",
        "count": -1,
        "cost": "-0.1",
        "share": 0.1,
        "is_it": True,
        "day": "2026-03-01",
        "at": "2026-03-01T02:00:00+00:00",
    } == first
    assert ("", "12000") == (second["text"], second["cost"])
    assert {None} == set(third.values())


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("ann@example.com", "ann@example.com"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\t=1", '"\'\t=1"'),
        ("\uff1d1", "'\uff1d1"),
        ("'key", "''key"),
        ('=a,"b"', '"\'=a,""b"""'),
        (" a", '" a"'),
        ("a;b", '"a;b"'),
        ("a\nb", '"a\nb"'),
        ("", '""'),
    ],
)
def test_a_text_is_no_formula_and_no_other_cell(text, cell):
    """A text that a spreadsheet would run gets an apostrophe in front."""
    assert cell == text_cell(text)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


# All options are set: by default DuckDB takes a line beginning with # for a comment.
READ_CSV = """
    from read_csv(
        '{}', auto_detect = false, header = true, parallel = false, delim = ',',
        quote = '"', escape = '"', new_line = '\\n', allow_quoted_nulls = false,
        columns = {{'text': 'varchar', 'end': 'varchar'}}
    )
"""


@pytest.mark.slow
@given(st.lists(st.none() | TEXTS))
def test_each_text_can_be_had_back(texts):
    """A reader gets nulls and texts back, after removing the first apostrophe."""
    batch = table(text=(pa.string(), texts), end=(pa.int64(), [1] * len(texts)))
    with TemporaryDirectory() as folder:
        file = Path(folder, "texts.csv")
        file.write_text(written(csv_lines, batch), newline="")
        cells = [text for text, _ in duckdb.sql(READ_CSV.format(file)).fetchall()]

    assert not [cell for cell in cells if cell and re.match("[=+@\t\r-]", cell)]
    assert texts == [cell and cell.removeprefix("'") for cell in cells]


@given(TEXTS, TEXTS)
def test_a_line_of_json_is_one_line(name, value):
    """Each object is one line to every reader, whatever it takes for a line break."""
    batch = pa.record_batch([pa.array([value, value])], names=[name])

    lines = written(json_lines, batch).splitlines()
    assert [{name: value}] * 2 == [json.loads(line) for line in lines]


def test_the_command_line_has_the_formats_there_are():
    """The command line has its own list, because it must not import Arrow."""
    assert sorted(FORMATS) == sorted(Format().choices)


VIEWS = [view.name for view in models()]


def exports(database, names=VIEWS, destination="duckdb"):
    """Views in all formats."""
    made = {name: {} for name in names}
    with open_warehouse(destination, database, "claude_code", read_only=True) as opened:
        for view in map(view_named, names):
            for form, write in FORMATS.items():
                held = BytesIO()
                write_view(opened, view, write, Sink(held.write))
                made[view.name][form] = held.getvalue()
    return made


@pytest.mark.slow
def test_every_view_has_its_columns_and_rows_in_every_format(loaded):
    """Names, order and number of rows are those of the view."""
    for name, made in exports(loaded).items():
        ((rows,),) = query(loaded, f"select count(*) from claude_code_marts.{name}")
        stored = pq.read_table(BytesIO(made["parquet"]))
        csv, lines = (made[form].decode() for form in ("csv", "json"))
        assert [rows] * 3 == [
            stored.num_rows,
            csv.count("\n") - 1,
            lines.count("\n"),
        ]
        columns = [*view_named(name).columns]
        assert columns == stored.column_names == csv.split("\n")[0].split(",")
        assert not rows or columns == [*json.loads(lines.splitlines()[0])]


def test_parquet_keeps_types(call):
    """Decimals, days and times have the same types as in the view."""
    call("user_cost_daily", "--out", "costs.parquet")
    call("stg_day_fetches", "--out", "fetches.parquet")

    costs = pq.read_schema("costs.parquet")
    assert pa.decimal128(38, 12) == costs.field("estimated_cost").type
    assert pa.date32() == costs.field("date").type
    fetched_at = pq.read_schema("fetches.parquet").field("fetched_at")
    assert pa.timestamp("us", "UTC") == fetched_at.type


def test_rows_have_the_order_of_the_grain(call):
    """Texts are sorted by code points; null comes first."""
    rows = call("user_cost_daily").stdout.splitlines()[1:]

    actors = [row.split(",")[4] for row in rows if DAYS[0] in row]
    keys = [*map(text_cell, sorted(NAMES))]
    found = [name for name in actors if "@" not in name]
    assert [key.split(",")[0] for key in keys] == found


def test_nulls_come_first(call, tmp_path, loaded):
    """Nulls come first in every warehouse, whatever its default."""
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(loaded.read_bytes())
    execute(copy, f"update claude_code.usage_report set organization_id = null "
                  f"where date = '{DAYS[1]}'")  # fmt: skip
    with open_warehouse("duckdb", copy, "claude_code") as warehouse:
        warehouse.build_views(everything=True)

    rows = call("stg_usage", database=copy).stdout.splitlines()[1:]
    daily = call("org_daily", database=copy).stdout.splitlines()[1:]
    assert 2 * len(usage(DAYS[0])) == len(rows)
    assert f"default,,{DAYS[1]}" in daily[0]


@pytest.mark.slow
def test_the_same_data_has_the_same_bytes(loaded, tmp_path):
    """The bytes do not depend on the stored order of the rows."""
    again = tmp_path / "again.duckdb"
    with served(HISTORY) as api:
        for day in reversed(DAYS):
            load_from(api, again, day, day, views=True)

    names = ["user_cost_daily", "stg_usage", "tool_acceptance_daily"]
    assert exports(loaded, names) == exports(again, names)


def test_postgres_gives_the_same_bytes(loaded, database, tmp_path):
    """Its own numerics, collation and time zone do not change the files."""
    with served(HISTORY) as api:
        load_from(api, tmp_path, *DAYS, views=True, destination="postgres")
    names = VIEWS[:: sample(quick=3, soak=1)]
    ours, theirs = exports(loaded, names), exports(tmp_path, names, "postgres")

    for name, made in ours.items():
        schemas = [
            pq.read_schema(BytesIO(of["parquet"])) for of in (made, theirs[name])
        ]
        assert schemas[0] == schemas[1]
        if not tells_its_load(view_named(name)):
            assert made == theirs[name]


@at_length
@pytest.mark.usefixtures("bigquery")
def test_bigquery_gives_the_same_bytes(loaded, tmp_path):
    """Its decimals have more places, and rows come as tuples."""
    with served(HISTORY) as api:
        load_from(api, tmp_path, *DAYS, views=True, destination="bigquery")
    names = ["stg_usage", "user_cost_daily", "org_daily", "user_tool_acceptance_daily"]

    assert exports(loaded, names) == exports(tmp_path, names, destination="bigquery")


def tells_its_load(view):
    """Whether a view names the loads of its rows."""
    return {"load_id", "load_number"} & set(view.columns)


def test_whoever_may_only_read_may_export(postgres, database, tmp_path, monkeypatch):
    """The reading role of docs/warehouses/postgres.md can export."""
    with served(HISTORY) as api:
        load_from(api, tmp_path, *DAYS, views=True, destination="postgres")
    reader = postgres.address(READER, database)
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", reader)
    words = ["export", "user_cost_daily", "--destination", "postgres"]
    done = CliRunner().invoke(main, words)
    missing = CliRunner().invoke(main, [*words, "--dataset", "nothing_there"])

    assert (0, "") == (done.exit_code, done.stderr)
    assert 2 * len(usage(DAYS[0])) + 1 == len(done.stdout.splitlines())
    assert (5, 1) == (missing.exit_code, len(missing.stderr.splitlines()))
    assert "lacks view user_cost_daily" in missing.stderr


def test_postgres_is_read_in_portions(database, tmp_path, monkeypatch):
    """The rows stay on the server until they are fetched."""
    with served(HISTORY) as api:
        load_from(api, tmp_path, *DAYS, views=True, destination="postgres")
    monkeypatch.setattr(postgres_engine, "ROWS_AT_ONCE", 5)

    with (
        open_warehouse("postgres", tmp_path, "claude_code", read_only=True) as opened,
        opened.reading(view_named("stg_usage")) as (_, batches),
    ):
        sizes = [batch.num_rows for batch in batches]

    rows = 2 * len(usage(DAYS[0]))
    assert rows == sum(sizes)
    assert 5 == max(sizes)


def test_a_file_takes_the_place_of_an_older_one_and_its_mode(call, tmp_path):
    """The target of a link is replaced, and no other file is left behind."""
    old = tmp_path / "old.csv"
    old.write_text("old")
    old.chmod(0o640)
    (tmp_path / "link.csv").symlink_to(old)
    done = call("user_cost_daily", "--out", "link.csv")

    rows = 2 * len(usage(DAYS[0]))
    assert f"{rows} rows of user_cost_daily are in link.csv.\n" == done.stdout
    assert rows + 1 == old.read_text().count("\n")
    assert 0o640 == old.stat().st_mode & 0o777
    assert {"old.csv", "link.csv"} == set(os.listdir(tmp_path))


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_the_older_file(call, tmp_path, step, form):
    """The exit code is 5, and the message says why."""
    old = tmp_path / "old"
    old.write_text("old")
    usual = getattr(os, step)

    def fail(what, *more):
        if step == "replace" and Path(what).stem != "old":
            return usual(what, *more)
        raise OSError(errno.ENOSPC, "No space left on device")

    with patch(f"ccwarehouse.export.sinks.os.{step}", fail):
        done = call("user_cost_daily", "--format", form, "--out", "old")

    assert (5, "old") == (done.exit_code, old.read_text())
    assert "old could not be written and is as it was: No space left" in done.stderr
    assert ["old"] == os.listdir(tmp_path)


def test_an_export_that_is_interrupted_leaves_the_older_file(call, tmp_path):
    """Ctrl-C while rows are written leaves the older file unchanged."""
    (tmp_path / "old.csv").write_text("old")
    with patch("ccwarehouse.export.sinks.os.write", side_effect=KeyboardInterrupt):
        done = call("user_cost_daily", "--out", "old.csv")

    assert (130, "old") == (done.exit_code, (tmp_path / "old.csv").read_text())
    assert ["old.csv"] == os.listdir(tmp_path)


def test_an_export_that_is_killed_leaves_the_older_file(tmp_path):
    """The new file has another name until it is complete."""
    target = tmp_path / "old.csv"
    target.write_text("old")
    with file_sink(target) as sink:
        sink.write(b"new")
        assert "old" == target.read_text()

    assert "new" == target.read_text()


def test_a_folder_that_refuses_files_is_told(tmp_path):
    """The error comes before anything is read."""
    refused = PermissionError(errno.EACCES, "Permission denied")
    with (
        patch("pathlib.Path.open", side_effect=refused),
        pytest.raises(ExportError, match="Permission denied"),
        file_sink(tmp_path / "new.csv"),
    ):
        pass


def test_parquet_that_is_cut_short_cannot_be_read():
    """A partial file gets no footer, which would make it look complete."""
    held = BytesIO()

    def batches():
        yield ROW
        raise ReaderGoneError

    with pytest.raises(ReaderGoneError):
        FORMATS["parquet"](ROW.schema, batches(), Sink(held.write))

    assert held.tell() > 0
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(BytesIO(held.getvalue()))


@pytest.mark.process
@pytest.mark.parametrize("form", FORMATS)
def test_a_reader_that_has_seen_enough_ends_it_quietly(loaded, form):
    """A closed pipe, as in `| head`, is not an error."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [PROGRAM, "export", "stg_usage", "--format", form, "--database", loaded]
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)

    assert (0, b"") == (done.returncode, done.stderr)


@pytest.mark.process
@pytest.mark.parametrize("form", FORMATS)
def test_rows_that_stdout_cannot_take_are_a_fault(loaded, form):
    """With `> file` on a full disk messages may be lost, but lost rows are an error."""
    words = [PROGRAM, "export", "stg_usage", "--format", form, "--database", loaded]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)

    assert 5 == done.returncode
    [told] = done.stderr.splitlines()
    assert b"incomplete: No space left on device" in told


@pytest.mark.process
def test_parquet_goes_through_a_pipe(loaded):
    """It works although a pipe has no position."""
    words = ["export", "user_cost_daily", "--format", "parquet", "--database", loaded]
    done = subprocess.run([PROGRAM, *words], capture_output=True, check=True)

    rows = pq.read_table(BytesIO(done.stdout)).num_rows
    assert 2 * len(usage(DAYS[0])) == rows


def test_parquet_is_not_shown_to_a_terminal(call):
    """Binary data would garble the terminal."""
    with patch("click.testing._NamedTextIOWrapper.isatty", return_value=True):
        done = call("user_cost_daily", "--format", "parquet")

    assert 2 == done.exit_code
    assert "--out" in done.stderr


@pytest.mark.parametrize(
    ("file", "form"),
    [("a.csv", "csv"), ("a.PARQUET", "parquet"), ("a.jsonl", "json"), ("a", "csv")],
)
def test_the_ending_of_the_file_says_the_format(call, file, form):
    """The file's ending sets the format; where it has none, --format may."""
    done = call("user_cost_daily", "--out", file, "--json")

    assert form == json.loads(done.stdout)["format"]
    named = f"{Path(file).stem}.txt"
    explicit = call("user_cost_daily", "--out", named, "--format", form, "--json")
    assert form == json.loads(explicit.stdout)["format"]


def test_a_view_that_is_not_is_told_with_the_nearest(call):
    """The error names similar views, and how to list all."""
    done = call("user_cost", "--out", "x.csv")

    assert 2 == done.exit_code
    assert "Did you mean user_cost_" in done.stderr
    assert done.stderr.endswith("List all: ccwarehouse export\n")
    assert "Did you mean" not in call("zzz").stderr


def test_without_a_view_all_are_listed():
    """Each view is listed with its grain; no warehouse is needed."""
    done = CliRunner().invoke(main, ["export"])

    told = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert {view.name for view in models(further=True)} == set(told)
    assert "One row per" in told["user_cost_daily"]
    assert [*told] == sorted(told)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--out", "x.csv"], "Name a view"),
        (["--format", "csv"], "Name a view"),
        (["user_cost_daily", "--json"], "--out"),
        (["user_cost_daily", "--format", "xlsx"], "xlsx"),
        (["user_cost_daily", "--out", "x.xlsx"], "no format has this ending"),
        (["user_cost_daily", "--out", "x.csv.gz"], "or say --format."),
        (["user_cost_daily", "--format", "csv", "--out", "x.parquet"], "is csv. Leave"),
        (["user_cost_daily", "--out", "/dev/null"], "is no file"),
        (["user_cost_daily", "--out", "nowhere/x.csv"], "does not exist"),
        (["user_cost_daily", "--out", "x/"], "is a folder"),
    ],
)
def test_what_cannot_be_exported_is_wrong_usage(call, tmp_path, words, reason):
    """The error comes before anything is opened, and nothing is written."""
    done = call(*words)

    assert 2 == done.exit_code
    assert reason in done.stderr
    assert [] == os.listdir(tmp_path)


def test_the_database_is_never_replaced(call, loaded):
    """The database is recognised under any name of the file."""
    before = loaded.read_bytes()
    os.link(loaded, "other.csv")
    done = call("user_cost_daily", "--out", "other.csv")

    assert 2 == done.exit_code
    assert "the database itself" in done.stderr
    assert before == loaded.read_bytes()


@pytest.mark.slow
def test_a_view_that_is_not_built_is_told(call, tmp_path):
    """The error names the command that builds it; an older file stays."""
    database = tmp_path / "bare.duckdb"
    with served(HISTORY) as api:
        load_from(api, database, *DAYS)
    Path("x.csv").write_text("old")
    done = call("user_cost_daily", "--out", "x.csv", database=database)

    assert (5, "old") == (done.exit_code, Path("x.csv").read_text())
    assert "lacks view user_cost_daily" in done.stderr
    assert "ccwarehouse transform" in done.stderr


def test_an_empty_view_has_its_header_and_its_types(call):
    """A file without rows still has the columns."""
    header = call("stg_budgets").stdout
    found = pq.read_table(
        BytesIO(call("stg_budgets", "--format", "parquet").stdout_bytes)
    )

    assert ",".join(found.column_names) + "\n" == header
    assert "" == call("stg_budgets", "--format", "json").stdout
    assert pa.decimal128(38, 12) == found.schema.field("amount").type


def test_others_may_read_the_file_meanwhile(loaded, tmp_path):
    """Export opens the file for reading only."""
    with open_warehouse("duckdb", loaded, "claude_code", read_only=True):
        done = CliRunner().invoke(
            main, ["export", "user_cost_daily", "--database", str(loaded)]
        )

    assert 0 == done.exit_code
