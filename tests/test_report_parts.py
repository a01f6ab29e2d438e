"""The parts of a report that need no warehouse: days, numbers, colours, marks."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ccwarehouse.report.charts import Bars, Gaps, Line, Scale, Segment
from ccwarehouse.report.charts.element import element, markup
from ccwarehouse.report.charts.frame import Frame
from ccwarehouse.report.facts import Calendar, Facts, Tie, TieDay
from ccwarehouse.report.figures import Figures
from ccwarehouse.report.names import Names, models
from ccwarehouse.report.period import Span, month_of, period_of, usual_month
from ccwarehouse.report.render import asset
from ccwarehouse.report.sections import bill
from ccwarehouse.report.sections.paints import paints
from ccwarehouse.report.text import MINUS, Money, percent, plain, span

USD = Money("USD")
DASH = "\N{EN DASH}"


# which days, and how they are written


FETCHED = {date(2026, 10, 1) + timedelta(number): True for number in range(40)}


def test_the_running_month_is_shown_from_its_seventh_complete_day_on():
    """Before that the last full one, if a day of it was fetched."""
    sixth = {day: final for day, final in FETCHED.items() if day < date(2026, 11, 7)}
    alone = {day: True for day in sixth if day.month == 11}

    assert date(2026, 11, 1) == usual_month(FETCHED)
    assert date(2026, 10, 1) == usual_month(sixth)
    assert date(2026, 11, 1) == usual_month(alone)
    assert date(2026, 10, 1) == usual_month(sixth | {date(2026, 11, 7): False})


@pytest.mark.parametrize(
    ("month", "last", "before"),
    [
        (date(2026, 2, 1), date(2026, 2, 28), (date(2026, 1, 1), date(2026, 1, 28))),
        (date(2026, 3, 1), date(2026, 3, 31), (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 1, 1), date(2026, 1, 9), (date(2025, 12, 1), date(2025, 12, 9))),
    ],
)
def test_a_month_is_compared_with_the_same_days_of_the_month_before(
    month, last, before
):
    """As far as that has them; also over the new year."""
    days = Span(date(2025, 11, 1), last)
    period = period_of(month_of(month), list(days), is_month=True)

    assert Span(*before) == period.before
    assert last == period.known.last


def test_numbers_are_written_as_people_read_them():
    """Halves away from zero, cents below 1,000, a true minus."""
    assert ["$999.99", "$1,000", "\N{MINUS SIGN}$0.13", "$25k"] == [
        USD(Decimal("999.99")),
        USD(Decimal("1000.4")),
        USD(Decimal("-0.125")),
        USD.tick(Decimal(25_000)),
    ]
    assert "1,234\N{NO-BREAK SPACE}CHF" == Money("CHF")(1234)
    assert "5%" == percent(Decimal("0.045"))
    assert f"28 December 2025 {DASH} 3 January 2026" == span(
        date(2025, 12, 28), date(2026, 1, 3)
    )
    assert "a\ufffdb" == plain("a\u202eb")


# what can be seen


def contrast(one, other):
    """How much two colours differ, as WCAG has it."""
    lighter, darker = sorted(map(luminance, (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_texts_and_marks_stand_out(scheme):
    """4.5 to 1 for texts and 3 to 1 for marks, in each scheme."""
    block = re.findall(r":root \{(.*?)\}", asset("style.css"), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    card = colours["card"]
    texts = [(colours[ink], colours[on]) for ink in ("ink", "soft") for on in TEXT_ON]
    texts += [
        (colours[name], colours[f"{name}-bg"]) for name in ("bad", "warn", "good")
    ]
    marks = [name for name in colours if name[-2:] in ("-1", "-2", "-3")]
    marks += ["rest", "day", "week", "month", "current", "earlier", "budget", "sign"]

    assert [] == [pair for pair in texts if contrast(*pair) < 4.5]
    assert contrast(colours["gap-word"], card) >= 4.5
    assert [] == [name for name in marks if contrast(colours[name], card) < 3]


TEXT_ON = ("bg", "card", "mild-bg")


def test_print_has_the_colours_of_the_light_scheme():
    """Whatever scheme the screen has."""
    light, _, paper = re.findall(r":root \{(.*?)\}", asset("style.css"), re.DOTALL)
    colours = [
        dict(re.findall(r"--([\w-]+): (#\w{6})", text)) for text in (light, paper)
    ]
    differ = {name for name in colours[0] if colours[0][name] != colours[1][name]}

    assert {"bg", "line"} >= differ


# how it is drawn

FRAME = Frame(4, Scale.of(10, str), 100)


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (0.03, 0.03), (9, 10), (11, 15), (1122, 1500), (7e5, 8e5)]
)
def test_a_scale_ends_at_a_round_value_with_few_ticks(most, top):
    """It has room for the most, and four steps at most."""
    scale = Scale.of(most, str)

    assert top == pytest.approx(scale.top)
    assert 2 <= len(scale.ticks) <= 5


def test_places_are_in_per_cent_without_a_width_and_in_pixels_with_one():
    """So that text keeps its size on any screen."""
    wide = Frame(4, FRAME.scale, 100, 200)

    assert ("12.5%", "100%") == (FRAME.x(0), FRAME.end)
    assert ("25", "200") == (wide.x(0), wide.end)


def test_a_line_breaks_where_nothing_is_known():
    """A point alone is a dot; nothing is drawn through a gap."""
    drawn = list(Line([1, 2, None, 3], "current").draw(FRAME))

    assert ["line", "circle"] == [mark.tag for mark in drawn]


def test_bars_leave_out_what_is_nought_and_missing_days_have_a_word():
    """Neighbours that are missing share one."""
    stacks = [[Segment(1, "a"), Segment(0, "b")], [], [Segment(-1, "a")]]
    bars = list(Bars(stacks).draw(FRAME))
    gaps = [mark.text for mark in Gaps([(1, 2)]).draw(FRAME) if mark.tag == "text"]

    assert [1] == [len(bar) for bar in bars]
    assert ["missing"] == gaps


def test_texts_and_attributes_of_a_drawing_are_escaped():
    """By the serialiser, whatever they hold."""
    drawn = markup(element("text", text="<b>&", class_='"><script>'))

    assert "<b>" not in drawn
    assert "<script>" not in drawn


def test_models_have_short_names_unless_two_would_share_one():
    """And colours by their family, the newest with the first shade."""
    names = ["claude-opus-4-5-20251101", "claude-opus-4-1", "claude-3-5-haiku", "", "x"]
    both = ["claude-opus-4-5-20251101", "claude-opus-4-5"]

    assert ["Opus 4.5", "Opus 4.1", "Haiku 3.5", "(no model)", "x"] == [
        models(names)[name] for name in names
    ]
    assert both == [models(both)[name] for name in both]
    assert ["opus-1", "opus-2", "haiku-1"] == [paints(names)[n] for n in names[:3]]


def test_hidden_names_are_numbers_that_stay():
    """People and keys are counted apart."""
    names = Names(are_hidden=True)
    said = [names.actor(name) for name in ("b@x", "a@x", "b@x")]

    assert ["Person 1", "Person 2", "Person 1"] == said
    assert "API key 1" == names.actor("ci", "api_actor")


# does it tie to the bill?


def test_without_a_bill_nothing_is_said_of_one():
    """An estimate by itself, or the directory without the bill, makes no section."""
    assert not told_of_the_bill()
    assert not told_of_the_bill(tie("sign_in", "bill_not_loaded", "5", None))


def test_the_difference_is_the_sum_of_its_reasons():
    """What is billed elsewhere has rows of its own, and is in no difference."""
    [section] = told_of_the_bill(
        tie("elsewhere", "not_separable", None, "7"),
        tie("api_key", "billed_elsewhere", "3", None),
        tie("sign_in", "web_search", "0", "0.5"),
        tie("sign_in", "discount", "2000", "1800"),
        tie("sign_in", None, "1", "1"),
    )
    rows = [[cell.text for cell in row][1:] for row in section.cards[0].table.rows]

    assert [
        ["$2,001.00", "$1,801.50", f"{MINUS}$199.50"],
        ["$1.00", "$1.00", "$0.00"],
        ["$2,000.00", "$1,800.00", f"{MINUS}$200.00"],
        ["$0.00", "$0.50", "$0.50"],
        ["$3.00", DASH, DASH],
        [DASH, "$7.00", DASH],
    ] == rows
    assert "2 of the 3 days" in section.cards[0].notes[0]
    assert "agree on 1 of the 2 days" in section.cards[0].notes[0]


def test_who_is_not_compared_is_in_no_sum():
    """An estimate without its bill would make the first row's figures contradict."""
    [section] = told_of_the_bill(
        tie("sign_in", "bill_not_loaded", "5", None),
        tie("sign_in", None, "1", "1"),
    )
    rows = [[cell.text for cell in row] for row in section.cards[0].table.rows]

    assert [
        ["People who sign in", "$1.00", "$1.00", "$0.00"],
        ["of these: no difference", "$1.00", "$1.00", "$0.00"],
        [
            "People who sign in, not compared: their bill is not loaded",
            *("$5.00", DASH, DASH),
        ],
    ] == rows


