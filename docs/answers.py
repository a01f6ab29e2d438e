"""Write the answers in `questions.md`: what its queries find in the demo's data."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from anthropic_admin_api.fake import FakeApi
from ccwarehouse.demo import DATASET, fill
from ccwarehouse.warehouses import open_warehouse

# Fixed, so that the answers stay what they are.
FIRST, LAST = date(2026, 8, 1), date(2026, 10, 20)
NOW = datetime(2026, 10, 21, 12, tzinfo=UTC)
ROWS = 6  # of an answer

NUMERIC = ("BIGINT", "HUGEINT", "DECIMAL", "DOUBLE")  # types that stand to the right
RATIOS = ("share", "share_spent", "rate", "coverage")  # ends of names

PAGE = Path(__file__).with_name("questions.md")
# A query, and the table below it if there is one.
ANSWERED = re.compile(r"```sql\n([^`]+)\n```\n\n((?:\|.*\n)+\n)?")


def page() -> str:
    """The whole page, with the answers as they are now."""
    with TemporaryDirectory() as folder:
        database = Path(folder) / "demo.duckdb"
        load(database)
        with duckdb.connect(database, read_only=True) as connection:
            return ANSWERED.sub(
                lambda found: _answered(connection, found[1]), PAGE.read_text("utf-8")
            )


def load(database: Path) -> None:
    """The made-up organisation's days, teams and budgets, into a new file."""
    with (
        FakeApi(now=lambda: NOW) as api,
        open_warehouse("duckdb", database, DATASET, sole_writer=True) as warehouse,
    ):
        fill(warehouse, api.url, FIRST, LAST, NOW)


def _answered(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    answer = connection.sql(query.rstrip(";"))
    rows = [
        [_text(value, name) for value, name in zip(row, answer.columns, strict=True)]
        for row in answer.fetchmany(ROWS)
    ]
    numbers = [str(kind).startswith(NUMERIC) for kind in answer.types]
    table = "\n".join(_table(answer.columns, numbers, rows))
    return f"```sql\n{query}\n```\n\n{table}\n\n"


def _table(
    names: Sequence[str], numbers: Sequence[bool], rows: Sequence[Sequence[str]]
) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'|'.join('--:' if is_number else '---' for is_number in numbers)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _text(value: Any, name: str) -> str:  # noqa: ANN401 (SQL values)
    if isinstance(value, float) and name.endswith(RATIOS):
        text = f"{value:.1%}"
    elif isinstance(value, Decimal | float):
        text = f"{value:,.2f}"
    elif isinstance(value, datetime):
        text = f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, int) and name != "year":
        text = f"{value:,}"
    else:
        text = "" if value is None else str(value)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
