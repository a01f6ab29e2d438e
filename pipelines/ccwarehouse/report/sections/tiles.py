"""The six figures on top, each with what it is compared with."""

from collections.abc import Iterator
from decimal import Decimal

from .. import text
from ..blocks import Change, Tile
from ..figures import CurrencyFigures, Figures, per_person
from ..text import DASH, counted, percent, plain, rounded


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
