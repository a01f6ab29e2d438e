"""Which accounts `status` tells of, and the state of each."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claude_code_analytics import UnknownAccountError, UsageSettings
from whole_days.report import Report

from ..warehouses import SHAPE_FACT, VERSION_FACT, Warehouse
from .facts import Status
from .read import read_status


@dataclass(frozen=True)
class Statuses:
    """The status of each account.

    `others` are stored accounts that the configuration does not have. `shared` are
    organisations that several accounts hold, each with these. `version` is the
    ccwarehouse that wrote the dataset last, `shape` the number of its tables' form.
    """

    accounts: Sequence[Status]
    others: Sequence[str]
    shared: Mapping[str, Sequence[str]]
    version: str | None = None
    shape: str | None = None


def read_statuses(
    warehouse: Warehouse,
    report: Report[Any],
    configured: Sequence[UsageSettings],
    now: datetime,
    chosen: str | None = None,
    max_age: int | None = None,
) -> Statuses:
    """The status at `now` (UTC) of the configured accounts, or of `chosen` alone.

    On a machine without any key: of the stored accounts. `max_age` is as in `Status`.
    Raises `NothingLoadedError` if nothing is stored of any of them, as `read_status`,
    and `UnknownAccountError` for a `chosen` one.
    """
    stored = warehouse.accounts(report)
    accounts = monitored(configured, stored, chosen)
    if not set(stored) & {settings.account for settings in accounts}:
        read_status(warehouse, report, accounts[0], now, max_age)
    names = {settings.account for settings in accounts}
    facts = warehouse.facts()
    return Statuses(
        [
            read_status(warehouse, report, each, now, max_age, or_empty=True)
            for each in accounts
        ],
        [] if chosen else [name for name in stored if name not in names],
        {
            organization: sorted(holders)
            for organization, holders in sorted(warehouse.owners(report).items())
            if len(holders) > 1 and holders & names
        },
        facts.get(VERSION_FACT),
        facts.get(SHAPE_FACT),
    )


def monitored(
    configured: Sequence[UsageSettings], stored: Sequence[str], chosen: str | None
) -> list[UsageSettings]:
    """The accounts to tell of, see `read_statuses`."""
    known = {settings.account: settings for settings in configured}
    found = {name: _named(configured[0], name) for name in stored} | known
    if chosen is not None:
        if chosen not in found:
            names = ", ".join(sorted(found))
            message = f"There is no account {chosen!r}. Name one of: {names}."
            raise UnknownAccountError(message)
        return [found[chosen]]
    first = configured[0]
    is_keyless = not first.has_key and not first.is_named
    if is_keyless and first.account == "default" and stored:
        return [found[name] for name in stored]
    return list(configured)


def _named(settings: UsageSettings, name: str) -> UsageSettings:
    named = copy.copy(settings)
    named.account = name
    return named