def test_two_currencies_of_a_bill_are_not_added_up():
    """Each has a table, and amounts carry the code."""
    [section] = told_of_the_bill(
        tie("sign_in", None, "1", "1"), tie("sign_in", None, "2", "2", "EUR")
    )

    assert ["Estimate and bill, EUR", "Estimate and bill, USD"] == [
        card.title for card in section.cards
    ]
    assert ["2.00\N{NO-BREAK SPACE}EUR", "1.00\N{NO-BREAK SPACE}USD"] == [
        card.table.rows[0][1].text for card in section.cards
    ]


def tie(part, reason, estimated, billed, currency="USD"):
    """The figures of a part; both sides give a difference."""
    amounts = [
        None if given is None else Decimal(given) for given in (estimated, billed)
    ]
    difference = None if None in amounts else amounts[1] - amounts[0]
    return Tie(part, reason, currency, *amounts, difference)


def told_of_the_bill(*ties):
    """The sections for these, where two of three days are compared, and one agrees."""
    days = [TieDay(date(2026, 10, n), n < 3, n < 3, n < 2) for n in (1, 2, 3)]
    month = period_of(month_of(date(2026, 10, 1)), FETCHED, is_month=True)
    calendar = Calendar("default", FETCHED)
    found = Facts(calendar, month, month.known, ties=ties, tie_days=days)
    return list(bill.sections(Figures(found)))
