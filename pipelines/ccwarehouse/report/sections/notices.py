"""What is wrong with the data: said before any figure."""

from collections.abc import Iterator

from .. import text
from ..blocks import Notice, code, sentence, strong
from ..facts import Facts
from ..figures import Figures
from ..period import Period, Span
from ..text import counted, listed

NOTHING_LOADED = Notice(
    "plain",
    sentence(
        strong("Nothing is loaded yet."), " ", code("ccwarehouse load"), " does it."
    ),
)
EMPTY = Notice(
    "plain",
    sentence(
        strong("Every day is empty."),
        " The key works, but the report holds nothing. It does not cover OAuth users on"
        " Team and Enterprise plans, nor usage through Bedrock, Vertex AI or other"
        " clouds.",
    ),
)
MOST_SPANS = 6


def notices(facts: Facts) -> Iterator[Notice]:
    """What a reader has to know before any figure."""
    if facts.calendar is None or facts.period is None:
        yield NOTHING_LOADED
        return
    if facts.period.known is None:
        yield _other_days(facts.period, facts)
        return
    if missing := _missing(facts, facts.period.known):
        yield missing
    if not facts.organisations:
        yield EMPTY
        return
    figures = Figures(facts)
    if provisional := figures.provisional:
        days = _spans([Span(day, day) for day in provisional])
        yield _provisional(days, is_one=len(provisional) == 1)
    if facts.period.is_cut:
        yield Notice(
            "plain",
            sentence(
                strong("The history begins here."),
                f" The first day loaded is {text.long_day(facts.period.known.first)};"
                " of the days before it nothing is known.",
            ),
        )


def _provisional(days: str, *, is_one: bool) -> Notice:
    words = (
        f" {days} is provisional, shown paler. It was read before the day was complete,"
        " and is still to grow."
        if is_one
        else f" {days} are provisional, shown paler. They were read before the days"
        " were complete, and are still to grow."
    )
    return Notice("provisional", sentence(strong("Provisional."), words))


def _other_days(period: Period, facts: Facts) -> Notice:
    assert facts.calendar
    days = facts.calendar.days
    asked = f"--start {period.asked.first} --end {period.asked.last}"
    return Notice(
        "plain",
        sentence(
            strong(f"No day of {period.title} is loaded."),
            f" Loaded are {text.span(min(days), max(days))}. ",
            code(f"ccwarehouse load {asked}"),
            " loads it.",
        ),
    )


def _missing(facts: Facts, known: Span) -> Notice | None:
    """Of the period, and of the days to compare with."""
    assert facts.period
    # those that failed after the last fetched day count, too
    now = Span(known.first, facts.period.asked.last)
    spans = [facts.period.before, now] if facts.period.before else [now]
    gaps = [gap for span in spans for gap in _cut(facts, span)]
    if not gaps:
        return None
    number = sum(map(len, gaps))
    return Notice(
        "incomplete",
        sentence(
            strong("Incomplete."),
            f" {counted(number, 'day')} missing: {_spans(gaps)}."
            f" Totals that span {'it' if number == 1 else 'them'} are too low. ",
            code("ccwarehouse load"),
            " fetches what is missing.",
        ),
    )


def _cut(facts: Facts, span: Span) -> Iterator[Span]:
    """The gaps as far as they are within a span, neighbours together."""
    days = sorted(day for day in facts.missing if day in span)
    first = None
    for place, day in enumerate(days):
        first = first or day
        if place + 1 == len(days) or (days[place + 1] - day).days > 1:
            yield Span(first, day)
            first = None


def _spans(spans: list[Span]) -> str:
    shown = [text.span(span.first, span.last) for span in _joined(spans)]
    if len(shown) > MOST_SPANS:
        rest = counted(len(shown) - MOST_SPANS, "other time")
        return f"{', '.join(shown[:MOST_SPANS])} and {rest}"
    return listed(shown)


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.first):
        if joined and (span.first - joined[-1].last).days == 1:
            joined[-1] = Span(joined[-1].first, span.last)
        else:
            joined.append(span)
    return joined
