"""What `copy` prints."""

from collections.abc import Mapping
from typing import Final

from ..end import End
from .dates import count

INTERRUPTED: Final = "Interrupted. The copy does not count; make it again."


def end_of_copy(rows: Mapping[str, int], source: str, target: str) -> End:
    """The end of a copy: how many rows each table has, and where loads go on."""
    facts = {"source": source, "data": target, "rows": dict(rows)}
    return End(
        facts=facts,
        lines=[
            f"From      {source}",
            f"To        {target}",
            *(f"  {table:29} {number:>9,}" for table, number in rows.items()),
            f"Copied {count(sum(rows.values()), 'row')}, and built the views. Loads "
            "into it go on from here.",
        ],
    )
