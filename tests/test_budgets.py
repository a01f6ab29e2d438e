"""`budgets.csv` and the command `budgets`: faults, budgets that are over, no data."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from ccwarehouse.budgets import Budgets, BudgetStatus, read_budget_status
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.inputs import InputFileError, make_input_tables, read_budgets
from ccwarehouse.inputs.budgets import BASES
from ccwarehouse.problems import explain
from ccwarehouse.warehouses import NothingLoadedError, open_warehouse
from ccwarehouse.words.budgets import (
    budgets_as_dict,
    budgets_as_lines,
    end_of_budgets,
    remarks,
)
from inputs import faults, in_force, stored
from loads import History, load_from, record, served

HEADER = "scope,name,month,amount,currency,basis\n"
MARCH = date(2026, 3, 1)


@pytest.fixture
def file(tmp_path):
    """A file of the header and these lines."""

    def write(*lines, header=HEADER):
        path = tmp_path / "budgets.csv"
        path.write_text(header + "".join(f"{line}\n" for line in lines))
        return path

    return write


@pytest.fixture
def database(tmp_path):
    return tmp_path / "usage.duckdb"


def test_a_file_says_who_may_spend_what_in_a_month(file):
    """Amounts are exact, users are folded like the usage, and the basis is all."""
    path = file(
        "organisation,,2026-03,1500.50,USD,",
        "team,Research,2026-03,0,USD,api",
        "user,Ann@Example.com,2026-03,0.000000000001,EUR,subscription",
    )

    assert [
        ("organisation", "", MARCH, Decimal("1500.50"), "USD", "all", 2),
        ("team", "Research", MARCH, Decimal(0), "USD", "api", 3),
        ("user", "ann@example.com", MARCH, Decimal("1e-12"), "EUR", "subscription", 4),
    ] == [tuple(row.as_row().values()) for row in read_budgets(path).rows]


def test_basis_and_name_may_be_left_out(file):
    """A file of the organisation's budgets has four columns."""
    path = file("organisation,2026-03,5,USD", header="scope,month,amount,currency\n")

    [row] = read_budgets(path).rows

    assert ("", "all") == (row.name, row.basis)


def test_what_is_in_no_team_may_have_a_budget(file):
    """As the views name it."""
    [row] = read_budgets(file("team,(no team),2026-03,5,USD,")).rows

    assert "(no team)" == row.name


WRONG = [
    ("company,,2026-03,5,USD,", "scope", "organisation, account, team or user"),
    ("organisation,Acme,2026-03,5,USD,", "name", "has no name"),
    ("team,,2026-03,5,USD,", "name", "whose budget"),
    ("user,,2026-03,5,USD,", "name", "whose budget"),
    ("team,(small teams),2026-03,5,USD,", "name", "is no team"),
    ("team,(SMALL TEAMS),2026-03,5,USD,", "name", "is no team"),
    ("team,(No Team),2026-03,5,USD,", "name", "Write one, or (no team) for what"),
    ("organisation,,Mar-26,5,USD,", "month", "Write YYYY-MM"),
    ("organisation,,2026-3,5,USD,", "month", "Write YYYY-MM"),
    ("organisation,,2026-13,5,USD,", "month", "Write YYYY-MM"),
    ("organisation,,2026-03-01,5,USD,", "month", "Write YYYY-MM"),
    ("organisation,,2026-03,-5,USD,", "amount", "is no amount"),
    ("organisation,,2026-03,$5,USD,", "amount", "is no amount"),
    ("organisation,,2026-03,NaN,USD,", "amount", "is no amount"),
    ("organisation,,2026-03,1e3,USD,", "amount", "is no amount"),
    ("organisation,,2026-03,1_000,USD,", "amount", "is no amount"),
    ("organisation,,2026-03,\u0665,USD,", "amount", "is no amount"),
    ('organisation,,2026-03,"1,000",USD,', "amount", "no separator of thousands"),
    ("organisation,,2026-03,5.000,USD,", "amount", "may be thousands or not"),
    ("organisation,,2026-03,0.0000000000001,USD,", "amount", "12 decimal places"),
    ("organisation,,2026-03,,USD,", "amount", "empty"),
    ("organisation,,2026-03,5,usd,", "currency", "three letters"),
    ("organisation,,2026-03,5,Dollar,", "currency", "three letters"),
    ("organisation,,2026-03,5,USD,bill", "basis", "all, api or subscription"),
]


@pytest.mark.parametrize(("line", "column", "text"), WRONG)
def test_what_is_wrong_is_told_with_its_column(file, line, column, text):
    """There is one fault, on the line below the header."""
    [fault] = faults(read_budgets, file(line))

    assert (2, column) == fault[:2]
    assert text in fault[2]


