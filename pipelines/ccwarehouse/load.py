"""A load, nightly or backfill: plan, fetch and write."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import Any, Protocol

import pyarrow as pa

from whole_days.calendar import Calendar
from whole_days.clock import ApiClock, utc_now
from whole_days.contact import Contact
from whole_days.fetch import fetch
from whole_days.organisation import Holder, of_known_organization, others_of
from whole_days.package import Package, packed
from whole_days.plan import StoredDay, WantedDay, asked_for, nightly
from whole_days.report import DayFetch, Report, Settings, Summary

from .inputs import (
    InputFile,
    InputFileError,
    InputFilesError,
    Inputs,
    TagTeams,
    teams_with_budgets,
)
from .outcome import Outcome
from .warehouses import Warehouse

# A killed load loses its uncommitted package. A package is small enough to lose little,
# and large enough that the fixed cost per package is negligible.
PACKAGE_DAYS = 120
PACKAGE_RECORDS = 60_000


@dataclass(frozen=True)
class Request:
    """What was asked for: a range of days, both ends included, or all missing days."""

    start: date | None = None
    end: date | None = None
    include_today: bool = False
    replace_organisation: bool = False


class Progress(Protocol):
    """Is told how far a load is."""

    def fetched(self, fetch: DayFetch[Any]) -> None:
        """A day was fetched, or failed."""

    def stored(self, package: Package[Any]) -> None:
        """A package was committed."""


@dataclass(frozen=True)
class Plan:
    """The days to fetch, with the stored days and the calendar they were chosen by.

    With `replaces_organisation` the days may belong to another organisation than
    before.
    """

    wanted: list[WantedDay]
    stored: Mapping[date, StoredDay]
    calendar: Calendar
    replaces_organisation: bool = False


def plan(
    request: Request,
    stored: Mapping[date, StoredDay],
    now: datetime,
    settings: Settings,
) -> Plan:
    """The days to fetch and why, oldest first. Pure: calls neither API nor database."""
    calendar = Calendar(now, settings.settle)
    if request.start is None and request.end is None:
        wanted = nightly(
            stored,
            calendar,
            initial_days=settings.initial_days,
            lookback=settings.lookback,
            include_today=request.include_today,
            replace_organisation=request.replace_organisation,
        )
    else:
        newest = calendar.today if request.include_today else calendar.last_complete
        oldest = calendar.first(stored, settings.initial_days)
        start, end = request.start or oldest, request.end or newest
        wanted = asked_for(start, end, calendar)
    return Plan(wanted, stored, calendar, request.replace_organisation)


def load(
    warehouse: Warehouse,
    report: Report[Summary],
    plan: Plan,
    settings: Settings,
    progress: Progress,
    clock: Callable[[], datetime] = utc_now,
    *,
    is_admitted: bool = False,
    contact: Contact | None = None,
) -> Outcome[Summary]:
    """Fetch the days of a plan and write them, package by package.

    `is_admitted`: the API has accepted the key before. `contact` is told whether the
    API answers.

    Raises `CredentialsError`, `OrganisationError` (before anything is written) and
    dlt's errors of the warehouse. Committed packages stay. A failed day does not raise:
    it is in the outcome.
    """
    # Arrow's own allocators do not return freed memory to the system
    pa.set_memory_pool(pa.system_memory_pool())
    began = time.monotonic()
    outcome: Outcome[Summary] = Outcome()
    account, judged = settings.account, ApiClock.of(clock)
    fetching = partial(fetch, report, settings=settings, clock=judged, contact=contact)
    days = [item.day for item in plan.wanted]
    known = warehouse.names(report, account) if plan.stored else None
    others = others_of(account, warehouse.owners(report))
    section = report.section or report.source
    holder = Holder(section, account, plan.stored, others, plan.replaces_organisation)
    with closing(fetching(days, is_admitted=is_admitted)) as fetches:
        arriving = _watched(fetches, progress)
        again = partial(fetching, is_admitted=True)
        arriving = of_known_organization(arriving, holder, again)
        for package in _committed(warehouse, report, plan, account, arriving):
            outcome.add(package, plan.stored)
            progress.stored(package)
            del package  # before the next days are fetched
    outcome.conclude(plan.stored, known)
    outcome.shared_organizations = {
        organization: sorted([account, others[organization]])
        for organization in sorted(outcome.organizations & others.keys())
    }
    outcome.clock_error = judged.error
    outcome.seconds = time.monotonic() - began
    return outcome


def _committed(
    warehouse: Warehouse,
    report: Report[Summary],
    plan: Plan,
    account: str,
    arriving: Iterable[DayFetch[Summary]],
) -> Iterator[Package[Summary]]:
    """Write the days, package by package. Keep none: they are freed one by one."""
    for portion in portions(arriving):
        package = packed(report, account, portion, plan.stored, plan.calendar)
        # free memory before the warehouse needs memory to write
        pa.system_memory_pool().release_unused()
        warehouse.write(package)
        yield package
        # Drop these days from memory before the next ones are fetched.
        del portion, package
        pa.system_memory_pool().release_unused()


def load_inputs(
    warehouse: Warehouse, inputs: Inputs, now: datetime, outcome: Outcome[Any]
) -> None:
    """Load the inputs that have changed, and note what became of them.

    Call it after the days are loaded: a budget in a currency that nobody spends is a
    fault, and the days show which currencies are spent. Owners of keys, and teams of a
    tag, follow from the stored directory. If one input is refused, none is stored, and
    those in force stay.
    """
    try:
        tagged = _checked(warehouse, inputs, now, outcome)
    except InputFilesError as error:
        outcome.file_error = error
        inputs, tagged = Inputs(), None
    for file in inputs.files:
        outcome.files += warehouse.store_inputs([file], now)
    derived: list[InputFile] = []
    if tagged:
        _note_teams(warehouse, tagged, now, outcome)
        derived.append(tagged.file)
    are_of_file = any(file.name == "teams" for file in inputs.files)
    if owners := warehouse.owners_of_keys(tagged, are_of_file=are_of_file):
        derived.append(owners)
    # in one package: people and keys change their teams together
    outcome.files += warehouse.store_inputs(derived, now) if derived else []
    if tagged or are_of_file:
        outcome.kept_group_size = _kept_size(warehouse, [*inputs.files, *derived])
    if "budgets" in outcome.files:
        in_force = warehouse.roster(now.date()).teams
        budgeted = teams_with_budgets(inputs.files)
        outcome.unknown_teams = [team for team in budgeted if team not in in_force]


def _kept_size(warehouse: Warehouse, files: Iterable[InputFile]) -> int | None:
    """The stored size of small teams, if these files leave it as it is."""
    is_given = any(file.min_group_size is not None for file in files)
    size = 1 if is_given else warehouse.group_size()
    return size if size > 1 else None


def _checked(
    warehouse: Warehouse, inputs: Inputs, now: datetime, outcome: Outcome[Any]
) -> TagTeams | None:
    """The teams of the tag, if there is one and the directory was read.

    Raises `InputFilesError` with the faults of all inputs.
    """
    errors: list[InputFileError] = []
    tagged: TagTeams | None = None
    with _noted(errors):
        warehouse.check_inputs(inputs.files)
    with _noted(errors):
        if inputs.tag:
            tagged = warehouse.teams_of_workspaces(inputs.tag, now.date())
            outcome.unread_tag = None if tagged else inputs.tag.name
    if errors:
        raise InputFilesError(errors)
    return tagged


@contextmanager
def _noted(errors: list[InputFileError]) -> Iterator[None]:
    """Note the error of an input, so that the next one is checked too."""
    try:
        yield
    except InputFileError as error:
        errors.append(error)


def _note_teams(
    warehouse: Warehouse, tagged: TagTeams, now: datetime, outcome: Outcome[Any]
) -> None:
    """Note what is left open by tags, and what they take away."""
    outcome.undecided = tagged.undecided
    outcome.undecided_keys = tagged.undecided_keys
    before, after = warehouse.roster(now.date()), tagged.roster(now.date())
    if after.has_lost(before):
        outcome.rosters = before, after


def portions(
    fetches: Iterable[DayFetch[Summary]],
    max_days: int = PACKAGE_DAYS,
    max_records: int = PACKAGE_RECORDS,
) -> Iterator[list[DayFetch[Summary]]]:
    """Fetched days in portions of bounded size; a day is never split."""
    arriving = iter(fetches)
    for first in arriving:
        yield list(_portion(chain([first], arriving), max_days, max_records))


def _portion(
    arriving: Iterator[DayFetch[Summary]], max_days: int, max_records: int
) -> Iterator[DayFetch[Summary]]:
    days = records = 0
    for fetched in arriving:
        yield fetched
        days, records = days + 1, records + fetched.records
        if days == max_days or records >= max_records:
            return


def _watched(
    fetches: Iterable[DayFetch[Summary]], progress: Progress
) -> Iterator[DayFetch[Summary]]:
    for fetched in fetches:
        progress.fetched(fetched)
        yield fetched
