"""The report: one page whose figures are those of the marts, in whatever state."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from anthropic_admin_api.fake import organisation as made_up
from bench import marts as bench
from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.report import Request, pictures, write_report
from ccwarehouse.report.text import Money, percent, rounded
from ccwarehouse.warehouses import open_warehouse
from inputs import stored
from loads import History, execute, record
from pages import ROOT
from reports import EVIL, demo, evil, few, loaded, marts, page
from soak import at_length

pytestmark = pytest.mark.slow

USD = Money("USD")
DASH = "\N{EN DASH}"
KNOWN = {
    *("html", "head", "meta", "title", "style", "body", "a", "div", "header"),
    *("h1", "h2", "h3", "h4", "p", "span", "main", "ul", "li"),
    *("dl", "dt", "dd", "section", "article", "svg", "g", "rect", "line"),
    *(
        "circle",
        "path",
        "text",
        "details",
        "summary",
        "table",
        "caption",
        "thead",
        "tbody",
    ),
    *("tfoot", "tr", "th", "td", "strong", "code", "footer", "script"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def database(folder):
    """The demo's organisation, with teams and budgets, through 22 November."""
    return demo(folder / "demo.duckdb")


@pytest.fixture(scope="module")
def november(database):
    return page(database)


# one truth


def test_the_figures_on_top_are_those_of_the_marts(database, november):
    """Cost, forecast, people, acceptance and pull requests, each as a mart has it."""
    now = "date between date '2026-11-01' and date '2026-11-22'"
    with marts(database) as ask:
        cost = ask(f"select sum(estimated_cost) from org_cost_daily where {now}")
        forecast = ask(
            "select sum(forecast) from month_forecast where month = '2026-11-01'"
        )
        people = ask(f"select count(distinct actor) from person_days where {now}")
        ((accepted, proposals, pulled),) = ask(
            "select sum(accepted), sum(proposals), sum(pull_requests) from org_daily"
            f" where {now}"
        )
    tiles = {label: value for label, (value, _) in november.tiles.items()}

    assert {
        "Estimated cost": USD(cost),
        "Month forecast": USD(forecast),
        "Active people": f"{people:,}",
        "Cost per person": tiles["Cost per person"],
        "Acceptance rate": percent(Decimal(accepted) / proposals, 1),
        "Pull requests": f"{pulled:,}",
    } == {label: tiles[label] for label in list(tiles)[:6]}


def test_tile_legend_chart_and_table_say_the_same(november):
    """Each figure is reckoned once: hover and table have the same texts."""
    by_day = november.tables["Cost per day and model"]
    hover = {hit[1]: [text for _, text in hit[2:]] for hit in november.hits[0]}

    assert hover == {row[0].rsplit(" ", 1)[0]: row[1:] for row in by_day[1:]}
    added_up = november.tables["Cost added up"]
    tiles = november.tiles
    assert tiles["Month forecast"][0] == added_up[2][2]
    assert tiles["Estimated cost"][0] == {row[0]: row[1] for row in added_up}["22"]
    legend = " ".join(november.classes["legend"])
    assert f"November, 22 days {tiles['Estimated cost'][0]}" in legend
    assert f"forecast {tiles['Month forecast'][0]}" in legend
    units = {row[0]: row for row in november.tables["Cost of a unit"]}
    assert tiles["Cost per person"][0] == units["active person"][1]
    assert "Total" == november.tables["Cost by user"][-1][0]
    assert tiles["Estimated cost"][0] == november.tables["Cost by user"][-1][2]
    assert tiles["Estimated cost"][0] == november.tables["Cost by team"][-1][2]


def test_each_day_of_the_tables_is_that_of_the_marts(database, november):
    """Cost by day, and people of the day, of 7 and of 28 days."""
    with marts(database) as ask:
        costs = ask("select date, sum(estimated_cost) from org_cost_daily group by 1")
        people = ask("select date, dau, wau, mau from adoption_daily")
    said = {row[0]: row[1:] for row in november.tables["Cost per day and model"][1:]}

    assert {named(day): USD(cost) for day, cost in costs} == {
        day: cells[0] for day, cells in said.items()
    }
    (caption,) = (name for name in november.tables if name.startswith("People, "))
    assert {
        named(day): ["not yet" if n is None else f"{n:,}" for n in counts]
        for day, *counts in people
    } == {row[0]: row[1:] for row in november.tables[caption][1:]}


