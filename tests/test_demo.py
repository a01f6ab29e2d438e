"""The demo's answers on a fixed day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from anthropic_admin_api.fake import FakeApi, error
from ccwarehouse.demo import FURTHER, answers, days_of_the_demo, fill, last_full_month
from ccwarehouse.demo.answers import answer
from ccwarehouse.warehouses import open_warehouse
from pages import PAGES, ROOT

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The answers, in a terminal of 80 columns."""
    database = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    console = Console(width=80, file=StringIO(), highlight=False)
    with (
        FakeApi(now=lambda: NOW) as api,
        open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened,
    ):
        fill(opened, api.url, *days_of_the_demo(NOW), NOW, further=FURTHER)
        answer(opened, last_full_month(NOW), console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_last_two_full_months_are_among_its_days():
    """On each day of two years, of which one is a leap year."""
    for ago in range(731):
        now = datetime(2028, 12, 31, 12, tzinfo=UTC) - timedelta(days=ago)
        before = last_full_month(now) - timedelta(days=1)
        assert days_of_the_demo(now)[0] <= before.replace(day=1)


@pytest.mark.slow
def test_its_answers_fit_on_a_screen(told):
    """Some lines are left for the text before and after them."""
    assert len(told) <= 40
    assert max(map(len, told)) <= 80


@pytest.mark.slow
def test_it_tells_of_a_budget_an_unusual_day_and_who_came_and_went(told):
    """One team is over its budget, and one person explains the unusual day."""
    over = [line for line in told if line.endswith("over budget")]
    story = told[told.index("What stands out?") + 1 :]

    assert ["Platform"] == [line.split()[0] for line in over]
    assert {"unusual", "stopped", "new"} <= {line.split()[0] for line in story}
    assert "carl.jensen@example.com alone cost" in " ".join(story)


@pytest.mark.slow
def test_it_says_in_three_lines_whether_it_ties_to_the_bill(told):
    """The difference is named, and what is billed elsewhere stands apart."""
    [title] = [line for line in told if line.startswith("Does it tie")]
    lines = told[told.index(title) + 1 :][:4]

    assert ["sign-ins", "difference", "elsewhere"] == [
        line.split()[0] for line in lines[:3]
    ]
    assert "discount" in lines[1]
    assert not lines[3]


def said(ties):
    """The lines below the title."""
    console = Console(width=80, file=StringIO(), highlight=False)
    answers._bill([answers.Tie(*tie) for tie in ties], date(2026, 10, 1), console)
    lines = console.file.getvalue().splitlines()[2:]
    return [" ".join(line.split()) for line in lines]


def test_each_currency_is_summed_by_itself():
    """And named: amounts of two currencies have no sum."""
    tie = ("sign_in", None, "EUR", Decimal(5), Decimal(5), Decimal(0))
    one, ten = Decimal(1), Decimal(10)

    assert [
        "sign-ins estimate 5.00 EUR, bill 5.00 EUR",
        "difference 0.00 EUR",
        "sign-ins estimate 10.00 USD, bill 9.00 USD",
        "difference -1.00 USD: discount -1.00",
        "elsewhere 1.00 USD: keys and other programs, not told apart",
    ] == said(
        [
            tie,
            ("sign_in", "discount", "USD", ten, ten - one, -one),
            ("elsewhere", "not_separable", "USD", None, one, None),
        ]
    )


def test_without_a_bill_no_amount_is_told():
    """0 would say that nothing was billed."""
    tie = ("sign_in", "bill_not_loaded", "USD", Decimal(5), None, None)

    assert said([tie]) == said([]) == ["no bill nothing of the month's bill is loaded"]


@pytest.mark.slow
def test_a_report_that_cannot_be_loaded_is_told(tmp_path):
    """As a load tells it; the answer that needs it says that it lacks it."""
    last = date(2026, 10, 31)
    console = Console(width=80, file=StringIO(), highlight=False)
    with (
        FakeApi(now=lambda: NOW) as api,
        open_warehouse("duckdb", tmp_path / "demo.duckdb", "x", sole_writer=True) as to,
    ):
        api.fault = lambda call: error(401, "bad") if "cost" in call.path else None
        filled = fill(to, api.url, last, last, NOW, further=FURTHER[:1])
        answer(to, date(2026, 10, 1), console)

    [line] = filled.remarks
    end = filled.end("demo.duckdb")
    assert (4, line) == (end.code, end.error)
    assert line.startswith("cost_report: The API refused")
    assert "nothing of the month's bill is loaded" in console.file.getvalue()


@pytest.mark.slow
def test_the_readme_shows_what_it_tells(told):
    """The README's excerpt is part of the real output."""
    readme = PAGES[ROOT / "README.md"]
    shown = readme.partition("```text\n")[2].partition("```")[0]
    lines = [line.rstrip() for line in shown.splitlines() if line]

    assert lines
    assert set(lines) <= set(told)
