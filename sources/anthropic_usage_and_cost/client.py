"""The bucketed reports over HTTP: up to a month of days in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import httpx

from anthropic_admin_api.client import ApiClient
from anthropic_admin_api.cursors import Cursors
from anthropic_admin_api.errors import ContractError, NoAnswerError
from anthropic_admin_api.organization import organization
from anthropic_admin_api.settings import UsageSettings
from whole_days.calendar import ONE_DAY
from whole_days.clock import ApiClock
from whole_days.contact import Contact
from whole_days.errors import DayError, RefusedError
from whole_days.patience import Patience
from whole_days.privacy import NAMED, Privacy
from whole_days.report import Day
from whole_days.table import Table

from .buckets import Result, read, require_days
from .tables import ResultsSummary, Sent, Whose, results_day

DAYS_AT_ONCE = 31  # the most buckets of a day that the API gives in one reply


@dataclass(frozen=True)
class Shape:
    """What differs between the reports: the path, the grouping and the table."""

    path: str
    groups: Sequence[str]
    table: Table

    def params(self, days: Sequence[date]) -> dict[str, str | list[str]]:
        """The query for consecutive days."""
        return {
            "starting_at": f"{days[0]}T00:00:00Z",
            "ending_at": f"{days[-1] + ONE_DAY}T00:00:00Z",
            "bucket_width": "1d",
            "limit": str(DAYS_AT_ONCE),
            "group_by[]": list(self.groups),
        }


@dataclass(frozen=True)
class Found:
    """The results of the days of a call, and what its replies hold beside them."""

    days: Mapping[date, Sequence[Result]]
    beside: Mapping[str, Any]


class BucketClient(ApiClient):
    """Fetches days, `DAYS_AT_ONCE` in a call. One client serves a run."""

    def __init__(
        self,
        settings: UsageSettings,
        clock: ApiClock,
        contact: Contact,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        shape: Shape,
        privacy: Privacy = NAMED,
    ) -> None:
        super().__init__(settings, clock, contact, transport)
        self._account = settings.account
        self._shape = shape
        self._privacy = privacy
        self._organization_id = ""

    async def fetch_days(
        self, days: Sequence[date]
    ) -> Mapping[date, Day[ResultsSummary] | DayError]:
        """Consecutive UTC days. One whose results cannot be stored fails by itself.

        If the reply for several cannot be read, each day is asked for by itself.
        Raises `DayError` if the calls concern all days.
        """
        try:
            found = await self.whole("call", partial(self._fetch, days))
        except (NoAnswerError, RefusedError):
            raise
        except DayError:
            if len(days) == 1:
                raise
            return await self._one_by_one(days)
        return {day: self._day(found, day) for day in days}

    async def _one_by_one(
        self, days: Sequence[date]
    ) -> Mapping[date, Day[ResultsSummary] | DayError]:
        found: dict[date, Day[ResultsSummary] | DayError] = {}
        for day in days:
            try:
                found |= await self.fetch_days([day])
            except DayError as error:
                found[day] = error
        return found

    async def _fetch(self, days: Sequence[date], patience: Patience) -> Found:
        """The results of the days, from all pages."""
        if not self._organization_id:
            self._organization_id = (await organization(self, patience))["id"]
        params: dict[str, str | list[str]] = self._shape.params(days)
        found: dict[date, Sequence[Result]] = {}
        beside: dict[str, Any] = {}
        cursors = Cursors("call")
        while True:
            page = await self.patiently(self._shape.path, params, patience, read)
            require_days(page.days, days)
            if twice := found.keys() & page.days.keys():
                raise ContractError(f"two pages of the reply hold {min(twice)}")
            found |= page.days
            beside |= page.beside
            if not page.has_more:
                return Found(found, beside)
            is_empty = not page.days
            params["page"] = cursors.after(page.next_page, is_empty=is_empty)

    def _day(self, found: Found, day: date) -> Day[ResultsSummary] | DayError:
        if day not in found.days:
            return ContractError(f"the reply holds no bucket of {day}")
        whose = Whose(self._account, self._organization_id)
        sent = Sent(found.days[day], found.beside, self._privacy.withholds)
        try:
            return results_day(self._shape.table, sent, whose, day)
        except ContractError as error:
            return error