def named(day):
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def test_unit_costs_of_a_whole_month_are_those_of_the_mart(database):
    """Also with two currencies on one day of an actor, where one row has the counts."""
    october = page(database, month=date(2026, 10, 1))
    with marts(database) as ask:
        ((cost, sessions, commits),) = ask(
            "select sum(estimated_cost_with_activity), sum(sessions), sum(commits)"
            " from unit_cost_monthly where month = '2026-10-01'"
        )
    units = {row[0]: row[1] for row in october.tables["Cost of a unit"]}

    assert USD(cost / sessions) == units["session"]
    assert USD(cost / commits) == units["commit"]


def test_two_currencies_have_a_section_each_and_are_never_added_up(folder):
    """Codes instead of signs; unit costs are those of the mart in each."""

    def usage(day):
        records = few(day)
        for entry in records[:1]:
            second = json.loads(json.dumps(entry["model_breakdown"][0]))
            second["estimated_cost"] = {"currency": "EUR", "amount": 700}
            entry["model_breakdown"].append(second)
        return records

    database = loaded(folder / "two.duckdb", usage, "2026-10-01", "2026-11-22")
    found = page(database)
    tiles = found.tiles
    with marts(database) as ask:
        costs = ask(
            "select currency, sum(estimated_cost) from org_cost_daily where date >="
            " '2026-11-01' group by 1 order by 1"
        )
    october = page(database, month=date(2026, 10, 1))
    with marts(database) as ask:
        per_session = ask(
            "select currency, sum(estimated_cost_with_activity) / sum(sessions) from"
            " unit_cost_monthly where month = '2026-10-01' group by 1 order by 1"
        )

    assert {"EUR", "USD"} == {currency for currency, _ in costs}
    for currency, cost in costs:
        assert (
            f"{rounded(cost, 2)} {currency}" == tiles[f"Estimated cost, {currency}"][0]
        )
    for currency, cost in per_session:
        units = {row[0]: row for row in october.tables[f"Cost of a unit, {currency}"]}
        assert f"{rounded(cost, 2)} {currency}" == units["session"][1]
    assert "$" not in found.said


# nothing from outside becomes markup


@pytest.fixture(scope="module")
def hostile(folder):
    return page(evil(folder / "hostile.duckdb"), title=EVIL)


def test_no_text_from_outside_becomes_markup(hostile):
    """It is shown as text: no element beyond the known ones, and no handler."""
    assert KNOWN >= hostile.elements
    assert [] == [name for _, name, _ in hostile.attributes if name.startswith("on")]
    assert hostile.text.count("<script>") == 1
    assert "<script>alert(1)</script>" in hostile.said
    assert "\x00" not in hostile.text
    assert "\u202e" not in hostile.text


def test_the_policy_allows_only_the_style_and_the_script_of_the_file(november):
    """By their hashes, before the style; nothing is fetched, no style is inline."""
    (style,) = re.findall("<style>(.*?)</style>", november.text, re.DOTALL)
    (script,) = re.findall("<script>(.*?)</script>", november.text, re.DOTALL)
    (policy,) = (
        value
        for tag, name, value in november.attributes
        if tag == "meta" and value and value.startswith("default-src")
    )

    assert f"style-src {digest(style)};" in policy
    assert f"script-src {digest(script)};" in policy
    assert policy.startswith("default-src 'none';")
    assert november.text.index("Content-Security-Policy") < november.text.index(
        "<style"
    )
    assert not re.search(r"https?:|//[a-z]|\ssrc=", november.text)
    names = {name for _, name, _ in november.attributes}
    assert {"style", "src"}.isdisjoint(names)


def digest(text):
    return (
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
    )


def test_without_names_the_file_has_neither_name_nor_email(database, november):
    """Not even in what hover says; people and keys have numbers."""
    with marts(database) as ask:
        actors = {actor for (actor,) in ask("select distinct actor from user_daily")}
    hidden = page(database, has_names=False)

    assert [] == [actor for actor in actors if actor in hidden.text]
    assert [] == [name for name in actors if name.split("@")[0] in hidden.text]
    assert "Person 1 alone cost" in hidden.said
    assert any(actor in november.text for actor in actors)


