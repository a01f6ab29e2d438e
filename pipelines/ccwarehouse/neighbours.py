"""Further reports: loaded after usage, and never at its expense.

`reports` under `[ccwarehouse]` names those that a load takes. They share the account's
key. An error that concerns one of them is noted and stops no other one.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar, Final, Optional

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs import BaseConfiguration

from anthropic_directory import Taken, take
from anthropic_usage_and_cost import (
    REPORTS,
    UNVERIFIED,
    first_day,
    private_report,
    restated_for_a_month,
)
from claude_code_analytics import (
    CLAUDE_CODE,
    UsageSettings,
)
from whole_days.contact import Contact
from whole_days.privacy import Privacy
from whole_days.report import Report

from .exit_codes import ExitCode
from .inputs import TeamsTag
from .load import Plan, Progress, Request, load, plan
from .outcome import Outcome
from .problems import Part, Problem
from .warehouses import Warehouse

DIRECTORY: Final = "directory"
OF_DAYS: Final[dict[str, Report[Any]]] = {report.name: report for report in REPORTS}
NAMES: Final = (CLAUDE_CODE.name, *OF_DAYS, DIRECTORY)

USAGE_FIRST: Final = "It was not loaded, because no day of the usage report could be."


class ReportsError(ConfigurationException):
    """`reports` names something that is no report."""


@configspec
class ReportSettings(BaseConfiguration):
    """`[ccwarehouse]` in `.dlt/config.toml`."""

    __section__: ClassVar[str] = "ccwarehouse"

    reports: Optional[Any] = None  # noqa: UP045 (dlt reads Optional)
    """The reports that a load takes: a list, or names with commas between them."""


@dataclass
class Neighbour(Part):
    """What a load does for one further report of an account.

    `outcome` is that of days, `taken` that of a snapshot. `too_early` are days that it
    is not asked for, because the API does not have them.
    """

    name: str
    contact: Contact = field(default_factory=Contact)
    plan: Plan | None = None
    too_early: Sequence[date] = ()
    outcome: Outcome[Any] | None = None
    taken: Taken | None = None

    @property
    def is_unverified(self) -> bool:
        """Whether it follows a reference that no live reply was compared with."""
        return self.name in UNVERIFIED

    @property
    def is_whole(self) -> bool:
        """Whether all of it is loaded."""
        return not (self.problem or (self.outcome and self.outcome.failed))


def resolve_neighbours() -> list[str]:
    """The names of the configured further reports, in the order of `NAMES`.

    Raises `ReportsError`, and dlt's `ConfigurationException`.
    """
    given = resolve_configuration(ReportSettings()).reports
    named = re.findall(r"[\w.-]+", given) if isinstance(given, str) else given
    if not isinstance(named, Sequence | None):
        raise ReportsError(f"reports must be a list of names. {_choice()}")
    found = [str(name) for name in named or (CLAUDE_CODE.name,)]
    if unknown := [name for name in found if name not in NAMES]:
        raise ReportsError(f"reports names {unknown[0]!r}, which is none. {_choice()}")
    if CLAUDE_CODE.name not in found:
        raise ReportsError(
            f"reports must name {CLAUDE_CODE.name}, which the others stand on."
        )
    return [name for name in NAMES[1:] if name in found]


def require_directory(tag: TeamsTag | None, neighbours: Sequence[str]) -> None:
    """Raise `ReportsError` if teams are to come from tags, and nothing tells these."""
    if tag and DIRECTORY not in neighbours:
        raise ReportsError(
            f"teams is {tag.name}, which needs the report {DIRECTORY}: name it in "
            "reports."
        )


def _choice() -> str:
    return f"Name some of: {', '.join(NAMES)}."


def plan_neighbour(
    neighbour: Neighbour,
    settings: UsageSettings,
    now: datetime,
    warehouse: Warehouse,
    request: Request,
) -> None:
    """Plan the days of a report of days; a snapshot has no plan."""
    if neighbour.name in OF_DAYS:
        report = OF_DAYS[neighbour.name]
        stored = warehouse.stored(report, settings.account)
        monthly = restated_for_a_month(settings)
        neighbour.plan = plan(request, stored, now, monthly)
        if neighbour.is_unverified:
            _leave_out_too_early(neighbour, neighbour.plan)


def _leave_out_too_early(neighbour: Neighbour, planned: Plan) -> None:
    """Leave out the days that the API does not give: they would fail every night."""
    first = first_day(planned.calendar.today)
    days = [item for item in planned.wanted if item.day >= first]
    neighbour.too_early = [item.day for item in planned.wanted if item.day < first]
    neighbour.plan = replace(planned, wanted=days)


def load_neighbour(
    neighbour: Neighbour,
    settings: UsageSettings,
    clock: Callable[[], datetime],
    warehouse: Warehouse,
    request: Request,
    privacy: Privacy,
    watch: Callable[[Neighbour], AbstractContextManager[Progress]],
) -> None:
    """Load the days of a report, or take a snapshot."""
    with neighbour.own_problem():
        plan_neighbour(neighbour, settings, clock(), warehouse, request)
        with watch(neighbour) as progress:
            if neighbour.plan is None:
                neighbour.taken = take(
                    warehouse.pipeline,
                    settings,
                    clock,
                    neighbour.contact,
                    may_change=request.replace_organisation,
                    privacy=privacy,
                )
                return
            neighbour.outcome = load(
                warehouse,
                private_report(OF_DAYS[neighbour.name], privacy),
                neighbour.plan,
                restated_for_a_month(settings),
                progress,
                clock,
                contact=neighbour.contact,
            )


def leave_out(neighbour: Neighbour) -> None:
    """Note that the report is not asked for, because usage could not be loaded."""
    neighbour.problem = Problem(ExitCode.DAYS_FAILED, USAGE_FIRST)
