"""From facts to a page."""

from dataclasses import replace

from .blocks import Page, Section
from .facts import Facts
from .figures import Figures
from .names import Names
from .sections import (
    acceptance,
    adoption,
    bill,
    cost,
    glossary,
    head,
    notices,
    story,
    tiles,
)


def compose(facts: Facts, names: Names, title: str | None = None) -> Page:
    """All texts and charts of a page, also of one that has nothing to show."""
    page = Page(
        head.title(facts),
        head.subtitle(facts, title),
        list(notices.notices(facts)),
        footer=glossary.footer(facts),
    )
    return page if facts.shown is None else _with_figures(page, facts, names)


def _with_figures(page: Page, facts: Facts, names: Names) -> Page:
    figures = Figures(facts)
    return replace(
        page,
        tiles=tiles.tiles(figures),
        points=story.points(figures, names),
        sections=[
            *(cost.section(spent, names) for spent in figures.currencies),
            *bill.sections(figures),
            Section("Adoption", list(adoption.cards(figures))),
            *acceptance.sections(figures),
        ],
        words=glossary.words(figures),
    )