def test_all_faults_of_a_line_are_told_at_once(file):
    """An empty value does not hide the others, and each column has one fault."""
    lines = "team,,,-5,usd,bill", ",a\tb,2026-13,5,USD,"

    assert [
        (2, "month"),
        (2, "basis"),
        (2, "name"),
        (2, "currency"),
        (2, "amount"),
        (3, "scope"),
        (3, "name"),
        (3, "month"),
    ] == [fault[:2] for fault in faults(read_budgets, file(*lines))]


def test_a_budget_stands_once(file):
    """Another basis, currency or month makes another budget; a user's case does not."""
    lines = [
        "user,a@x.com,2026-03,5,USD,all",
        "user,a@x.com,2026-03,5,USD,api",
        "user,a@x.com,2026-03,5,EUR,all",
        "user,a@x.com,2026-04,5,USD,all",
    ]
    again = "user,A@x.com,2026-03,6,USD,"

    assert [] == faults(read_budgets, file(*lines))
    [(line, column, text)] = faults(read_budgets, file(*lines, again))
    assert (6, "scope") == (line, column)
    assert "lines 2 and 6" in text


def test_a_wrong_file_is_a_matter_of_configuration(file):
    """The command ends with code 3 and prints all faults."""
    with pytest.raises(InputFileError) as raised:
        read_budgets(file("organisation,,2026-03,-5,USD,"))

    problem = explain(raised.value, "here")

    assert ExitCode.CONFIGURATION == problem.code
    assert "line 2, column amount" in problem.line


@pytest.mark.slow
def test_a_budget_in_a_currency_that_nobody_spends_is_refused(database):
    """Such a budget would never be used up; the earlier version stays in force."""
    day = "2026-03-09"
    with served(History({day: [record(day)]})) as api:
        load_from(api, database, day, day)
    stored(database, budgets=HEADER + "organisation,,2026-03,5,USD,all\n")

    with pytest.raises(InputFileError, match=r"line 2, .* \"EUR\". Write USD"):
        stored(database, budgets=HEADER + "organisation,,2026-03,5,EUR,all\n")
    assert [("USD",)] == in_force(database, "stg_budgets", "currency")


@pytest.mark.slow
def test_every_currency_may_come_before_anything_is_spent(database):
    """Before the first cost, every currency is accepted."""
    budgets = HEADER + "organisation,,2026-03,5,EUR,all\n"

    assert ["budgets"] == stored(database, budgets=budgets)


@pytest.mark.slow
def test_one_file_is_loaded_without_the_other(database):
    """Each file has its own versions."""
    stored(database, teams="actor,team\na@x.com,Red\n")
    stored(database, budgets=HEADER + "team,Red,2026-03,5,USD,\n")

    assert [("Red",)] == in_force(database, "stg_team_members", "team")
    assert [("Red",)] == in_force(database, "stg_budgets", "name")


@pytest.mark.slow
def test_the_status_of_budgets_is_that_of_the_newest_month_loaded(database):
    """Budgets come in the order of the file; those of other months are counted."""
    days = ["2026-03-08", "2026-03-09"]
    with served(History({day: [record(day)] for day in days})) as api:
        load_from(api, database, days[0], days[1])
    lines = [
        "user,nobody@example.com,2026-03,5,USD,",
        "organisation,,2026-03,1000,USD,",
        "organisation,,2026-04,5,USD,",
    ]
    stored(database, budgets=HEADER + "\n".join(lines) + "\n")

    with open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened:
        with pytest.raises(NothingLoadedError, match="ccwarehouse transform"):
            read_budget_status(opened)
        opened.build_views()
        budgets = read_budget_status(opened)
        april = read_budget_status(opened, date(2026, 4, 1))
        february = read_budget_status(opened, date(2026, 2, 1))

    assert (MARCH, 1) == (budgets.month, budgets.others)
    assert ["user", "organisation"] == [budget.scope for budget in budgets.of_month]
    assert [0, True] == [
        budgets.of_month[0].spent,
        budgets.of_month[1].spent > 0,
    ]
    assert ["no_data"] == [budget.state for budget in april.of_month]
    assert (["nobody@example.com"], []) == (budgets.unknown_users, april.unknown_users)
    assert [
        (date(2026, 3, 1), date(2026, 3, 7)),
        None,
        (date(2026, 2, 1), date(2026, 3, 7)),
    ] == [found.before_history for found in (budgets, april, february)]


@pytest.mark.slow
def test_a_month_of_empty_days_is_one_as_well(database):
    """Without loaded budgets there is nothing to show."""
    with served(History({})) as api:
        load_from(api, database, "2026-03-09", "2026-03-09")
    with open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened:
        make_input_tables(opened.pipeline)
        opened.build_views()
        budgets = read_budget_status(opened)

    assert (MARCH, [], 0) == (budgets.month, budgets.of_month, budgets.others)


