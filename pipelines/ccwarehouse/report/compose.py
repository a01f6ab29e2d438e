"""From facts to a page."""

from .blocks import Page, Section
from .facts import Facts
from .figures import CurrencyFigures, Figures
from .names import Names
from .sections import acceptance, actors, adoption, cost, glossary, head, story, teams
from .text import plain


def compose(facts: Facts, names: Names, title: str | None = None) -> Page:
    """All texts and charts of a page, also of one that has nothing to show."""
    subtitle = head.subtitle(facts, title)
    if facts.shown is None:
        notices = list(head.notices(facts))
        footer = glossary.footer(facts)
        return Page(head.title(facts), subtitle, notices, footer=footer)
    figures = Figures(facts)
    sections = [
        *(_cost(spent, names) for spent in figures.currencies),
        Section("Adoption", list(adoption.cards(figures))),
    ]
    if card := acceptance.card(figures):
        sections.append(Section("Acceptance", [card]))
    return Page(
        head.title(facts),
        subtitle,
        list(head.notices(facts)),
        head.tiles(figures),
        story.points(figures, names),
        sections,
        glossary.words(figures),
        glossary.footer(facts),
    )


def _cost(spent: CurrencyFigures, names: Names) -> Section:
    found = (
        *cost.cards(spent),
        teams.card(spent),
        teams.other_budgets(spent, names),
        actors.card(spent, names),
    )
    many = len(spent.all.currencies) > 1
    title = f"Cost, {plain(spent.currency, 12)}" if many else "Cost"
    return Section(title, [card for card in found if card])
