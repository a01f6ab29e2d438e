"""Claude Code usage of an organisation, day by day, as a dlt source.

    import dlt
    from claude_code_analytics import usage

    pipeline = dlt.pipeline("claude_code", destination="duckdb")
    pipeline.run(usage())

The API reports whole UTC days. A day is complete some time after 24:00 UTC. The API may
restate it for weeks, up or down. Several records of a day may share every key. So the
unit is the day: it is fetched whole or not at all, and its rows replace all stored rows
of that day.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any

import dlt
import httpx
from dlt.extract import DltSource

from anthropic_admin_api.accounts import resolve_accounts, resolve_one
from anthropic_admin_api.errors import (
    ContractError,
    CredentialsError,
    SettingsError,
    UnknownAccountError,
)
from anthropic_admin_api.settings import UsageSettings, resolve_settings
from whole_days.calendar import Calendar
from whole_days.clock import utc_now
from whole_days.fetch import fetch
from whole_days.ledger import read_owners, read_stored
from whole_days.organisation import Holder, of_known_organization, others_of
from whole_days.package import Package, as_source, packed
from whole_days.plan import nightly

from .client import UsageClient
from .preflight import preflight
from .report import CLAUDE_CODE, private_report
from .tables import UsageSummary

__all__ = [
    "CLAUDE_CODE",
    "ContractError",
    "CredentialsError",
    "SettingsError",
    "UnknownAccountError",
    "UsageSettings",
    "UsageSummary",
    "private_report",
    "resolve_accounts",
    "resolve_settings",
    "usage",
]


def usage(
    days: Iterable[date] | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
    **settings: Any,  # noqa: ANN401 (UsageSettings types them)
) -> DltSource:
    """The usage report of the given UTC days, or of those the warehouse lacks.

    Without `days` it fetches the days of a nightly load: from the first stored day to
    the last complete one, every day that is missing, failed, provisional or within the
    lookback. If nothing is stored, it fetches the last 90 days.

    `settings` are those of `UsageSettings` (`api_key`, `base_url`, `concurrency`, ...).
    Others are read from `[sources.claude_code_analytics]` in dlt's configuration. Of
    several accounts name one (`account`). All days form one load package, so load years
    in portions.

    Raises `CredentialsError` without a usable key and `SettingsError` for an invalid
    setting. The run raises `CredentialsError` if the key is refused, `ClockError` if
    this machine's clock is wrong by days, and `OrganisationError` if the days belong to
    another organisation than the account's stored days. A failed day is recorded in
    `day_fetches` with its reason.
    """
    resolved = resolve_one(**settings)
    _ = resolved.credential

    report = replace(CLAUDE_CODE, open=partial(UsageClient, transport=transport))

    @cache
    def package() -> Package[UsageSummary]:
        before = preflight(resolved, transport, clock)
        stored = read_stored(dlt.current.pipeline(), report, resolved.account)
        calendar = Calendar(before.clock(), resolved.settle)
        wanted = days
        if wanted is None:
            plan = nightly(
                stored,
                calendar,
                initial_days=resolved.initial_days,
                lookback=resolved.lookback,
            )
            wanted = [item.day for item in plan]
        fetching = partial(fetch, report, settings=resolved, clock=before.clock)
        others = others_of(
            resolved.account, read_owners(dlt.current.pipeline(), report)
        )
        holder = Holder(report.source, resolved.account, stored, others)
        fetches = of_known_organization(
            fetching(wanted, is_admitted=before.is_admitted),
            holder,
            partial(fetching, is_admitted=True),
        )
        return packed(report, resolved.account, fetches, stored, calendar)

    return as_source(report, package)
