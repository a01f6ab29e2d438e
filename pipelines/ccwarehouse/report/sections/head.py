"""The title, and what the page is of."""

from .. import text
from ..facts import Facts
from ..text import counted, listed, plain


def title(facts: Facts) -> str:
    """As in Claude Code, November 2026."""
    return f"Claude Code, {facts.period.title}" if facts.period else "Claude Code"


def subtitle(facts: Facts, given: str | None) -> list[str]:
    """Whose days these are, which, and up to when."""
    parts = [plain(given, 120)] if given else _organisations(facts)
    calendar, period = facts.calendar, facts.period
    if calendar is None or period is None:
        return parts
    if calendar.others:
        parts.append(f"account {plain(calendar.account)}")
    if period.known:
        days = text.span(period.known.first, period.known.last)
        if period.before:
            has_year = period.before.last.year != period.known.last.year
            before = text.span(
                period.before.first, period.before.last, with_year=has_year
            )
            days += f", compared with {before}"
        parts.append(days)
    parts.append(f"data through {text.long_day(max(calendar.days))}, UTC")
    return parts


def _organisations(facts: Facts) -> list[str]:
    known = [plain(name) for name in facts.organisations if name]
    if len(known) > 2:
        return [counted(len(known), "organisation")]
    return [listed(known)] if known else []
