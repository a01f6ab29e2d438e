"""The reports over HTTP: up to a month of days in one call."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import httpx

from anthropic_admin_api.client import ApiClient
from anthropic_admin_api.cursors import Cursors
from anthropic_admin_api.errors import ContractError, NoAnswerError
from anthropic_admin_api.organization import organization
from anthropic_admin_api.settings import UsageSettings
from whole_days.clock import ApiClock
from whole_days.contact import Contact
from whole_days.errors import DayError, RefusedError
from whole_days.patience import Patience
from whole_days.privacy import NAMED, Privacy
from whole_days.report import Day

from .buckets import require_days
from .shapes import Found, Shape
from .tables import ResultsSummary, Sent, Whose, results_day


class BucketClient(ApiClient):
    """Fetches days, as many in a call as a report has. One client serves a run."""

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
        super().__init__(settings, clock, contact, transport, shape.headers)
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
        params, found = self._shape.params(days), Found()
        cursors = Cursors("call")
        while True:
            page = await self.patiently(
                self._shape.path, params, patience, self._shape.read
            )
            require_days(page.days, days)
            self._shape.add(page, found)
            found.beside.update(page.beside)
            if not page.has_more:
                return found
            is_empty = not page.days
            params["page"] = cursors.after(page.next_page, is_empty=is_empty)

    def _day(self, found: Found, day: date) -> Day[ResultsSummary] | DayError:
        whose = Whose(self._account, self._organization_id)
        try:
            results = self._shape.results(found, day)
            sent = Sent(results, found.beside, self._privacy.withholds)
            return results_day(self._shape.table, sent, whose, day)
        except ContractError as error:
            return error
