"""Whose days arrive: another organisation's must not replace those that are stored."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain

from whole_days.plan import StoredDay

from .errors import OrganisationError, without_emails
from .fetch import DayFetch

Fetch = Callable[..., Iterable[DayFetch]]  # `fetch_days` with its settings

DOUBTFUL = (
    "the day had records and has none now, and whether the key belongs to the same "
    "organisation could not be asked: {reason}"
)


def known_organizations(stored: Mapping[date, StoredDay]) -> frozenset[str]:
    """The organisations that any stored row belongs to."""
    return frozenset().union(*(day.organizations for day in stored.values()))


def require_known(
    found: frozenset[str], stored: Mapping[date, StoredDay], account: str
) -> None:
    """Raise `OrganisationError` if none of those found is stored, but others are."""
    known = known_organizations(stored)
    if found and known and not found & known:
        raise OrganisationError(_named(found), _named(known), account)


def of_known_organization(
    fetches: Iterable[DayFetch],
    stored: Mapping[date, StoredDay],
    account: str,
    fetch: Fetch,
) -> Iterator[DayFetch]:
    """The same days, once it is known whose they are.

    The first day with records decides; empty and failed ones before it wait, as what
    they would replace may be another organisation's. If no record comes at all, `fetch`
    is asked for one day more, the newest that is stored with records.

    Raises `OrganisationError` before the first day.
    """
    arriving = iter(fetches)
    waiting: list[DayFetch] = []
    if known_organizations(stored):
        waiting = list(_to_first_record(arriving))
        found = frozenset().union(*(day.organizations for day in waiting))
        if not found and any(day.tables for day in waiting):
            found, waiting = _asked_elsewhere(waiting, stored, fetch)
        require_known(found, stored, account)
    return chain(waiting, arriving)


def _to_first_record(arriving: Iterator[DayFetch]) -> Iterator[DayFetch]:
    for fetch in arriving:
        yield fetch
        if fetch.records:
            return


def _asked_elsewhere(
    days: list[DayFetch], stored: Mapping[date, StoredDay], fetch: Fetch
) -> tuple[frozenset[str], list[DayFetch]]:
    """Whose another day's records are; the days fail if that cannot be had.

    Not those that have nothing to lose: they stay as they are.
    """
    elsewhere = {day for day in stored if stored[day].organizations}
    elsewhere -= {fetch.day for fetch in days}
    if not elsewhere:
        return frozenset(), days
    # days came, so the key was accepted: a refusal is that of this one day
    (proof,) = fetch([max(elsewhere)], is_admitted=True)
    if proof.error is None:
        return proof.organizations, days
    error = DOUBTFUL.format(reason=proof.error)
    return frozenset(), [
        replace(day, tables=None, pages=0, error=error)
        if _would_empty(day, stored)
        else day
        for day in days
    ]


def _would_empty(fetch: DayFetch, stored: Mapping[date, StoredDay]) -> bool:
    before = stored.get(fetch.day, StoredDay())
    return fetch.tables is not None and not fetch.records and bool(before.organizations)


def _named(organizations: Iterable[str]) -> str:
    return without_emails(", ".join(sorted(organizations)))
