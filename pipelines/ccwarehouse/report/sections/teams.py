"""Teams in the order of their file, with their budgets; and all other budgets."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from ...budget_states import STATES
from ...inputs import NO_TEAM, SMALL_TEAMS
from ..blocks import Bar, Card, Cell, Column, Row, Table, row
from ..facts import Budget, Team
from ..figures import ZERO, CurrencyFigures
from ..names import Names
from ..text import DASH, WITHHELD, counted, plain
from .story import at_the_start, budget_name

PAINTS: Final = {"over": "bad", "forecast_over": "warn", "90": "warn", "80": "warn"}
OF_ALL: Final = "Budgets, their forecasts and states are of all accounts together."


def card(spent: CurrencyFigures) -> Card | None:
    """What teams cost and use, where teams are loaded."""
    facts = spent.all.facts
    teams = [team for team in facts.teams if team.currency == spent.currency]
    if not facts.has_teams or not teams:
        return None
    teams.sort(key=lambda team: (_place(team), team.team))
    budgets = {
        budget.name: budget
        for budget in facts.budgets
        if _is_beside_its_team(spent, budget)
    }
    most = _most(
        [team.cost for team in teams],
        [budgets[t.team] for t in teams if t.team in budgets],
    )
    say = spent.money
    rows = [_row(spent, team, budgets.get(team.team), most) for team in teams]
    total = sum((team.cost for team in teams), ZERO)
    has_budgets = bool(budgets)
    lead = "The rows add up to the total; who is in no team is in “(no team)”."
    if has_budgets:
        lead = f"Strong bar: spent. Faint bar: forecast. Line: budget. {lead}"
    notes = []
    if spent.all.missing_now and has_budgets:
        notes.append("With days missing, states are so far: more may have been spent.")
    if any(team.is_partial for team in teams):
        notes.append(
            f"In part: {SMALL_TEAMS} has, or may have, more of the team's cost."
        )
    if any(team.is_withheld for team in teams):
        notes.append(
            "Of teams with few active people only the cost is shown, and that of the"
            " smallest ones together."
        )
    notes += _left_out(spent)
    return Card(
        "Teams and their budgets" if has_budgets else "Teams",
        lead,
        table=Table(
            "Cost by team",
            _columns(has_budgets=has_budgets),
            [cells if has_budgets else _without(cells) for cells in rows],
            _total(say(total), has_budgets=has_budgets),
        ),
        kind="bars",
        notes=notes,
    )


def _is_beside_its_team(spent: CurrencyFigures, budget: Budget) -> bool:
    """Whether its figures are those of the team's row: with one account they are."""
    facts = spent.all.facts
    if facts.calendar and facts.calendar.others:
        return False
    return (budget.scope, budget.basis, budget.currency) == (
        "team",
        "all",
        spent.currency,
    ) and any(
        (team.team, team.currency) == (budget.name, budget.currency)
        for team in facts.teams
    )


def _left_out(spent: CurrencyFigures) -> list[str]:
    """That budgets of small teams are withheld, where some are."""
    found = sum(each.currency == spent.currency for each in spent.all.facts.left_out)
    if not found:
        return []
    are, them = ("is", "it") if found == 1 else ("are", "them")
    budgets = counted(found, "budget of a team", "budgets of teams")
    return [
        f"{budgets} {are} left out, because what was spent would tell what is in"
        f" {SMALL_TEAMS}. “ccwarehouse budgets” shows {them}."
    ]


def _place(team: Team) -> float:
    if team.position is not None:
        return team.position
    return float("inf") if team.team == NO_TEAM else 1e9


def _columns(*, has_budgets: bool) -> list[Column]:
    columns = [
        Column("Team", is_number=False),
        Column("", is_bar=True),
        Column("Spent"),
        Column("Forecast", is_minor=True),
        Column("Budget"),
        Column("Active people", is_minor=True),
        Column("State", is_number=False),
    ]
    return columns if has_budgets else [*columns[:3], columns[5]]


def _without(cells: Row) -> Row:
    return (*cells[:3], cells[5])


