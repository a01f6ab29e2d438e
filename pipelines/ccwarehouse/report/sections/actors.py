"""Who it is spent on: fifteen, and all others as one row. No ranking as a target."""

from decimal import Decimal

from ..blocks import Bar, Card, Cell, Column, Row, Table, row
from ..facts import Actor
from ..figures import CurrencyFigures
from ..names import Names
from ..read import MOST_ACTORS, actors_of
from ..text import counted, percent

FEWEST_FOR_A_TENTH = 10


def card(spent: CurrencyFigures, names: Names) -> Card | None:
    """The costliest people and keys of the period."""
    found = actors_of(spent.all.facts.actors, spent.currency)
    if not found:
        return None
    shown = [actor for actor in found if actor.place <= MOST_ACTORS]
    say, total = spent.money, found[0].total
    most = max(actor.cost for actor in shown)
    rows = [
        row(
            names.actor(actor.actor, actor.actor_type),
            Cell("", (Bar("bar", 0, _share(actor.cost, most)),)),
            say(actor.cost),
            percent(_of(actor.cost, total), 1),
            f"{actor.days:,}",
        )
        for actor in shown
    ]
    if others := found[0].actors - len(shown):
        rows.append(_others(spent, shown, others, total))
    columns = [
        Column("User", is_number=False),
        Column("", is_bar=True),
        Column("Cost"),
        Column("Share", is_minor=True),
        Column("Days", is_minor=True),
    ]
    return Card(
        "Who it is spent on",
        f"{_spread(spent, found)} A high cost is no fault and a low one no merit: it"
        " says what was asked of it, not what came of it.",
        table=Table(
            "Cost by user", columns, rows, row("Total", "", say(total), "", "")
        ),
        kind="bars",
    )


def _others(
    spent: CurrencyFigures, shown: list[Actor], others: int, total: Decimal
) -> Row:
    rest = total - sum(actor.cost for actor in shown)
    each = spent.money(rest / others)
    name = f"{counted(others, 'other')}, {each}{' each on average' * (others > 1)}"
    return row(name, "", spent.money(rest), percent(_of(rest, total), 1), "")


def _spread(spent: CurrencyFigures, found: list[Actor]) -> str:
    """The middle, and the share of the costliest tenth where ten are there."""
    actors, total, say = found[0].actors, found[0].total, spent.money
    if actors == 1:
        return "One user had a cost."
    middle = [a.cost for a in found if actors <= 2 * a.place <= actors + 2]
    median = sum(middle, Decimal(0)) / len(middle)
    words = f"Half of the {actors:,} cost less than {say(median)}"
    if actors < FEWEST_FOR_A_TENTH:
        return f"{words}."
    tenth = actors // 10
    share = percent(_of(found[0].top_tenth, total))
    make = "makes" if tenth == 1 else "make"
    return f"{words}; the costliest tenth ({tenth:,}) {make} {share} of it."


def _of(part: Decimal, total: Decimal) -> Decimal:
    return part / total if total else Decimal(0)


def _share(cost: Decimal, most: Decimal) -> float:
    return float(100 * cost / most) if most > 0 and cost > 0 else 0
