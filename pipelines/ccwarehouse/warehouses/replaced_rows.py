"""Which rows of a stored mart follow from changed days, by the mart's kind."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from claude_code_marts import Kind, Model, tables_of
from whole_days.calendar import ONE_DAY, each_day, spans

LEDGER: Final = frozenset({"day_fetches"})
WINDOW: Final = timedelta(days=28)  # before a day, as `Kind.ONWARD` says

EVERY: Final = "1 = 1"

# The kinds whose rows follow from those of few days, so that they come in parts.
IN_PARTS: Final = (Kind.DAY, Kind.MONTH)


class Rows(NamedTuple):
    """Rows of a stored mart, and what they follow from, as conditions in SQL.

    `replaced` is for the rows of the mart, `days` for the tables with a date, and
    `months` for those with a month in its place.
    """

    replaced: str = EVERY
    days: str = EVERY
    months: str = EVERY


@dataclass(frozen=True)
class Changes:
    """What a package changes: days of an account, or files.

    `written` are the days whose rows it writes, with their numbers of records, and
    `fetched` all days that it has a row of the ledger for. `files` are the tables whose
    files have new versions.
    """

    account: str = ""
    written: Mapping[date, int] = field(default_factory=dict)
    fetched: frozenset[date] = frozenset()
    files: frozenset[str] = frozenset()

    @property
    def largest_day(self) -> int:
        """Records of the largest day."""
        return max(self.written.values(), default=0)

    def rows(self, view: Model, at_once: int | None) -> list[Rows] | None:
        """What to replace of a mart, in parts; None for all of its rows."""
        tables = tables_of(view)
        if tables & self.files:
            return None
        noted = dict.fromkeys(self.fetched, 0) if tables & LEDGER else {}
        days = noted | {**self.written}
        if view.kind is Kind.WHOLE:
            return None if days else []
        return [_of_account(self.account, rows) for rows in _rows(view, days, at_once)]


def all_rows(
    view: Model, records: Mapping[date, int], at_once: int | None
) -> list[Rows]:
    """All rows of a mart, in parts that the engine can hold.

    `records` are the numbers of records of all days, `at_once` how many it can hold.
    """
    if at_once is None or not records or view.kind not in IN_PARTS:
        return [Rows()]
    every_day = dict.fromkeys(each_day(min(records), max(records)), 0) | {**records}
    if view.kind is Kind.DAY:
        parts = spans_of(every_day, at_once)
    else:
        parts = [(month, _last_of(month)) for month in _months(every_day)]
    # An entry that lost its record may be of another day.
    firsts = [date.min, *(first for first, _ in parts[1:])]
    lasts = [*(last for _, last in parts[:-1]), date.max]
    return [_of_span(view, *span) for span in zip(firsts, lasts, strict=True)]


def spans_of(
    days: Mapping[date, int], records_at_once: int | None
) -> list[tuple[date, date]]:
    """The days in ranges that hold at most so many records each, or one day.

    A range has no other day in it than those given. Without a limit, ranges are as long
    as they can be.
    """
    if records_at_once is None:
        return spans(sorted(days))
    found: list[tuple[date, date]] = []
    room = 0
    for day, records in sorted(days.items()):
        follows = found and found[-1][1] == day - ONE_DAY
        room -= records
        if follows and room >= 0:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
            room = records_at_once - records
    return found


def _rows(view: Model, days: Mapping[date, int], at_once: int | None) -> Iterator[Rows]:
    if not days:
        return
    if view.kind is Kind.ONWARD:
        column, first = "date", min(days)
        if "month" in view.columns:
            column, first = "month", first.replace(day=1)
        yield Rows(
            f"{column} >= date '{first}'", days=f"date >= date '{first - WINDOW}'"
        )
    elif view.kind is Kind.MONTH:
        for month in _months(days):
            yield _of_span(view, month, _last_of(month))
    else:
        for span in spans_of(days, at_once):
            yield _of_span(view, *span)


def _of_span(view: Model, first: date, last: date) -> Rows:
    days = f"date between date '{first}' and date '{last}'"
    months = f"month between date '{first}' and date '{last}'"
    return Rows(months if view.kind is Kind.MONTH else days, days, months)


def _of_account(account: str, rows: Rows) -> Rows:
    return Rows(*(f"account = '{account}' and {condition}" for condition in rows))


def _months(days: Iterable[date]) -> list[date]:
    return sorted({day.replace(day=1) for day in days})


def _last_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - ONE_DAY
