"""Numbers and days as people read them. Months have English names in any locale."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
DAYS: Final = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}
MINUS: Final = "\N{MINUS SIGN}"
DASH: Final = "\N{EN DASH}"
WITHHELD: Final = "few people"
LONGEST: Final = 40  # letters of a name

Number: TypeAlias = int | float | Decimal


def plain(name: str, longest: int = LONGEST) -> str:
    """A name from outside on one line: nothing invisible in it, and not too long."""
    seen = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"


def rounded(number: Number, places: int = 0) -> str:
    """Digits in groups of three; halves are rounded away from zero."""
    unit = Decimal(1).scaleb(-places)
    shown: Decimal = Decimal(str(number)).quantize(unit, ROUND_HALF_UP)
    return f"{abs(shown):,}" if shown >= 0 else f"{MINUS}{abs(shown):,}"


def percent(share: Number, places: int = 0) -> str:
    """A share of 1 as per cent."""
    return f"{rounded(Decimal(str(share)) * 100, places)}%"


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def listed(parts: Iterable[str]) -> str:
    """Texts with commas, and an "and" before the last."""
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last


class Money:
    """How amounts of a currency are written: from 1,000 on without cents.

    A sign stands in front where there is one currency, else its code behind.
    """

    def __init__(self, currency: str, *, is_only_one: bool = True) -> None:
        self.currency = currency
        self._sign = SIGNS.get(currency) if is_only_one else None

    def __call__(self, amount: Number) -> str:
        is_large = not -1000 < amount < 1000
        return self._marked(rounded(amount, 0 if is_large else 2))

    def exact(self, amount: Number) -> str:
        """With cents, however large."""
        return self._marked(rounded(amount, 2))

    def tick(self, amount: Number) -> str:
        """On a scale: as few letters as will do, without a code."""
        if amount >= 10_000:
            thousands = Decimal(str(amount)) / 1000
            return f"{self._sign or ''}{thousands.normalize():,f}k"
        digits = rounded(amount, 0 if amount == int(amount) else 2)
        return f"{self._sign or ''}{digits}"

    def _marked(self, digits: str) -> str:
        if self._sign is None:
            return f"{digits}\N{NO-BREAK SPACE}{plain(self.currency, 12)}"
        if digits.startswith(MINUS):
            return f"{MINUS}{self._sign}{digits[1:]}"
        return f"{self._sign}{digits}"


def month_name(day: date) -> str:
    """As in November."""
    return MONTHS[day.month - 1]


def month_year(day: date) -> str:
    """As in November 2026."""
    return f"{month_name(day)} {day.year}"


def short_month(day: date) -> str:
    """As in Nov."""
    return month_name(day)[:3]


def long_day(day: date) -> str:
    """As in 11 November 2026."""
    return f"{day.day} {month_year(day)}"


def weekday_day(day: date, *, is_long: bool = False) -> str:
    """As in Wed 11 Nov, or Wednesday 11 Nov."""
    name = DAYS[day.weekday()]
    return f"{name if is_long else name[:3]} {day.day} {short_month(day)}"


def span(first: date, last: date, *, with_year: bool = True) -> str:
    """As in 1-22 November 2026: nothing is said twice."""
    year = f" {last.year}" if with_year or first.year != last.year else ""
    end = f"{last.day} {month_name(last)}{year}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{DASH}{end}"
    before = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {month_name(first)}{before} {DASH} {end}"


def short_span(first: date, last: date) -> str:
    """As in Nov 1-22."""
    if (first.year, first.month) == (last.year, last.month):
        days = f"{first.day}{DASH}{last.day}" if first != last else f"{first.day}"
        return f"{short_month(first)} {days}"
    return f"{first.day} {short_month(first)}{DASH}{last.day} {short_month(last)}"
