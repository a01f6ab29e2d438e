"""The usage report over HTTP: all pages of a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeAlias

import httpx

from anthropic_admin_api.client import ApiClient
from anthropic_admin_api.cursors import Cursors
from anthropic_admin_api.settings import UsageSettings
from whole_days.clock import ApiClock
from whole_days.contact import Contact
from whole_days.errors import DayError
from whole_days.patience import Patience
from whole_days.privacy import NAMED, Privacy
from whole_days.report import Day

from .reply import Page, PageReader
from .tables import UsageSummary, usage_day

PATH = "/v1/organizations/usage_report/claude_code"
PAGE_LIMIT = 1000

# A page, and the whole day when it is the last one.
Read: TypeAlias = tuple[Page, Day[UsageSummary] | None]


@dataclass(frozen=True)
class Probe:
    """The result of one call: a page, or None and the reason in `said`."""

    status: int
    page: Page | None
    said: str = ""


class UsageClient(ApiClient):
    """Fetches whole days. One client serves a run, because its days share a rate limit.

    `transport` is the seam for tests: any `httpx.AsyncBaseTransport`. `clock` is given
    the time of each reply. `privacy` says what becomes of names.
    """

    def __init__(
        self,
        settings: UsageSettings,
        clock: ApiClock,
        contact: Contact,
        transport: httpx.AsyncBaseTransport | None = None,
        privacy: Privacy = NAMED,
    ) -> None:
        super().__init__(settings, clock, contact, transport)
        self._privacy = privacy
        self._account = settings.account
        self._reader = PageReader()

    async def fetch_days(
        self, days: Sequence[date]
    ) -> Mapping[date, Day[UsageSummary]]:
        """UTC days with all their pages. The API gives one at a time.

        Raises `DayError` if one cannot be fetched whole: `RefusedError` if the API
        refused the call, which may concern the whole run.
        """
        return {day: await self.whole("day", partial(self._pages, day)) for day in days}

    async def probe(self, day: date) -> Probe:
        """One call for at most one record of a UTC day, without retries.

        Raises `TransientError` if no whole reply arrives in time, and `SettingsError`
        if a certificate is not trusted.
        """
        reply = await self.once(PATH, {"starting_at": day.isoformat(), "limit": "1"})
        status = reply.head.status_code
        if status != 200:
            return Probe(status, None, self.described(reply))
        try:
            return Probe(status, self._reader.read(reply.body))
        except DayError as error:
            return Probe(status, None, self.redacted(str(error)))

    async def _pages(self, day: date, patience: Patience) -> Day[UsageSummary]:
        params = {"starting_at": day.isoformat(), "limit": str(PAGE_LIMIT)}
        pages: list[Page] = []
        cursors = Cursors("day")
        while True:
            read = partial(self._read, pages, day)
            page, content = await self.patiently(PATH, params, patience, read)
            if content:
                return content
            pages.append(page)
            is_empty = not page.records
            params["page"] = cursors.after(page.next_page, is_empty=is_empty)

    def _read(self, before: Sequence[Page], day: date, body: bytes) -> Read:
        """Parse a page, and with the last page the day, in one trip to a worker."""
        page = self._reader.read(body)
        if page.has_more:
            return page, None
        return page, usage_day([*before, page], self._account, day, self._privacy)