# what it says in each state


def test_nothing_loaded_is_a_page_all_the_same(tmp_path):
    """It ends with 0 and says what to do."""
    out = tmp_path / "report.html"
    words = ["report", "--database", str(tmp_path / "none.duckdb"), "--out", str(out)]
    done = CliRunner().invoke(main, words)

    assert 0 == done.exit_code, done.stderr
    assert "Load: ccwarehouse load" in done.stdout
    assert "Nothing is loaded yet. ccwarehouse load does it." in page_text(out)


def page_text(file):
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", file.read_text(encoding="utf-8")))


def test_a_report_without_records_says_what_it_does_not_cover(folder):
    """The key works and every day is empty."""
    database = loaded(
        folder / "empty.duckdb", lambda day: [], "2026-11-18", "2026-11-22"
    )
    said = page(database).said

    assert "Every day is empty." in said
    assert "OAuth users on Team and Enterprise plans" in said


def test_three_people_and_five_days_are_compared_with_nothing(folder):
    """The days before the history are unknown, not 0."""
    database = loaded(folder / "few.duckdb", few, "2026-11-18", "2026-11-22")
    found = page(database)
    tiles = found.tiles

    assert "The first day loaded is 18 November 2026;" in found.said
    assert "nothing to compare with" == tiles["Estimated cost"][1]
    assert "nothing to compare with" == tiles["Cost per person"][1]
    assert (
        "mean of the days loaded; a forecast needs 14 days" == tiles["Cost per day"][1]
    )
    assert "Too little history yet to say what is unusual: that takes 28 days." in (
        found.said
    )
    assert "not yet" in found.said
    assert "%" not in tiles["Estimated cost"][1]
    assert "NaN" not in found.said
    assert "None" not in found.said


@pytest.fixture(scope="module")
def gaps(folder):
    """Two days in a row failed, one in the month before, and today is running."""
    return page(
        loaded(
            folder / "gaps.duckdb",
            made_up.usage,
            "2026-10-01",
            "2026-11-23",
            failing={"2026-10-05", "2026-11-11", "2026-11-12"},
            include_today=True,
        )
    )


def test_missing_and_provisional_days_are_said_before_any_figure(gaps):
    """In words, and with what fetches them."""
    incomplete, provisional = gaps.classes["notice"]

    assert (
        f"Incomplete. 3 days missing: 5 October 2026 and 11{DASH}12 November 2026."
        " Totals that span them are too low. ccwarehouse load fetches what is missing."
    ) == incomplete
    assert provisional.startswith(
        "Provisional. 23 November 2026 is provisional, shown paler."
    )
    assert gaps.text.index("Incomplete.") < gaps.text.index("Estimated cost")


def test_with_days_missing_there_is_no_percentage(gaps):
    """The figure before stands there all the same."""
    changes = [change for _, change in list(gaps.tiles.values())[:6]]

    assert re.fullmatch(r"3 days missing; on \$[0-9,]+", changes[0])
    assert not any("%" in change for change in changes)
    assert ["missing"] == list(
        {
            row[1]
            for row in gaps.tables["Cost per day and model"]
            if row[0].endswith("(missing)")
        }
    )
    assert "November, 21 of 23 days" in " ".join(gaps.classes["legend"])


def test_the_forecast_is_that_of_the_mart_with_missing_and_provisional_days(
    gaps, folder
):
    """Both count with what is expected of them."""
    with marts(folder / "gaps.duckdb") as ask:
        forecast = ask(
            "select sum(forecast) from month_forecast where month = '2026-11-01'"
        )

    assert USD(forecast) == gaps.tiles["Month forecast"][0]
    assert USD(forecast) == gaps.tables["Cost added up"][2][2]


def test_days_that_failed_after_the_last_one_are_missing(folder):
    """No day after them was ever fetched whole."""
    database = loaded(
        folder / "tail.duckdb",
        few,
        "2026-11-02",
        "2026-11-22",
        failing={"2026-11-21", "2026-11-22"},
    )
    found = page(database)

    assert f"2 days missing: 21{DASH}22 November 2026." in found.said
    assert "data through 20 November 2026, UTC" in found.said


