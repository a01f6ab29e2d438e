"""What differs between the reports: how a call asks, and how its replies are read."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final

from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.strict_json import dumps
from whole_days.calendar import ONE_DAY
from whole_days.table import Table

from . import buckets, rows
from .buckets import Page, Result

DAYS_AT_ONCE: Final = 31  # the most buckets of a day that the API gives in one reply
ROWS_AT_ONCE: Final = 1000  # the most that other lists of this API give in one page

# Actors that have an id, and None for a cost of nobody. A federated actor has no id.
WITH_ID: Final = (None, "user_actor", "service_account_actor", "api_actor")


@dataclass
class Found:
    """The results of the days of a call, and what its replies hold beside them.

    `until` is the time up to which the API has data, if it says so.
    """

    days: MutableMapping[date, Sequence[Result]] = field(default_factory=dict)
    beside: MutableMapping[str, Any] = field(default_factory=dict)
    until: datetime | None = None


@dataclass(frozen=True)
class Shape:
    """A report in buckets: each page has whole days, and an empty day has a bucket."""

    path: str
    groups: Sequence[str]
    table: Table
    headers: Mapping[str, str] = field(default_factory=dict)

    def params(self, days: Sequence[date]) -> dict[str, str | list[str]]:
        """The query for consecutive days."""
        return {
            **_range(days),
            "bucket_width": "1d",
            "limit": str(DAYS_AT_ONCE),
            "group_by[]": list(self.groups),
        }

    def read(self, body: bytes) -> Page:
        """A page. Raises `TransientError` and `ContractError`."""
        return buckets.read(body)

    def add(self, page: Page, found: Found) -> None:
        """Add the days of a page. Raises `ContractError` for one that is known."""
        if twice := found.days.keys() & page.days.keys():
            raise ContractError(f"two pages of the reply hold {min(twice)}")
        found.days.update(page.days)

    def results(self, found: Found, day: date) -> Sequence[Result]:
        """The results of a day. Raises `ContractError` if the day is missing."""
        if day not in found.days:
            raise ContractError(f"the reply holds no bucket of {day}")
        return found.days[day]


@dataclass(frozen=True)
class RowShape(Shape):
    """A report in rows: each has its day, and the days lie across the pages.

    `metrics` is the field of a row that has its numbers.
    """

    metrics: str = ""

    def params(self, days: Sequence[date]) -> dict[str, str | list[str]]:
        """The query for consecutive days."""
        return {
            **_range(days),
            "time_bucket_width": "1d",
            "limit": str(ROWS_AT_ONCE),
            "group_by[]": list(self.groups),
        }

    def read(self, body: bytes) -> Page:
        """A page. Raises `TransientError` and `ContractError`."""
        return rows.read(body, self.metrics, self.table.schema.names)

    def add(self, page: Page, found: Found) -> None:
        """Add the rows of a page to those of their days."""
        for day, results in page.days.items():
            found.days[day] = [*found.days.get(day, ()), *results]
        if page.until:
            found.until = min(page.until, found.until or page.until)

    def results(self, found: Found, day: date) -> Sequence[Result]:
        """The rows of a day, none if it is empty.

        Raises `ContractError` for a group that comes twice, and for a day without rows
        whose data the API does not have yet.
        """
        results = found.days.get(day, ())
        end = datetime.combine(day + ONE_DAY, time(), UTC)
        if not results and found.until and found.until < end:
            raise ContractError(
                f"the reply holds no row of {day}, and the API has data until "
                f"{found.until:%Y-%m-%d %H:%M} UTC only"
            )
        groups = [self._group(row) for row in results if _has_id(row)]
        if len(set(groups)) < len(groups):
            raise ContractError(f"the reply holds a group of {day} twice")
        return results

    def _group(self, row: Result) -> str:
        return dumps({name: row.get(name) for name in self._columns_of_groups})

    @property
    def _columns_of_groups(self) -> list[str]:
        """The columns that tell groups apart: those of an actor begin with its name."""
        return [
            name
            for name in self.table.schema.names
            if name.partition("__")[0] in self.groups
        ]


def _has_id(row: Result) -> bool:
    return row.get("actor__type") in WITH_ID


def _range(days: Sequence[date]) -> dict[str, str]:
    return {
        "starting_at": f"{days[0]}T00:00:00Z",
        "ending_at": f"{days[-1] + ONE_DAY}T00:00:00Z",
    }
