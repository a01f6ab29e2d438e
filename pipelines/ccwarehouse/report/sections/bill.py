"""Does the estimate tie to the bill? Only where the bill is loaded."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from ..blocks import Card, Column, Row, Section, Table, row
from ..facts import Tie
from ..figures import ZERO, Figures
from ..text import DASH, Money, counted, plain

# In the order of the table; null is no difference.
REASONS: Final[dict[str | None, str]] = {
    None: "no difference",
    "discount": "discount: the tokens agree, the bill is lower",
    "discount_or_late_revision": "a discount, or costs that the bill gets later",
    "web_search": "web searches, which no estimate has",
    "code_execution": "code execution, which no estimate has",
    "beyond_tokens": "billed beside tokens, which no estimate has",
    "priority_tier": "Priority Tier, which the bill report leaves out",
    "late_revision": "read early: the bill may still get costs",
    "only_in_estimate": "the bill has nothing under this name of the model",
    "only_in_bill": "the estimate has nothing under this name of the model",
    "tokens_differ": "the tokens differ",
    "unexplained": "unexplained",
}
# Why people who sign in are not compared.
OBSTACLES: Final = {
    "usage_not_loaded": "their usage is not loaded",
    "bill_not_loaded": "their bill is not loaded",
    "no_workspace": "no workspace named Claude Code is known",
    "other_currency": "the other side is in another currency",
    "amount_missing": "an item has no amount",
}
LEAD: Final = (
    "People who sign in through the Console are billed in the workspace Claude Code:"
    " only these can be compared. The bill is after discounts and before credits."
)
ELSEWHERE: Final = (
    "API keys are billed in their own workspaces, among all else that is done there."
    " What of that bill is Claude Code cannot be told apart."
)
UNBILLED: Final = (
    "Usage on subscriptions is not billed by the token. It is in no row here, so the"
    " estimates may add up to less than the estimated cost of the page."
)


def sections(figures: Figures) -> Iterator[Section]:
    """None without a bill; a card for each currency."""
    ties = figures.facts.ties
    if all(tie.billed is None for tie in ties):
        return
    currencies = sorted({tie.currency for tie in ties})
    cards = [
        _card(
            figures,
            [tie for tie in ties if tie.currency == currency],
            Money(currency, is_only_one=len(currencies) == 1),
            f", {plain(currency, 12)}" if len(currencies) > 1 else "",
        )
        for currency in currencies
    ]
    yield Section("Does it tie to the bill?", cards)


def _card(figures: Figures, ties: list[Tie], say: Money, ending: str) -> Card:
    title = f"Estimate and bill{ending}"
    columns = [
        Column("Who, and why they differ", is_number=False),
        *map(Column, ("Estimate", "Bill", "Difference")),
    ]
    return Card(
        title,
        LEAD,
        table=Table(title, columns, list(_rows(ties, say))),
        kind="tie",
        notes=[_coverage(figures), ELSEWHERE, UNBILLED],
    )


def _rows(ties: list[Tie], say: Money) -> Iterator[Row]:
    """Those who sign in, the reasons that these add up from, and what is elsewhere.

    Days that are not compared are in no sum: with one side alone they would look like
    a difference.
    """
    people = [tie for tie in ties if tie.part == "sign_in"]
    if compared := [tie for tie in people if tie.reason in REASONS]:
        yield _row("People who sign in", compared, say)
    for reason, words in REASONS.items():
        if of_reason := [tie for tie in compared if tie.reason == reason]:
            yield _row(f"of these: {words}", of_reason, say)
    for reason, words in OBSTACLES.items():
        if left_out := [tie for tie in people if tie.reason == reason]:
            yield _row(f"People who sign in, not compared: {words}", left_out, say)
    for part, words in (
        ("api_key", "API keys, billed elsewhere"),
        ("elsewhere", "All that is billed elsewhere, not to be told apart"),
    ):
        if of_part := [tie for tie in ties if tie.part == part]:
            yield _row(words, of_part, say)


def _row(words: str, ties: list[Tie], say: Money) -> Row:
    return row(
        words,
        _sum((tie.estimated for tie in ties), say),
        _sum((tie.billed for tie in ties), say),
        _sum((tie.difference for tie in ties), say),
    )


def _sum(amounts: Iterable[Decimal | None], say: Money) -> str:
    """With cents, so that the rows add up; a dash where nothing is known."""
    known = [amount for amount in amounts if amount is not None]
    return say.exact(sum(known, ZERO)) if known else DASH


def _coverage(figures: Figures) -> str:
    days = figures.facts.tie_days
    compared = sum(day.compared > 0 for day in days)
    words = (
        f"Compared: {compared:,} of the {counted(len(days), 'day')} with an estimate or"
        " a bill of people who sign in."
    )
    counts = [day for day in days if day.with_tokens]
    if not counts:
        return f"{words} The tokens are not loaded, so they are not compared."
    agreeing = sum(day.agreeing == day.with_tokens for day in counts)
    both = counted(len(counts), "day")
    return f"{words} The tokens of both agree on {agreeing:,} of the {both} with both."
