"""The same rows in Spark SQL, with decimals that keep their places."""

import json
import subprocess
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from claude_code_marts import checks, models, render
from engines import RAW_TABLES, Answer, bag
from histories import histories, stored_after
from test_engines import tried

ROOT = Path(__file__).parents[2]

TYPES = {
    "bool": "BOOL",
    "date32[day]": "DATE",
    "decimal128": "BIGNUMERIC",
    "double": "FLOAT64",
    "int64": "INT64",
    "string": "STRING",
    "timestamp[us, tz=UTC]": "TIMESTAMP",
}


class Spark:
    """Spark SQL over parquet files, with our views in its dialect."""

    def __init__(self, process, folder, schemas):
        self.process, self.folder, self.schemas = process, folder, schemas
        self.files = 0
        self.execute("create database claude_code")
        self.execute("create database claude_code_marts")

    def fill(self, rows):
        """Write new files, and build the views over them."""
        for table in RAW_TABLES:
            path = self._new_path()
            path.mkdir()
            written = pa.Table.from_pylist(rows.get(table, []), self.schemas[table])
            pq.write_table(written, path / "rows.parquet")
            self.execute(f"drop table if exists claude_code.{table}")
            self.execute(
                f"create table claude_code.{table} using parquet location '{path}'"
            )
        for view in models():
            path = f"claude_code_marts.{view.name}"
            text = render(view, "spark")
            self.execute(f"create or replace view {path} as {text}")

    def answers(self):
        """The rows of every view and every check."""
        found = {}
        for view in models():
            table = self.query(f"select * from claude_code_marts.{view.name}")
            columns = [(field.name, _type(field.type)) for field in table.schema]
            found[view.name] = Answer(columns, _bag(table))
        for check in checks():
            found[check.name] = Answer([], _bag(self.query(render(check, "spark"))))
        return found

    def query(self, sql):
        """The result as an Arrow table."""
        path = self._new_path()
        self.execute(sql, path)
        return pq.read_table(path)

    def execute(self, sql, result=None):
        """Run a statement, or raise Spark's message."""
        line = json.dumps([sql, result and str(result)])
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if answer != "ok":
            raise ValueError(f"{answer}\n{sql}")

    def _new_path(self):
        self.files += 1
        return self.folder / f"{self.files}"


@pytest.fixture(scope="module")
def spark(schemas):
    """Spark in local mode, with tables of DuckDB's columns."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            ROOT / ".venv-spark" / "bin" / "python",
            Path(__file__).with_name("spark_process.py"),
            f"{folder}/warehouse",
        ]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
            yield Spark(process, Path(folder), schemas)
            process.stdin.close()


@tried(4)  # half a minute each
@given(histories)
def test_nasty_histories_are_the_same_in_spark(duckdb_engine, spark, history):
    """Every view and every check, row by row, with the types of the columns."""
    rows = stored_after(history).rows()
    for engine in (duckdb_engine, spark):
        engine.fill(rows)

    expected, actual = duckdb_engine.answers(), spark.answers()

    for name in expected:
        assert (name, expected[name]) == (name, actual[name])


def test_what_is_no_spark_sql_is_refused(spark):
    """Spark refuses it."""
    with pytest.raises(ValueError, match="UNRESOLVED_COLUMN"):
        spark.query("select cost from claude_code.usage_report")


def _bag(table):
    return bag(tuple(row.values()) for row in table.to_pylist())


def _type(written):
    return TYPES[str(written).partition("(")[0]]