def test_sessions_without_a_cost_are_said_beside_unit_costs(folder):
    """A quotient over all of them would be too low."""

    def usage(day):
        first, *others = few(day) or [None]
        if first:
            first["model_breakdown"] = []
        return [first, *others] if first else []

    database = loaded(folder / "free.duckdb", usage, "2026-10-01", "2026-11-22")
    said = page(database).said

    assert re.search(
        r"[0-9]+% of sessions carry no cost: unit costs are of the other", said
    )


def test_without_proposals_there_is_no_rate(folder):
    """And no card about proposals."""

    def usage(day):
        return [entry | {"tool_actions": {}} for entry in few(day)]

    database = loaded(folder / "rates.duckdb", usage, "2026-11-02", "2026-11-22")
    found = page(database)

    assert (f"{DASH} (none)", "no proposals") == found.tiles["Acceptance rate"]
    assert "Are proposals accepted?" not in found.said


def test_a_month_in_which_nobody_used_it_is_a_month_of_noughts(folder):
    """Days that were fetched and are empty are known."""

    def usage(day):
        return few(day) if day < date(2026, 9, 30) else []

    database = loaded(folder / "quiet.duckdb", usage, "2026-09-07", "2026-11-22")
    found = page(database)
    tiles = found.tiles

    assert ("$0.00", "on $0.00") == tiles["Estimated cost"]
    assert ("0", "on 0") == tiles["Active people"]
    assert f"{DASH} (none)" == tiles["Cost per person"][0]
    assert "None" not in found.said


def test_organisations_of_an_account_are_added_up(folder):
    """Costs are; who is in several counts in each, as the page says."""

    def usage(day):
        records = few(day)
        return [*records, *(each | {"organization_id": "other"} for each in records)]

    database = loaded(folder / "orgs.duckdb", usage, "2026-11-02", "2026-11-22")
    with marts(database) as ask:
        cost = ask("select sum(estimated_cost) from org_cost_daily")
    found = page(database)

    assert USD(cost) == found.tiles["Estimated cost"][0]
    assert "Who is in several organisations counts in each." in found.said


def test_a_budget_of_the_organisation_and_of_a_user_are_shown(folder):
    """The one as a line in the chart as well, the other without the user's name."""
    database = loaded(folder / "budgets.duckdb", few, "2026-11-02", "2026-11-22")
    stored(
        database,
        budgets="scope,name,month,amount,currency\norganisation,,2026-11,500,USD\n"
        "user,ann@example.com,2026-11,10,USD\n",
    )
    with open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened:
        opened.build_views()
    found = page(database, has_names=False)
    rows = {row[0]: row for row in found.tables["Budgets"]}

    assert {"The organisation", "Person 1"} <= rows.keys()
    assert "over budget" == rows["Person 1"][-1]
    assert "budget $500.00" in " ".join(found.classes["legend"])
    assert "@" not in found.said


def test_the_story_of_the_demo_is_told_in_at_most_six_sentences(november):
    """The unusual day and who explains it come first, then the budget that is over."""
    points = november.inner["li"][:6]

    assert re.match(
        r"Unusual: Wednesday 11 Nov cost \$1,122, where \$284.42 is usual for a working"
        r" day; carl.jensen@example.com alone cost \$618.06 more than usual.",
        points[0],
    )
    assert points[1].startswith("Warning: Platform is over budget: $")
    assert "came back in the last 28." in " ".join(points)


def test_a_month_that_is_not_loaded_says_how_to_load_it(database):
    """With the days that are loaded, and no figure."""
    found = page(database, month=date(2026, 3, 1))

    assert "No day of March 2026 is loaded. Loaded are 24 September" in found.said
    assert "ccwarehouse load --start 2026-03-01 --end 2026-03-31" in found.said


def test_any_days_can_be_shown_and_are_compared_with_as_many_before(database):
    """A range has no forecast, and no teams, which are by month."""
    found = page(database, start=date(2026, 11, 3), end=date(2026, 11, 16))

    assert f"Claude Code, 3{DASH}16 November 2026" == found.inner["h1"][0]
    assert f"compared with 20 October {DASH} 2 November" in found.said
    assert "Cost per day" in found.tiles
    assert "Cost by team" not in found.tables


