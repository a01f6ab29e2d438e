"""The ledger's tables: one row per fetch of a day, and notes on fetches."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from .table import Column, Table

_MOMENT = pa.timestamp("us", "UTC")

ACCOUNT: Final = Column(
    "account",
    pa.string(),
    "Account of the API key; default unless several are configured.",
)

# The key of a fetch, in the ledger and in all notes.
FETCH: Final = (
    Column("report", pa.string(), "Name of the report, as its source gives it."),
    ACCOUNT,
    Column("date", pa.date32(), "UTC day that was fetched."),
    Column("fetched_at", _MOMENT, "When the fetch began (UTC)."),
    Column(
        "load_number",
        pa.int64(),
        "Number of the load that fetched the day, from 1 in each report and account.",
    ),
)

DAY_FETCHES: Final = Table(
    "day_fetches",
    "One row per completed or failed fetch of a day. Rows are only appended. A row "
    "counts if its load is in _dlt_loads.",
    [
        *FETCH,
        Column("status", pa.string(), "complete or failed."),
        Column("error", pa.string(), "Why it failed; null when complete."),
        Column(
            "is_final",
            pa.bool_(),
            "True when the day was complete as the fetch began.",
        ),
        Column("pages", pa.int64(), "Replies the day came in (count)."),
        Column("records", pa.int64(), "Records of the day (count)."),
        Column("content_hash", pa.string(), "Hash of the day's records in any order."),
        Column(
            "is_changed",
            pa.bool_(),
            "True when the content differs from the last completed fetch, or there was "
            "none; null when failed.",
        ),
    ],
)


def notes(name: str, description: str, columns: Sequence[Column]) -> Table:
    """A table with rows on each fetch. Its first columns are the key of the fetch."""
    return Table(f"{DAY_FETCHES.name}__{name}", description, [*FETCH, *columns])


ROW_COUNTS: Final = notes(
    "tables",
    "One row per completed fetch of a day and table of its report. Rows are only "
    "appended.",
    [
        Column("table_name", pa.string(), "Table of the report's data."),
        Column("row_count", pa.int64(), "Rows of the day in it (count)."),
    ],
)
