"""The sentences below the figures: what is unusual comes first."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from .. import text
from ..blocks import Part, Point, sentence, strong
from ..facts import Anomaly, Budget
from ..figures import HISTORY, ZERO, CurrencyFigures, Figures
from ..names import Names
from ..text import counted, listed, percent, plain, rounded

MOST: Final = 6
MOST_UNUSUAL: Final = 3
MOST_OVER: Final = 3
ORGANISATION: Final = "the organisation"


def points(figures: Figures, names: Names) -> list[Point]:
    """At most six sentences."""
    parts = [
        *_unusual(figures, names),
        *_over_budget(figures, names),
        *_nothing_unusual(figures),
        *_working_days(figures),
        *_came_back(figures),
        *_new_people(figures),
        *(point for spent in figures.currencies for point in _subscribed(spent)),
    ]
    return parts[:MOST]


def anomalies(figures: Figures) -> list[Anomaly]:
    """The unusual days of the period, in order."""
    found = (day for day in figures.facts.anomalies if day.date in figures.known)
    return sorted(found, key=lambda day: (day.date, day.currency))


def _unusual(figures: Figures, names: Names) -> Iterator[Point]:
    days = anomalies(figures)
    money = {spent.currency: spent.money for spent in figures.currencies}
    worst = sorted(days, key=lambda day: -day.excess)[:MOST_UNUSUAL]
    for day in (day for day in days if day in worst):
        say = money[day.currency]
        is_weekend = figures.facts.is_weekend(day.date)
        kind = "weekend day" if is_weekend else "working day"
        yield Point(
            "unusual",
            sentence(
                strong(text.weekday_day(day.date, is_long=True)),
                f" cost {say(day.cost)}, where {say(day.usual)} is usual for a {kind}",
                *_explained(day, names, say),
            ),
        )
    if len(days) > MOST_UNUSUAL:
        more = counted(len(days) - MOST_UNUSUAL, "more day was", "more days were")
        yield Point("unusual", sentence(f"{more} unusual: the chart marks all."))


def _nothing_unusual(figures: Figures) -> Iterator[Point]:
    if anomalies(figures):
        return
    words = "No day cost unusually much."
    if (figures.known.last - figures.history_from).days + 1 <= HISTORY:
        words = "Too little history yet to say what is unusual: that takes 28 days."
    yield Point("plain", sentence(words))


def _explained(day: Anomaly, names: Names, say: text.Money) -> Iterator[str | Part]:
    if day.top_actor is None or day.top_actor_excess is None:
        yield "; no single user explains it."
        return
    # a key has no @; the mart has no kind beside the name
    kind = "user_actor" if "@" in day.top_actor else "api_actor"
    yield "; "
    yield names.actor(day.top_actor, kind)
    yield f" alone cost {say(day.top_actor_excess)} more than usual."


def _over_budget(figures: Figures, names: Names) -> Iterator[Point]:
    """Which budgets are over or will be, in a sentence each."""
    money = {spent.currency: spent.money for spent in figures.currencies}
    for state, words in (("over", "over budget"), ("forecast_over", "on the way over")):
        found = [budget for budget in figures.facts.budgets if budget.state == state]
        if not found:
            continue
        who = [budget_name(each, names) for each in found[:MOST_OVER]]
        if len(found) > MOST_OVER:
            who.append(f"{len(found) - MOST_OVER} more")
        are = "is" if len(found) == 1 else "are"
        told = ""
        if len(found) == 1 and found[0].currency in money:
            say, spent = money[found[0].currency], found[0].spent
            amount = spent if state == "over" else found[0].forecast
            if amount is not None:
                told = f": {say(amount)} of {say(found[0].amount)}"
        whose = strong(at_the_start(listed(who)))
        yield Point("warning", sentence(whose, f" {are} {words}{told}."))


def budget_name(budget: Budget, names: Names) -> str:
    """Whose budget it is, and of which part of the cost."""
    name = plain(budget.name)
    if budget.scope == "organisation":
        name = ORGANISATION
    elif budget.scope == "user":
        kind = "user_actor" if "@" in budget.name else "api_actor"
        name = names.actor(budget.name, kind)
    return name if budget.basis == "all" else f"{name} ({plain(budget.basis)})"


def at_the_start(words: str) -> str:
    """With a capital, but names as they are."""
    return f"T{words[1:]}" if words.startswith(ORGANISATION) else words


def _working_days(figures: Figures) -> Iterator[Point]:
    last = figures.known.last
    mean, people = figures.users.on_working_days(last), figures.users.monthly(last)
    if mean is None or not people:
        return
    of_all = counted(people, "person", "people")
    yield Point(
        "plain",
        sentence(
            f"On a working day {rounded(mean)} of the {of_all}"
            f" of the last 28 days use it ({percent(mean / people)})."
        ),
    )


def _came_back(figures: Figures) -> Iterator[Point]:
    people = figures.facts.people
    if figures.users.monthly(figures.known.last) is None or not people.earlier:
        return
    if (figures.known.last - figures.history_from).days + 1 < 2 * HISTORY:
        return
    if people.came_back == people.earlier:
        words = "Everyone active in the 28 days before that came back in the last 28."
    else:
        words = (
            f"{people.came_back:,} of the {counted(people.earlier, 'person', 'people')}"
            " active in the 28 days before that came back in the last 28."
        )
    yield Point("plain", sentence(words))


def _new_people(figures: Figures) -> Iterator[Point]:
    period = figures.facts.period
    if not period or not period.is_month:
        return
    new = sum(
        cohort.users
        for cohort in figures.facts.cohorts
        if cohort.month == period.asked.first
        and cohort.months_since == 0
        and not cohort.is_left_edge
    )
    if new:
        used = counted(new, "person", "people")
        yield Point("plain", sentence(f"{used} used it for the first time."))


def _subscribed(spent: CurrencyFigures) -> Iterator[Point]:
    """A total over both is what it would have cost; so it says how much is which."""
    if spent.subscribed == ZERO or not spent.now:
        return
    share = percent(Decimal(spent.subscribed) / spent.now)
    yield Point(
        "plain",
        sentence(
            f"{spent.money(spent.subscribed)} of the cost ({share}) is usage on"
            " subscriptions, which is not billed by the token."
        ),
    )
