"""From a warehouse to a file, and to pictures beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..export import file_sink
from ..warehouses import Warehouse
from .blocks import Page
from .compose import compose
from .facts import Facts
from .names import Names
from .pictures import draw_pictures, require_font
from .read import Request, read_facts
from .render import render


@dataclass(frozen=True)
class Written:
    """What was written. Account and days are None where nothing is loaded of them."""

    file: Path
    title: str
    account: str | None
    others: Sequence[str]
    first: date | None
    last: date | None
    days_missing: int
    pictures: Sequence[Path] = ()


def write_report(
    warehouse: Warehouse,
    request: Request,
    file: Path,
    *,
    title: str | None = None,
    has_names: bool = True,
    pictures: Path | None = None,
) -> Written:
    """Write the page, also where nothing is loaded, and its charts into a folder.

    Raises `UnknownAccountError`, `ExportError` for what cannot be written, and dlt's
    errors of the warehouse.
    """
    facts = read_facts(warehouse, request)
    page = compose(facts, Names(are_hidden=not has_names), title)
    with file_sink(file) as sink:
        sink.write(render(page).encode())
    drawn = draw_pictures(page.charts, pictures) if pictures else ()
    return _written(facts, page, file, drawn)


def require_pictures(folder: Path) -> None:
    """Raise `PictureError` or `ImpossibleNameError` where no picture can be made."""
    require_font(folder)


def _written(facts: Facts, page: Page, file: Path, pictures: Sequence[Path]) -> Written:
    calendar, period = facts.calendar, facts.period
    known = period.known if period else None
    missing = sum(day in period.asked for day in facts.missing) if period else 0
    return Written(
        file=file,
        title=page.title,
        account=calendar.account if calendar else None,
        others=calendar.others if calendar else (),
        first=known.first if known else None,
        last=known.last if known else None,
        days_missing=missing,
        pictures=pictures,
    )
