"""From a warehouse to facts: a handful of queries, each answered by few rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeVar

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from ..warehouses import Ask, NothingLoadedError, Warehouse
from . import facts, queries
from .errors import UnknownAccountError
from .facts import Calendar, Facts
from .period import ONE_DAY, Period, Span, month_of, period_of, usual_month
from .small_teams import without_small_teams

Row = TypeVar("Row")
Rows = Sequence[Sequence[Any]]

WEEKS: Final = 13
MOST_ACTORS: Final = 15
COHORTS: Final = 12
FOUR_WEEKS: Final = timedelta(days=27)


@dataclass(frozen=True)
class Request:
    """The days and the account that are asked for; None is as usual."""

    month: date | None = None
    start: date | None = None
    end: date | None = None
    account: str | None = None


def read_facts(warehouse: Warehouse, request: Request) -> Facts:
    """What a page says, of a warehouse with anything or nothing in it.

    Raises `UnknownAccountError` for an account that is not loaded.
    """
    try:
        with warehouse.asking() as ask:
            found = _read(ask, request)
    except (DatabaseUndefinedRelation, NothingLoadedError):
        return Facts()
    return _with_bill(found, warehouse)


def _with_bill(found: Facts, warehouse: Warehouse) -> Facts:
    """With the bill, where its view is there: only further reports bring it."""
    if found.shown is None:
        return found
    assert found.calendar
    assert found.period
    assert found.period.known
    account, now = found.calendar.account, _within(found.period.known)
    try:
        # asked by itself: in Postgres an error ends all that its connection asked
        with warehouse.asking() as ask:
            ties = ask(queries.TIES, account, now=now)
            days = ask(queries.TIE_DAYS, account, now=now)
    except DatabaseUndefinedRelation:
        return found
    return replace(
        found,
        ties=[facts.Tie(*row) for row in ties],
        tie_days=[facts.TieDay(*row) for row in days],
    )


def _read(ask: Ask, request: Request) -> Facts:
    calendar = calendar_of(ask(queries.CALENDAR), request.account)
    if calendar is None:
        return Facts()
    account, days = calendar.account, calendar.days
    period = _period(request, days)
    later = ask(queries.FAILED, account, last=str(max(days)))
    gaps = [*_gaps(sorted(days)), *(Span(day, day) for (day,) in later)]
    organisations = [row[0] for row in ask(queries.ORGANISATIONS, account)]
    found = Facts(
        calendar, period, gaps=gaps, organisations=sorted(organisations, key=str)
    )
    if period.known is None or not organisations:
        return found
    shown = shown_days(period.known, min(days))
    return _filled(replace(found, shown=shown), ask, account, period, shown)


def calendar_of(rows: Rows, wanted: str | None) -> Calendar | None:
    """The days of an account: the wanted one, else default, else the first one."""
    accounts: dict[str, dict[date, bool]] = {}
    for account, day, is_final in rows:
        accounts.setdefault(account, {})[day] = bool(is_final)
    if not accounts:
        return None
    name = wanted or ("default" if "default" in accounts else min(accounts))
    if name not in accounts:
        raise UnknownAccountError(name, sorted(accounts))
    return Calendar(name, accounts[name], sorted(accounts.keys() - {name}))


def _gaps(days: Sequence[date]) -> Iterator[Span]:
    """The days between fetched ones."""
    for day, following in pairwise(days):
        if following - day > ONE_DAY:
            yield Span(day + ONE_DAY, following - ONE_DAY)


def _period(request: Request, days: Mapping[date, bool]) -> Period:
    if request.start or request.end:
        asked = Span(request.start or min(days), request.end or max(days))
        return period_of(asked, days)
    month = month_of(request.month or usual_month(days))
    return period_of(month, days, is_month=True)


def shown_days(known: Span, history_from: date) -> Span:
    """The days of charts: thirteen weeks to the last one, as far as there are any."""
    first = known.last - timedelta(weeks=WEEKS) + ONE_DAY
    return Span(max(first, history_from), known.last)


def _filled(found: Facts, ask: Ask, account: str, period: Period, shown: Span) -> Facts:
    assert period.known is not None
    last = period.known.last
    recent = Span(last - FOUR_WEEKS, last)
    earlier = Span(recent.first - FOUR_WEEKS - ONE_DAY, recent.first - ONE_DAY)
    month = period.asked.first.replace(day=1)
    # as many days as a comparison needs may lie before the chart
    first = min(shown.first, period.known.first, period.month_before.first)
    words = {
        "now": _within(period.known),
        "before": _within(period.before) if period.before else "1 = 0",
        "shown": _within(Span(first, last)),
        "visits": _within(Span(shown.first - FOUR_WEEKS, last)),
        "recent": _within(recent),
        "earlier": _within(earlier),
        "month": str(month),
        "cohorts": str(_months_back(month, COHORTS - 1)),
        "most": str(MOST_ACTORS),
    }

    def rows(kind: type[Row], query: str, *of: object) -> list[Row]:
        return [kind(*map(_number, row)) for row in ask(query, *of, **words)]

    found = replace(
        found,
        weekend=frozenset(rows(int, queries.WEEKEND)),
        people=(rows(facts.People, queries.PEOPLE, account) or [facts.NOBODY])[0],
        costs=rows(facts.Cost, queries.COSTS, account),
        activity=rows(facts.Activity, queries.ACTIVITY, account),
        visits=rows(facts.Visits, queries.VISITS, account),
        actors=rows(facts.Actor, queries.ACTORS, account),
        tools=rows(facts.Tool, queries.TOOLS, account),
        terminals=rows(facts.Terminal, queries.TERMINALS, account),
        cohorts=rows(facts.Cohort, queries.COHORTS, account),
        anomalies=sorted(rows(facts.Anomaly, queries.ANOMALIES, account), key=_of_day),
    )
    is_mixed = len({cost.currency for cost in found.costs}) > 1
    words |= {
        "greatest": "max" if is_mixed else "",
        "of_day": queries.OF_DAY * is_mixed,
    }
    found = replace(found, units=rows(facts.Units, queries.UNITS, account))
    return _of_month(found, rows, account) if period.is_month else found


def _of_month(found: Facts, rows: Callable[..., list[Any]], account: str) -> Facts:
    """What only whole months have."""
    has_teams = rows(int, queries.TEAM_NAMES)[0] > 0
    people = rows(facts.TeamPeople, queries.TEAM_PEOPLE, account) if has_teams else ()
    budgets, left_out = without_small_teams(
        rows(facts.Budget, queries.BUDGETS), rows(facts.ShownTeam, queries.SHOWN_TEAMS)
    )
    return replace(
        found,
        has_teams=has_teams,
        forecast=rows(facts.Forecast, queries.FORECAST, account),
        teams=rows(facts.Team, queries.TEAMS, account) if has_teams else (),
        team_people={team.team: team for team in people},
        budgets=budgets,
        left_out=left_out,
    )


def _of_day(anomaly: facts.Anomaly) -> tuple[date, str]:
    return anomaly.date, anomaly.currency or ""


def _within(span: Span) -> str:
    return f"date between date '{span.first}' and date '{span.last}'"


def _months_back(month: date, number: int) -> date:
    for _ in range(number):
        month = month_of(month - ONE_DAY).first
    return month


def _number(value: Any) -> Any:  # noqa: ANN401 (SQL values)
    """Postgres adds up bigint as a decimal without places."""
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    return value


def actors_of(found: Iterable[facts.Actor], currency: str) -> list[facts.Actor]:
    """Those of a currency, costliest first."""
    return [actor for actor in found if actor.currency == currency]