def test_teams_stand_in_the_order_of_their_file(november):
    """With their budgets; who is in none comes last, and the rows add up."""
    rows = november.tables["Cost by team"]
    names = [row[0] for row in rows]

    expected = ["Backend", "Frontend", "Data", "Platform", "Leads", "(no team)"]
    assert ["Team", *expected, "Total"] == names
    assert "over budget" == rows[names.index("Platform")][-1]
    assert "no budget" == rows[names.index("Leads")][-1]


@pytest.fixture(scope="module")
def small(folder):
    """The demo's organisation, where teams of five and fewer people are withheld."""
    database = demo(folder / "small.duckdb")
    execute(
        database,
        "update claude_code.input_files set min_group_size = 6 where name = 'teams'",
    )
    with open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened:
        opened.build_views(everything=True)
    return database


@pytest.mark.parametrize("has_names", [True, False])
def test_small_teams_stay_withheld(small, has_names):
    """Neither names nor money of them, in no row, no budget and no warning."""
    found = page(small, has_names=has_names)
    rows = {row[0]: row for row in found.tables["Cost by team"]}
    with marts(small) as ask:
        spent = dict(
            ask(
                "select name, spent from budget_status where month = '2026-11-01'"
                " and scope = 'team'"
            )
        )

    names = ["Team", "Backend", "Frontend, in part", "(small teams)", "Total"]
    assert names == [*rows]
    assert "Platform" not in found.said
    assert "over budget" not in found.said
    assert "More budgets" not in found.tables
    for team in ("Platform", "Data", "Frontend"):
        assert USD(spent[team]) not in found.text
    assert USD(spent["Backend"]) == rows["Backend"][2]
    assert "on track" == rows["Backend"][-1]
    assert "3 budgets of teams are left out, because" in found.said
    assert [DASH] * 3 == [rows["Frontend, in part"][n] for n in (3, 4, 6)]


def test_what_a_page_shows_of_a_team_in_part_is_its_row(small):
    """The mark stands beside the sum of the rows that the mart has."""
    rows = {row[0]: row for row in page(small).tables["Cost by team"]}
    with marts(small) as ask:
        [(cost, is_partial)] = ask(
            "select sum(estimated_cost), bool_and(is_partial) from team_cost_monthly"
            " where month = '2026-11-01' and team = 'Frontend'"
        )

    assert is_partial
    assert USD(cost) == rows["Frontend, in part"][2]


def test_whether_a_few_people_came_back_is_withheld(small):
    """Of three people, and of those who are all the others: the total is known."""
    (table,) = (rows for name, rows in page(small).tables.items() if "stay" in name)

    expected = [["39", "100%", "few people"], ["3", "few people", ""], ["1", "", ""]]
    assert expected == [row[1:] for row in table[1:]]


def test_budgets_of_all_accounts_are_not_beside_the_cost_of_one(folder):
    """They have a table, without a team that is small in any account."""
    database = loaded(folder / "all_accounts.duckdb", few, "2026-11-02", "2026-11-22")
    loaded(
        database,
        lambda day: few(day, organization_id="emea")[:1],
        *("2026-11-02", "2026-11-22"),
        account="emea",
    )
    team = "actor,team\n" + "".join(
        f"{name}@example.com,Red\n" for name in ("ann", "bob", "cy")
    )
    budgets = (
        "scope,name,month,amount,currency\nteam,Red,2026-11,500,USD\n"
        "organisation,,2026-11,900,USD\n"
    )
    found = {}
    for size in (1, 2):
        stored(database, teams=team, budgets=budgets, min_group_size=size)
        with open_warehouse(
            "duckdb", database, "claude_code", sole_writer=True
        ) as opened:
            opened.build_views()
        found[size] = page(database)
    with marts(database) as ask:
        spent = ask("select spent from budget_status where scope = 'team'")

    for size, names in ((1, ["Red", "The organisation"]), (2, ["The organisation"])):
        assert ["Team", "", "Spent", "Active people"] == found[size].tables[
            "Cost by team"
        ][0]
        assert names == [row[0] for row in found[size].tables["Budgets"][1:]]
        assert "of all accounts together" in found[size].said
    assert USD(spent) == found[1].tables["Budgets"][1][2]
    assert "1 budget of a team is left out" in found[2].said


