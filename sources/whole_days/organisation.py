"""Keep the days of another organisation from replacing the stored ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Any

from .emails import without_emails
from .errors import OrganisationError, SharedError
from .plan import StoredDay
from .report import DayFetch, Summary

DOUBTFUL = (
    "the day had records and has none now, and it could not be checked whether the key "
    "belongs to the same organisation: {reason}"
)


def known_organizations(stored: Mapping[date, StoredDay]) -> frozenset[str]:
    """The organisations of all stored rows."""
    return frozenset().union(*(day.organizations for day in stored.values()))


@dataclass(frozen=True)
class Holder:
    """The account of a load, with its source and its stored days.

    `others` are the organisations that other accounts hold, each with an account. With
    `may_change` the account may change to another organisation.
    """

    source: str
    account: str
    stored: Mapping[date, StoredDay]
    others: Mapping[str, str] = field(default_factory=dict)
    may_change: bool = False

    @property
    def known(self) -> frozenset[str]:
        """The organisations of the stored rows, unless they may change."""
        return frozenset() if self.may_change else known_organizations(self.stored)

    def require_known(self, found: frozenset[str]) -> None:
        """Raise `OrganisationError` if only other organisations are stored.

        Raise `SharedError` if another account holds one that this account does not.
        """
        if found & known_organizations(self.stored):
            return
        if shared := sorted(found & self.others.keys()):
            other = self.others[shared[0]]
            raise SharedError(_named(shared[:1]), self.account, other)
        if found and self.known:
            raise OrganisationError(
                _named(found), _named(self.known), self.account, self.source
            )


def others_of(account: str, owners: Mapping[str, Set[str]]) -> dict[str, str]:
    """The organisations that other accounts hold, each with one of these."""
    return {
        organization: min(accounts - {account})
        for organization, accounts in owners.items()
        if accounts - {account}
    }


def of_known_organization(
    fetches: Iterable[DayFetch[Summary]],
    holder: Holder,
    fetch: Callable[[Iterable[date]], Iterable[DayFetch[Summary]]],
) -> Iterator[DayFetch[Summary]]:
    """The same days, once their organisation is known.

    The first day with records decides. Empty and failed days before it wait, because
    the days that they replace may belong to another organisation. If no day has
    records, `fetch` fetches the newest other day that is stored with records.

    Raises `OrganisationError` before the first day.
    """
    arriving = iter(fetches)
    waiting: list[DayFetch[Summary]] = []
    if holder.known or holder.others:
        waiting = list(_to_first_record(arriving))
        found = frozenset().union(*(day.organizations for day in waiting))
        if holder.known and not found and any(day.content for day in waiting):
            found, waiting = _asked_elsewhere(waiting, holder.stored, fetch)
        holder.require_known(found)
    return chain(waiting, arriving)


def _asked_elsewhere(
    days: list[DayFetch[Summary]],
    stored: Mapping[date, StoredDay],
    fetch: Callable[[Iterable[date]], Iterable[DayFetch[Summary]]],
) -> tuple[frozenset[str], list[DayFetch[Summary]]]:
    """The organisations of another day, and the days.

    If that day cannot be fetched, the days that would become empty fail.
    """
    elsewhere = {day for day in stored if stored[day].organizations}
    elsewhere -= {fetch.day for fetch in days}
    if not elsewhere:
        return frozenset(), days
    (proof,) = fetch([max(elsewhere)])
    if proof.error is None:
        return proof.organizations, days
    error = DOUBTFUL.format(reason=proof.error)
    return frozenset(), [
        replace(day, content=None, error=error) if _would_empty(day, stored) else day
        for day in days
    ]


def _would_empty(fetch: DayFetch[Any], stored: Mapping[date, StoredDay]) -> bool:
    before = stored.get(fetch.day, StoredDay())
    has_come = fetch.content is not None
    return has_come and not fetch.records and bool(before.organizations)


def _to_first_record(
    arriving: Iterator[DayFetch[Summary]],
) -> Iterator[DayFetch[Summary]]:
    for fetch in arriving:
        yield fetch
        if fetch.records:
            return


def _named(organizations: Iterable[str]) -> str:
    return without_emails(", ".join(sorted(organizations)))
