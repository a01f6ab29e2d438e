"""What it costs: all cards of a currency."""

import re
from collections.abc import Iterator

from ..blocks import Card, Section
from ..figures import CurrencyFigures
from ..names import Names
from ..text import plain
from . import actors, teams
from .cost_by_day import by_model
from .cost_over_month import over_month
from .unit_costs import units


def section(spent: CurrencyFigures, names: Names) -> Section:
    """A section of its own for each currency."""
    many = len(spent.all.currencies) > 1
    title = f"Cost, {plain(spent.currency, 12)}" if many else "Cost"
    found = (
        *_cards(spent),
        teams.card(spent),
        teams.other_budgets(spent, names),
        actors.card(spent, names),
    )
    return Section(title, [card for card in found if card])


def _cards(spent: CurrencyFigures) -> Iterator[Card]:
    """Those that there are always."""
    period = spent.all.facts.period
    assert period
    # pictures are files: of a currency only letters go into their names
    code = re.sub("[^A-Za-z]", "", spent.currency)
    ending = f"-{code}" if len(spent.all.currencies) > 1 else ""
    yield by_model(spent, ending)
    if period.is_month:
        yield over_month(spent, ending)
    yield units(spent)