def _total(said: str, *, has_budgets: bool) -> Row:
    cells = row("Total", "", said, "", "", "", "")
    return cells if has_budgets else _without(cells)


def _row(
    spent: CurrencyFigures, team: Team, budget: Budget | None, most: Decimal
) -> Row:
    say = spent.money
    name = plain(team.team)
    return row(
        f"{name}, in part" if team.is_partial else name,
        Cell("", _bars(team.cost, budget, most)),
        say(team.cost),
        say(budget.forecast) if budget and budget.forecast is not None else DASH,
        say(budget.amount) if budget else DASH,
        _people(spent, team),
        Cell(DASH) if _is_withheld(spent, team) else _state(spent, budget),
    )


def _is_withheld(spent: CurrencyFigures, team: Team) -> bool:
    """Whether the page leaves out budgets that the row would have."""
    return team.team == SMALL_TEAMS or any(
        (left.team, left.currency, left.basis) == (team.team, spent.currency, "all")
        for left in spent.all.facts.left_out
    )


def _people(spent: CurrencyFigures, team: Team) -> Cell:
    people = spent.all.facts.team_people.get(team.team)
    if people is None:
        return Cell(WITHHELD if team.is_withheld else DASH)
    if people.is_withheld or people.active is None:
        return Cell(WITHHELD)
    if people.members is None:
        return Cell(f"{people.active:,}")
    return Cell(f"{people.active:,} of {people.members:,}")


def _state(spent: CurrencyFigures, budget: Budget | None) -> Cell:
    if budget is None:
        return Cell("no budget", paint="state")
    so_far = " so far" if budget.state == "ok" and spent.all.missing_now else ""
    paint = PAINTS.get(budget.state, "good" if budget.state == "ok" else "")
    return Cell(f"{STATES[budget.state]}{so_far}", paint=f"state {paint}".strip())


def _most(costs: Sequence[Decimal], budgets: Sequence[Budget]) -> Decimal:
    amounts = (
        amount
        for budget in budgets
        for amount in (budget.amount, budget.spent, budget.forecast)
        if amount is not None
    )
    return max(*costs, *amounts, Decimal("0.01"), Decimal("0.01"))


def _bars(cost: Decimal, budget: Budget | None, most: Decimal) -> tuple[Bar, ...]:
    def wide(amount: Decimal) -> float:
        return float(100 * max(amount, ZERO) / most)

    bars = [Bar("bar", 0, wide(cost))]
    if budget and budget.forecast is not None:
        bars.insert(0, Bar("bar-forecast", 0, wide(budget.forecast)))
    if budget:
        bars.append(Bar("bar-budget", min(wide(budget.amount), 99.6), 0))
    return tuple(bars)


def other_budgets(spent: CurrencyFigures, names: Names) -> Card | None:
    """Budgets of the organisation and of users, and those of a part of the cost."""
    facts = spent.all.facts
    has_teams = any(team.currency == spent.currency for team in facts.teams)
    budgets = [
        budget
        for budget in facts.budgets
        if budget.currency == spent.currency and not _is_beside_its_team(spent, budget)
    ]
    if not budgets:
        return None
    say = spent.money
    most = _most([ZERO], budgets)
    rows = [
        row(
            at_the_start(budget_name(budget, names)),
            Cell("", _bars(budget.spent or ZERO, budget, most)),
            DASH if budget.spent is None else say(budget.spent),
            DASH if budget.forecast is None else say(budget.forecast),
            say(budget.amount),
            _state(spent, budget),
        )
        for budget in budgets
    ]
    columns = [
        column for column in _columns(has_budgets=True) if "people" not in column.name
    ]
    columns[0] = Column("Budget of", is_number=False)
    has_others = bool(facts.calendar and facts.calendar.others)
    title = "More budgets" if has_teams and not has_others else "Budgets"
    return Card(
        title,
        "Strong bar: spent. Faint bar: forecast. Line: budget.",
        table=Table(title, columns, rows),
        kind="bars",
        notes=[*[OF_ALL] * has_others, *([] if has_teams else _left_out(spent))],
    )