ONE = BudgetStatus(
    scope="organisation",
    name="",
    month=MARCH,
    currency="USD",
    basis="all",
    amount=Decimal("1500.000000000000"),
    spent=Decimal("1234.567000000000"),
    share_spent=0.823045,
    forecast=Decimal("1600.125000000000"),
    forecast_share=1.06675,
    state="forecast_over",
    days_missing=0,
)


def of(*budgets, others=0):
    return Budgets(MARCH, list(budgets), others)


def test_people_read_a_line_per_budget():
    """Money is rounded half up to cents, and figures are aligned."""
    team = replace(
        ONE, scope="team", name="Red", basis="api", state="ok", forecast=None
    )

    assert [
        "Data   here",
        "Month  2026-03, UTC, estimated cost",
        "budget           spent            of  share  forecast  state",
        "organisation  1,234.57  1,500.00 USD    82%  1,600.13  will be over",
        "Red (api)     1,234.57  1,500.00 USD    82%         -  on track",
    ] == budgets_as_lines(of(ONE, team), "here")


def test_machines_read_exact_money():
    """Money is text without trailing zeros, because JSON's numbers become floats."""
    facts = budgets_as_dict(of(ONE, others=2), "here")

    assert facts == json.loads(json.dumps(facts))
    assert ("2026-03", 0, 2) == (facts["month"], facts["over"], facts["other_months"])
    [budget] = facts["budgets"]
    assert ("1500", "1234.567", "1600.125") == (
        budget["amount"],
        budget["spent"],
        budget["forecast"],
    )


@pytest.mark.parametrize("state", ["forecast_over", "90", "80", "ok", "no_data"])
def test_only_a_budget_that_is_over_fails(state):
    """A forecast over the budget is not an error, nor is a missing day."""
    end = end_of_budgets(of(replace(ONE, state=state, days_missing=2)), "here")

    assert (ExitCode.DONE, None) == (end.code, end.error)
    assert end.is_answer


def test_a_budget_that_is_over_is_named_and_fails():
    """One line names it, with exit code 6."""
    over = replace(ONE, state="over")
    team = replace(over, scope="team", name="Red", basis="api")

    one, two = (
        end_of_budgets(of(over, ONE), "here"),
        end_of_budgets(of(over, team), "x"),
    )

    assert (6, "1 budget is over: organisation.") == (one.code, one.error)
    assert one.is_answer
    assert (6, "2 budgets are over: organisation, Red (api).") == (two.code, two.error)


def test_on_track_is_so_far_while_days_are_missing():
    """A line says how many days are missing, and what to run."""
    budgets = of(replace(ONE, state="ok", days_missing=2))

    assert budgets_as_lines(budgets, "here")[3].endswith("on track so far")
    [remark] = remarks(budgets)
    assert "2 days of the month are missing" in remark
    assert remark.endswith("Load: ccwarehouse load")


@pytest.mark.parametrize(
    ("first_days", "last"),
    [
        (["2026-03-09"], "2026-03-08"),
        (["2025-12-01", "2026-03-02"], "2026-03-01"),
    ],
)
def test_days_before_the_first_stored_one_need_a_backfill(first_days, last):
    """A nightly load does not fetch them, so the advice is to load from a day on."""
    first_days = [date.fromisoformat(day) for day in first_days]
    missing = replace(of(replace(ONE, days_missing=8)), first_days=first_days)

    [remark] = remarks(missing)

    assert remark.endswith(f"Load: ccwarehouse load --start 2026-03-01 --end {last}")


@pytest.mark.parametrize("first_days", [["2026-03-01"], ["2025-12-01", "2026-04-02"]])
def test_days_after_the_first_stored_one_need_no_backfill(first_days):
    """An account without any day of the month has none missing."""
    first_days = [date.fromisoformat(day) for day in first_days]
    missing = replace(of(replace(ONE, days_missing=8)), first_days=first_days)

    [remark] = remarks(missing)

    assert remark.endswith("Load: ccwarehouse load")


def test_a_month_before_all_stored_days_needs_a_backfill():
    """It has no figures, and a line says how to load it."""
    budgets = of(replace(ONE, state="no_data", spent=None, days_missing=None))
    earlier = replace(budgets, first_days=[date(2026, 4, 7)])
    later = replace(budgets, first_days=[date(2026, 2, 7)])

    assert remarks(earlier)[-1].endswith("--start 2026-03-01 --end 2026-04-06")
    assert ["No data:"] == [line[:8] for line in remarks(later)]


