"""Write the small dataset of tests/datasets.py as SQL, for the tests of later versions.

    python tests/shapes/write.py

Run it when a released version gives its tables a new form. A file that is there stays:
it is what that version wrote.
"""

import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from ccwarehouse.warehouses.shape import own_shape  # noqa: E402 - after the path
from datasets import load_first  # noqa: E402

TABLES = """
    select schema_name, table_name, sql from duckdb_tables()
    where schema_name not like '%\\_marts' escape '\\' order by all
"""


def dump(database: Path) -> str:
    """The tables of a DuckDB file and their rows, as statements."""
    lines = []
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        tables = connection.execute(TABLES).fetchall()
        for schema in sorted({schema for schema, *_ in tables}):
            lines.append(f"create schema {schema};")
        for schema, table, creation in tables:
            path = f'{schema}."{table}"'
            lines += ["", creation]
            rows = connection.execute(f"select * from {path}").fetchall()
            lines += [f"insert into {path} values ({_values(row)});" for row in rows]
    return "\n".join([*lines, ""])


def _values(row: tuple) -> str:
    return ", ".join(map(_literal, row))


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str | date | datetime):
        return "'{}'".format(str(value).replace("'", "''"))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def main() -> None:
    """Write the file of this version's shape."""
    file = HERE / f"{own_shape()}.sql"
    if file.exists():
        raise SystemExit(f"{file} is there. It is what a released version wrote.")
    with TemporaryDirectory() as folder:
        database = Path(folder, "usage.duckdb")
        load_first({"database": database}, views=True)
        file.write_text(dump(database))


if __name__ == "__main__":
    main()
