"""What was read from the marts: figures as they are, not yet as they are written."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from .period import Period, Span


class Calendar(NamedTuple):
    """The days fetched whole of an account, each with whether it is final, and others.

    `others` are the accounts that are loaded as well.
    """

    account: str
    days: Mapping[dt.date, bool]
    others: Sequence[str] = ()


class Cost(NamedTuple):
    """What a model cost on a day, in units of the currency."""

    date: dt.date
    model: str
    customer_type: str
    currency: str
    cost: Decimal


class Activity(NamedTuple):
    """Counts of a day."""

    date: dt.date
    sessions: int
    commits: int
    pull_requests: int
    lines_added: int


class People(NamedTuple):
    """How many people used it: in the period, before it, and who of whom came back."""

    now: int = 0
    before: int = 0
    earlier: int = 0
    came_back: int = 0


NOBODY: Final = People()


class Visits(NamedTuple):
    """How many people were there on a day, and next on another one or never."""

    date: dt.date
    next_date: dt.date | None
    people: int


class Units(NamedTuple):
    """Cost of a period, and what was counted on the same days of the same actors."""

    is_now: int
    currency: str
    cost: Decimal | None
    cost_of_people: Decimal | None
    people: int
    sessions: int
    commits: int
    pull_requests: int
    lines_added: int


class Actor(NamedTuple):
    """What a person or a key cost, its place among `actors`, and what all cost."""

    currency: str
    place: int
    actors: int
    actor_type: str
    actor: str
    cost: Decimal
    days: int
    total: Decimal
    top_tenth: Decimal


class Tool(NamedTuple):
    """How proposals of a tool were met on a day."""

    date: dt.date
    tool: str
    accepted: int
    proposals: int


class Terminal(NamedTuple):
    """What was done in a terminal in the period."""

    terminal: str
    sessions: int
    commits: int


class Cohort(NamedTuple):
    """Who was first seen in a month, so many months later; None where withheld."""

    month: dt.date
    months_since: int
    is_left_edge: bool
    is_running: bool
    users: int
    retained: int | None


class Anomaly(NamedTuple):
    """A day that cost unusually much, and who explains it."""

    date: dt.date
    currency: str
    cost: Decimal
    usual: Decimal
    excess: Decimal
    top_actor: str | None
    top_actor_excess: Decimal | None


class Forecast(NamedTuple):
    """A day of the running month: what it cost, and what it is expected to cost."""

    date: dt.date
    day_state: str
    currency: str
    organization_id: str | None
    customer_type: str
    cost: Decimal
    expected: Decimal | None

    @property
    def likely(self) -> Decimal | None:
        """As in month_forecast: a provisional day is no less than it is already."""
        if self.day_state == "complete" or self.expected is None:
            return self.cost if self.day_state == "complete" else None
        if self.day_state == "provisional":
            return max(self.cost, self.expected)
        return self.expected


class Team(NamedTuple):
    """What a team cost in the month; `position` is None for what no file names.

    Of a partial one more is or may be in "(small teams)".
    """

    team: str
    currency: str
    position: int | None
    cost: Decimal
    is_withheld: int
    is_partial: int


class TeamPeople(NamedTuple):
    """How many of a team use it; None where withheld, or without a list."""

    team: str
    members: int | None
    active: int | None
    is_withheld: int


class Budget(NamedTuple):
    """How far a budget of the month is spent; of all accounts together."""

    scope: str
    name: str
    currency: str
    basis: str
    amount: Decimal
    spent: Decimal | None
    forecast: Decimal | None
    state: str
    days_missing: int | None


class LeftOut(NamedTuple):
    """A budget of a team that would give away what is in "(small teams)"."""

    team: str
    currency: str
    basis: str


class ShownTeam(NamedTuple):
    """A row that an account shows of a team; incomplete if it may be not all of it."""

    account: str
    currency: str
    team: str
    is_incomplete: int


class Tie(NamedTuple):
    """Estimate and bill of a part of the period with one reason for what differs."""

    part: str
    reason: str | None
    currency: str
    estimated: Decimal | None
    billed: Decimal | None
    difference: Decimal | None


class TieDay(NamedTuple):
    """A day of people who sign in: how many of its rows are compared, and agree.

    `with_tokens` are the rows whose tokens are compared, `agreeing` those that agree.
    """

    date: dt.date
    compared: int
    with_tokens: int
    agreeing: int


@dataclass(frozen=True)
class Facts:
    """All that a page says follows from this; it depends on no clock.

    `calendar` is None where nothing is loaded, `period` where no day asked for is.
    `gaps` are days that were not fetched, `weekend` the weekdays off in ISO's numbers.
    Lists hold the rows of the queries.
    """

    calendar: Calendar | None = None
    period: Period | None = None
    shown: Span | None = None
    gaps: Sequence[Span] = ()
    organisations: Sequence[str | None] = ()
    weekend: frozenset[int] = frozenset()
    has_teams: bool = False
    people: People = NOBODY
    costs: Sequence[Cost] = ()
    activity: Sequence[Activity] = ()
    visits: Sequence[Visits] = ()
    units: Sequence[Units] = ()
    actors: Sequence[Actor] = ()
    tools: Sequence[Tool] = ()
    terminals: Sequence[Terminal] = ()
    cohorts: Sequence[Cohort] = ()
    anomalies: Sequence[Anomaly] = ()
    forecast: Sequence[Forecast] = ()
    teams: Sequence[Team] = ()
    team_people: Mapping[str, TeamPeople] = field(default_factory=dict)
    budgets: Sequence[Budget] = ()
    left_out: Sequence[LeftOut] = ()
    ties: Sequence[Tie] = ()
    tie_days: Sequence[TieDay] = ()

    def is_weekend(self, day: dt.date) -> bool:
        """Whether a day is off, as in the marts."""
        return day.isoweekday() in self.weekend

    @property
    def missing(self) -> set[dt.date]:
        """All days that were not fetched."""
        return {day for gap in self.gaps for day in gap}

    def missing_in(self, span: Span) -> int:
        """How many days of a span were not fetched, also before the history."""
        days = self.calendar.days if self.calendar else {}
        return sum(day not in days for day in span)