@pytest.mark.slow
def test_a_user_is_known_by_a_record_or_by_the_teams_file(database):
    """The case of A to Z does not matter; who has spent nothing may still be known."""
    day = "2026-03-09"
    ann = record(day, email="Ann@Example.com", model_breakdown=[])
    key = record(day, actor={"type": "api_actor", "api_key_name": "CI-key"})
    with served(History({day: [ann, key]})) as api:
        load_from(api, database, day, day)
    names = ["ann@example.com", "ci-key", "BOB@example.com", "anne@example.com"]
    lines = [f"user,{name},2026-03,5,USD,{basis}" for name in names for basis in BASES]
    stored(
        database,
        teams="actor,team\nbob@example.com,Red\n",
        budgets=HEADER + "\n".join(lines) + "\n",
    )
    with open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened:
        opened.build_views()
        budgets = read_budget_status(opened)

    assert ["anne@example.com"] == budgets.unknown_users


def test_a_budget_of_an_unknown_user_is_remarked_on():
    """It is on track for ever, so people and programs read the name."""
    budgets = replace(of(ONE), unknown_users=["anne@example.com"])

    [remark] = remarks(budgets)

    assert remark.startswith("Unknown: anne@example.com. ")
    assert ["anne@example.com"] == budgets_as_dict(budgets, "here")["unknown_users"]


def test_what_has_no_data_is_explained():
    """A month without loaded days, or an unknown team, has no figures."""
    empty = {"spent": None, "share_spent": None, "forecast": None, "days_missing": None}
    budgets = of(replace(ONE, state="no_data", **empty))

    *_, row, remark = budgets_as_lines(budgets, "here")
    assert row.split() == [
        "organisation",
        "-",
        "1,500.00",
        "USD",
        "-",
        "-",
        "no",
        "data",
    ]
    assert remark.startswith("No data: ")


@pytest.mark.slow
def test_a_team_and_an_account_that_nobody_knows_are_named(database):
    """Each with its reason; what is in no team is known, and so is a late account."""
    with served(History({"2026-03-09": [record("2026-03-09")]})) as api:
        load_from(api, database, "2026-03-09", "2026-03-09")
    lines = [
        *("team,Plattform", "team,Platform", "team,(no team)"),
        *("account,acme", "account,default"),
    ]
    stored(
        database,
        teams="actor,team\nbob@example.com,Platform\n",
        budgets=HEADER
        + "".join(f"{line},2026-0{n},5,USD,\n" for line in lines for n in (3, 4)),
    )
    with open_warehouse("duckdb", database, "claude_code", sole_writer=True) as opened:
        opened.build_views()
        march = read_budget_status(opened)
        april = read_budget_status(opened, date(2026, 4, 1))

    for found in (march, april):
        assert ["Plattform"] == found.unknown_teams
        assert ["acme"] == found.unknown_accounts
    unknown = ["No such team: Plattform", "No such account: acme"]
    reasons = [
        [line.partition(".")[0] for line in remarks(month)] for month in (march, april)
    ]
    assert unknown == reasons[0][1:]
    assert ["No data: no day of the month is loaded", *unknown] == reasons[1]


def test_an_account_without_a_day_of_the_month_is_named():
    """The others have one, so the month as such is loaded."""
    late = replace(ONE, scope="account", name="acme", state="no_data", spent=None)
    late = replace(late, days_missing=None)

    [remark] = remarks(of(ONE, late))

    assert "No data: no day of the month is loaded of account acme." == remark


def test_without_budgets_it_is_said_how_to_load_some():
    """A line says how to load budgets, or that other months have some."""
    assert budgets_as_lines(of(), "here")[-1].endswith(
        "ccwarehouse load --budgets FILE"
    )
    assert "1 budget has another" in budgets_as_lines(of(others=1), "here")[-1]
    assert "Month  nothing loaded" in budgets_as_lines(Budgets(None, [], 0), "x")[1]


def test_the_budgets_of_one_account_say_so():
    """Without any, the line names the scope; a missing day is one of the account."""
    none = replace(of(), account="acme")
    missing = replace(of(replace(ONE, days_missing=2)), account="acme")

    assert (
        "account acme is loaded. Write one with the scope account"
        in (budgets_as_lines(none, "here")[-1])
    )
    assert remarks(missing)[0].endswith("Load: ccwarehouse load --account acme")
    assert "acme" == budgets_as_dict(none, "here")["account"]
    assert budgets_as_dict(of(), "here")["account"] is None


def test_a_name_says_nothing_that_a_terminal_obeys():
    """Names may come from a file, or from others who write to the warehouse."""
    odd = replace(ONE, scope="team", name="Red\x1b[2J", state="over")

    end = end_of_budgets(of(odd), "here")

    assert all(line.isprintable() for line in [end.error, *end.lines])