def test_each_account_has_a_page_of_its_own(folder):
    """The default one unless another is named; others are told of."""
    database = loaded(folder / "accounts.duckdb", few, "2026-11-02", "2026-11-22")
    others = partial(few, organization_id="emea")
    loaded(database, others, "2026-11-09", "2026-11-22", account="emea")
    file = folder / "accounts.html"
    words = ["report", "--database", str(database), "--out", str(file)]
    usual, other, wrong = (
        CliRunner().invoke(main, [*words, *more])
        for more in ([], ["--account=emea"], ["--account=apac"])
    )

    assert (0, 0, ExitCode.USAGE) == (usual.exit_code, other.exit_code, wrong.exit_code)
    assert "The report is of account default. Loaded as well: emea." in usual.stderr
    assert "Loaded: default, emea. Name one of them: --account" in wrong.stderr
    assert "The first day loaded is 9 November 2026" in page_text(file)
    assert "account emea" in page_text(file)


# the file


@pytest.mark.process
def test_the_same_data_gives_the_same_bytes_anywhere(database, november, tmp_path):
    """In another time zone and locale, and with other hash seeds."""
    file = tmp_path / "again.html"
    available = subprocess.run(
        ["locale", "-a"], capture_output=True, text=True, check=False
    ).stdout.split()
    other = next((name for name in available if name[:2] not in ("C", "C.", "PO")), "C")
    code = (
        "import locale, sys; from pathlib import Path;"
        f"locale.setlocale(locale.LC_ALL, {other!r});"
        "from ccwarehouse.report import Request, write_report;"
        "from ccwarehouse.warehouses import open_warehouse\n"
        "with open_warehouse('duckdb', Path(sys.argv[1]), 'claude_code',"
        " read_only=True) as opened:\n"
        "    write_report(opened, Request(), Path(sys.argv[2]))"
    )
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": other, "PYTHONHASHSEED": "7"}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, database, file],
        env=os.environ | elsewhere,
        check=True,
    )

    assert november.text == file.read_text(encoding="utf-8")


def test_the_picture_of_the_readme_is_small():
    """`make picture` draws it."""
    assert (ROOT / "docs" / "report.png").stat().st_size <= 200_000


def test_a_page_is_small(november, gaps):
    """Under 200 KB, and most of it charts and tables of 13 weeks at most."""
    assert len(november.text.encode()) < 200_000
    assert len(gaps.text.encode()) < 200_000


def test_a_page_does_not_grow_with_users(folder, monkeypatch):
    """A hundred times as many make no larger file."""
    monkeypatch.setattr(bench, "DAYS", 40)
    sizes = []
    for people in (300, 30_000):
        monkeypatch.setattr(bench, "PEOPLE", people)
        database = folder / f"{people}.duckdb"
        with (
            open_warehouse(
                "duckdb", database, "claude_code", sole_writer=True
            ) as opened,
            opened.client() as client,
        ):
            bench.fill(opened, client.native_connection, 3 * people, folder)
        sizes.append(len(page(database).text.encode()))

    assert max(sizes) < 200_000
    assert sizes[1] < 1.1 * sizes[0]


def test_a_file_that_cannot_be_written_stays_as_it_was(database, tmp_path):
    """The line says why; without a folder nothing is begun."""
    words = ["report", "--database", str(database), "--out"]
    no_folder = CliRunner().invoke(main, [*words, str(tmp_path / "none" / "x.html")])
    itself = CliRunner().invoke(main, [*words, str(database)])

    assert (ExitCode.USAGE, ExitCode.USAGE) == (no_folder.exit_code, itself.exit_code)
    assert "whose folder does not exist" in no_folder.stderr
    assert "names the database itself" in itself.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--month=2026-11", "--start=2026-11-01"], "Name a month or days"),
        (["--start=2026-11-02", "--end=2026-11-01"], "Swap them"),
    ],
)
def test_days_that_cannot_be_are_refused(words, said):
    """Before anything is opened."""
    done = CliRunner().invoke(main, ["report", *words])

    assert (ExitCode.USAGE, True) == (done.exit_code, said in done.stderr)


# with a load


