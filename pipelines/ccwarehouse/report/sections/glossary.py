"""What the words mean, and the last line."""

from .. import text
from ..facts import Facts
from ..figures import Figures
from ..text import counted, listed, plain

FETCHED_NOWHERE = "Nothing in this file is fetched from anywhere."


def words(figures: Figures) -> list[tuple[str, str]]:
    """The five words that are misread most."""
    codes = [plain(spent.currency, 12) for spent in figures.currencies]
    currency = f", in {listed(codes)}" if codes else ""
    return [
        (
            "Estimated cost",
            f"What the API reports as estimated cost{currency}. It is no invoice."
            " Usage of API keys, and of people who sign in through the Console, is also"
            " on the organisation’s bill; usage on subscriptions is not billed by the"
            " token, so this is what it would have cost.",
        ),
        (
            "Active person",
            "Someone with at least one record on the day. It does not say how long or"
            " how well. Who never used it is in no record, so there is no share of"
            " seats here.",
        ),
        (
            "Acceptance rate",
            "Accepted / (accepted + rejected) proposals of the tools that edit and"
            " write, summed and then divided. No proposals, no rate.",
        ),
        (
            "Lines, commits, pull requests",
            "Lines added, commits made and pull requests created by Claude Code, as the"
            " API counts them. Later deletions are not subtracted, and a pull request"
            " need not be merged.",
        ),
        (
            "Day",
            "A UTC day: an evening in California is the next day. What was read before"
            " a day was over is marked as provisional.",
        ),
    ]


def footer(facts: Facts) -> str:
    """Which days are in."""
    if facts.calendar is None:
        return FETCHED_NOWHERE
    days = facts.calendar.days
    first, last = min(days), max(days)
    all_days = (last - first).days + 1
    return (
        f"{len(days):,} of {counted(all_days, 'day')} from {text.long_day(first)} are"
        f" in. {FETCHED_NOWHERE}"
    )
