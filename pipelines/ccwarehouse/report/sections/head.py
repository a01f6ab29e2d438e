"""The top: what the page is of, what is wrong with the data, and the six figures."""

from collections.abc import Iterator
from decimal import Decimal

from .. import text
from ..blocks import Change, Notice, Tile, code, sentence, strong
from ..facts import Facts
from ..figures import CurrencyFigures, Figures, per_person
from ..period import Period, Span
from ..text import DASH, counted, listed, percent, plain, rounded

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


def notices(facts: Facts) -> Iterator[Notice]:
    """What a reader has to know before any figure."""
    if facts.calendar is None or facts.period is None:
        yield NOTHING_LOADED
        return
    if not facts.organisations:
        yield EMPTY
        return
    if facts.period.known is None:
        yield _other_days(facts.period, facts)
        return
    if missing := _missing(facts, facts.period.known):
        yield missing
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


def tiles(figures: Figures) -> list[Tile]:
    """The six figures; with two currencies three more."""
    costs = [tile for spent in figures.currencies for tile in _costs(spent)]
    people = figures.facts.people
    accepted, proposals = figures.accepted
    pulled = figures.counted("pull_requests", figures.known)
    pulled_before = figures.counted("pull_requests", figures.before)
    rate = Tile(
        "Acceptance rate",
        percent(Decimal(accepted) / proposals, 1) if proposals else f"{DASH} (none)",
        _points(figures),
    )
    active = Tile(
        "Active people",
        f"{people.now:,}",
        change(figures, people.now, people.before, f"{people.before:,}"),
    )
    requests = Tile(
        "Pull requests",
        f"{pulled:,}",
        change(figures, pulled, pulled_before, f"{pulled_before:,}"),
    )
    if len(figures.currencies) == 1:
        cost, forecast, per_person = costs
        return [cost, forecast, active, per_person, rate, requests]
    return [*costs, active, rate, requests]


def _costs(spent: CurrencyFigures) -> Iterator[Tile]:
    figures, money = spent.all, spent.money
    many = len(figures.currencies) > 1
    ending = f", {plain(spent.currency, 12)}" if many else ""
    yield Tile(
        f"Estimated cost{ending}",
        money(spent.now),
        change(figures, spent.now, spent.before, money(spent.before)),
    )
    yield _second(spent, ending)
    mean, mean_before = spent.per_person, per_person(spent.units(is_now=False))
    yield Tile(
        f"Cost per person{ending}",
        f"{DASH} (none)" if mean is None else money(mean),
        Change(against="nothing to compare with")
        if mean is None or mean_before is None
        else change(figures, mean, mean_before, money(mean_before)),
    )


def _second(spent: CurrencyFigures, ending: str) -> Tile:
    """The month's forecast while it is running, else the cost of a day."""
    figures, money = spent.all, spent.money
    period = figures.facts.period
    assert period
    is_running = bool(figures.facts.forecast) and figures.known.last < period.asked.last
    if period.is_month and is_running:
        return _forecast(spent, ending)
    days = sum(day in figures.days for day in figures.known)
    before = figures.before
    days_before = sum(day in figures.days for day in before) if before else 0
    mean = spent.now / days if days else Decimal(0)
    mean_before = spent.before / days_before if days_before else Decimal(0)
    return Tile(
        f"Cost per day{ending}",
        money(mean),
        change(figures, mean, mean_before, money(mean_before)),
    )


def _forecast(spent: CurrencyFigures, ending: str) -> Tile:
    figures, money, curve = spent.all, spent.money, spent.curve
    label = f"Month forecast{ending}"
    if curve.forecast is None:
        days = sum(day in figures.days for day in figures.known)
        mean = spent.now / days if days else Decimal(0)
        words = "mean of the days loaded; a forecast needs 14 days"
        return Tile(f"Cost per day{ending}", money(mean), Change(against=words))
    whole = curve.before[-1]
    month = text.month_name(curve.month_before.first)
    if whole is None:
        return Tile(
            label, money(curve.forecast), Change(against="nothing to compare with")
        )
    missing = figures.facts.missing_in(curve.month_before)
    against = f"{month}’s {money(whole)}"
    if missing:
        words = f"{counted(missing, 'day')} missing in {month}; on {money(whole)}"
        return Tile(label, money(curve.forecast), Change(against=words))
    return Tile(label, money(curve.forecast), _changed(curve.forecast, whole, against))


def change(
    figures: Figures, now: Decimal | int, before: Decimal | int, against: str
) -> Change:
    """The difference in per cent, where both sides are whole and there is one."""
    if figures.before is None:
        return Change(against="nothing to compare with")
    if missing := figures.missing_now + figures.missing_before:
        return Change(against=f"{counted(missing, 'day')} missing; on {against}")
    return _changed(now, before, against)


def _changed(now: Decimal | int, before: Decimal | int, against: str) -> Change:
    if not before:
        return Change("unknown", "", f"on {against}")
    share = Decimal(now) / Decimal(before) - 1
    amount = percent(abs(share))
    if amount == "0%":
        return Change("same", "", f"as before: {against}")
    return Change("up" if share > 0 else "down", amount, f"on {against}")


def _points(figures: Figures) -> Change:
    """Rates differ in points, and are beside the number they are of."""
    accepted, proposals = figures.accepted
    before, proposals_before = figures.accepted_before
    of = f"of {proposals:,} proposals"
    if not proposals:
        return Change(against="no proposals")
    if not proposals_before or figures.missing_now or figures.missing_before:
        return Change(against=of)
    points = 100 * (Decimal(accepted) / proposals - Decimal(before) / proposals_before)
    amount = f"{rounded(abs(points), 1)} pt"
    if amount == "0.0 pt":
        return Change("same", "", f"as before; {of}")
    return Change("up" if points > 0 else "down", amount, of)
