"""Claude Code usage of an organisation, day by day, as a dlt source.

    import dlt
    from claude_code_analytics import usage

    pipeline = dlt.pipeline("claude_code", destination="duckdb")
    pipeline.run(usage())

The API reports whole UTC days. A day is complete some time after 24:00 UTC, may be
restated for weeks, also downwards, and comes as a set of records of which several may
share every key. So the unit is the day: it is fetched whole or not at all, and what is
loaded replaces whatever the warehouse held of it, be that more, less or nothing.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache, partial
from typing import Any

import dlt
import httpx
from dlt.extract import DltSource

from whole_days.calendar import Calendar
from whole_days.clock import utc_now
from whole_days.contact import Contact
from whole_days.errors import ClockError, DayError, WholeDaysError
from whole_days.plan import nightly

from .errors import ContractError, CredentialsError, OrganisationError, SettingsError
from .fetch import DayFetch, fetch_days
from .ledger import read_stored
from .organisation import of_known_organization
from .package import Package, as_source
from .preflight import preflight
from .settings import UsageSettings, resolve_settings

__all__ = [
    "ClockError",
    "Contact",
    "ContractError",
    "CredentialsError",
    "DayError",
    "DayFetch",
    "OrganisationError",
    "Package",
    "SettingsError",
    "UsageSettings",
    "WholeDaysError",
    "as_source",
    "fetch_days",
    "read_stored",
    "resolve_settings",
    "usage",
    "utc_now",
]


def usage(
    days: Iterable[date] | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
    **settings: Any,  # noqa: ANN401 (UsageSettings types them)
) -> DltSource:
    """The usage report of the given UTC days, or of those the warehouse still lacks.

    Without `days` these are the days a nightly load wants: from the first one stored to
    the last complete one, whatever is missing, failed, was read too early, or is so
    recent that it may be restated; 90 days back when nothing is stored.

    `settings` are those of `UsageSettings` (`api_key`, `base_url`, `concurrency`, ...),
    each otherwise read from `[sources.claude_code_analytics]` in dlt's configuration.
    All days go into one load package: years are better given in portions.

    Raises `CredentialsError` without a usable key and `SettingsError` for a setting
    that cannot be used; the run raises `CredentialsError` when the key is refused and
    `ClockError` when this machine's clock is days off, and `OrganisationError` when the
    days are another organisation's than the stored ones of the account. A day that
    fails ends up in `day_fetches` with its reason.
    """
    resolved = resolve_settings(**settings)
    resolved.require_key()

    @cache
    def package() -> Package:
        before = preflight(resolved, transport, clock)
        stored = read_stored(dlt.current.pipeline(), resolved.account)
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
        fetch = partial(
            fetch_days,
            settings=resolved,
            transport=transport,
            clock=before.clock,
            is_admitted=before.is_admitted,
        )
        fetches = of_known_organization(fetch(wanted), stored, resolved.account, fetch)
        return Package(fetches, stored, calendar, resolved.account)

    return as_source(package)