@pytest.fixture
def load(tmp_path, monkeypatch):
    """A load with --report in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with FakeApi(History({"2026-03-09": [record("2026-03-09")]})) as api:
        given = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        }

        def run(target, *words):
            days = ("--start", "2026-03-08", "--end", "2026-03-09")
            words = ["load", "--report", target, *days, *words]
            done = CliRunner().invoke(main, words, env=given)
            done.calls = len(api.calls)
            return done

        run.api = api
        yield run


def test_a_load_writes_the_page_also_when_days_failed(load, tmp_path):
    """The page says what is missing; the load keeps its exit code."""
    load.api.fault = lambda request: (
        error(400, "invalid_request_error")
        if request.query["starting_at"] == "2026-03-09"
        else None
    )
    done = load("report.html")

    assert ExitCode.DAYS_FAILED == done.exit_code, done.stderr
    assert "The report is in report.html." in done.stdout
    assert "1 day missing: 9 March 2026." in page_text(tmp_path / "report.html")


def test_a_load_without_a_folder_for_the_page_does_nothing(load, tmp_path):
    """It makes no call and no file."""
    done = load("nowhere/report.html")

    assert (ExitCode.USAGE, 0, []) == (done.exit_code, done.calls, os.listdir(tmp_path))
    assert "--report names nowhere/report.html" in done.stderr


# pictures


def test_each_chart_is_a_picture_with_text(database, tmp_path):
    """A PNG and an SVG of each; without a font it would differ."""
    words = ["report", "--database", str(database), "--png", str(tmp_path)]
    done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "x.html")])
    names = {file.stem for file in tmp_path.glob("*.png")}
    svg = (tmp_path / "cost-per-day.svg").read_text(encoding="utf-8")

    assert 0 == done.exit_code, done.stderr
    assert {"cost-per-day", "month", "people"} <= names
    assert names == {file.stem for file in tmp_path.glob("*.svg")}
    picture = (tmp_path / "people.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert "var(" not in svg
    assert "Cost per day, by model" in svg
    import resvg_py  # noqa: PLC0415

    people = (tmp_path / "people.svg").read_text(encoding="utf-8")
    bare = resvg_py.svg_to_bytes(
        svg_string=people, zoom=2, background="#ffffff", skip_system_fonts=True
    )
    assert picture != bytes(bare)


@pytest.mark.parametrize("lacking", ["font", "extra", "folder"])
def test_what_keeps_pictures_from_being_drawn_is_said_first(
    tmp_path, monkeypatch, lacking
):
    """Before anything is read or written."""
    monkeypatch.chdir(tmp_path)
    if lacking == "font":
        draw = pictures._png
        monkeypatch.setattr(
            pictures, "_png", lambda svg, **fonts: draw(svg, has_fonts=False)
        )
    if lacking == "extra":
        monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    target = tmp_path / "no" if lacking == "folder" else tmp_path
    done = CliRunner().invoke(main, ["report", "--png", str(target)])
    code, said = {
        "font": (ExitCode.CONFIGURATION, "apt-get install fonts-dejavu-core"),
        "extra": (ExitCode.CONFIGURATION, "pip install 'ccwarehouse[png]'"),
        "folder": (ExitCode.USAGE, "is no folder. Create it."),
    }[lacking]

    assert (code, True) == (done.exit_code, said in done.stderr)
    assert not (tmp_path / "report.html").exists()


# other engines


def test_postgres_gives_the_same_page(postgres, tmp_path, monkeypatch, november):
    """Byte for byte, with teams and budgets."""
    name = postgres.new_database()
    monkeypatch.setenv(
        "DESTINATION__POSTGRES__CREDENTIALS", postgres.address(database=name)
    )
    demo(Path(), "postgres")
    file = tmp_path / "postgres.html"
    with open_warehouse("postgres", Path(), "claude_code", read_only=True) as opened:
        write_report(opened, Request(), file)

    assert november.text == file.read_text(encoding="utf-8")


@at_length
def test_bigquery_gives_the_same_page(bigquery, folder, tmp_path):
    """Its decimals have more places, and its sums come in another order."""
    days = ("2026-11-02", "2026-11-22")
    ours = loaded(folder / "same.duckdb", few, *days)
    loaded(tmp_path, few, *days, destination="bigquery", dataset="page")
    file = tmp_path / "bigquery.html"
    with open_warehouse("bigquery", tmp_path, "page", read_only=True) as opened:
        write_report(opened, Request(), file)

    assert page(ours).text == file.read_text(encoding="utf-8")
