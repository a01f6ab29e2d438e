"""The demo's answers on a fixed day."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from rich.console import Console

from anthropic_admin_api.fake import FakeApi
from ccwarehouse.demo import FURTHER, days_of_the_demo, fill, last_full_month
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


def test_the_last_full_month_is_among_its_days():
    """This holds even if that month has 31 days and the next one has begun."""
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)

    assert (date(2026, 10, 1), date(2026, 11, 29)) == days_of_the_demo(now)


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


@pytest.mark.slow
def test_the_readme_shows_what_it_tells(told):
    """The README's excerpt is part of the real output."""
    readme = PAGES[ROOT / "README.md"]
    shown = readme.partition("```text\n")[2].partition("```")[0]
    lines = [line.rstrip() for line in shown.splitlines() if line]

    assert lines
    assert set(lines) <= set(told)
