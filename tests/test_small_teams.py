"""Small teams: no figure that a view withholds follows from those that are shown."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import date
from fractions import Fraction

import pytest

from ccwarehouse.report import facts, queries
from ccwarehouse.report.small_teams import without_small_teams
from histories import Load, stored_after
from loads import record
from soak import dice, sample

pytestmark = pytest.mark.slow

DAYS = [date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)]
MARTS = "claude_code_marts"
SMALL = "(small teams)"
TYPES = ("api", "subscription")


def followed(sums: Iterable[Iterable[Hashable]], unknowns: set) -> set:
    """The unknowns that follow where these sums are known: Gauss and Jordan, exact."""
    solved: dict[Hashable, dict[Hashable, Fraction]] = {}
    for names in sums:
        row = reduced({name: Fraction(1) for name in names}, solved)
        if not row:
            continue
        pivot = next(iter(row))
        row = {name: value / row[pivot] for name, value in row.items()}
        new = {pivot: row}
        solved = {name: reduced(old, new) for name, old in solved.items()} | new
    return {name for name in unknowns if set(solved.get(name, ())) == {name}}


def reduced(row: dict, solved: dict) -> dict:
    for pivot in [name for name in row if name in solved]:
        factor = row.get(pivot, 0)
        for name, value in solved[pivot].items():
            row = row | {name: row.get(name, 0) - factor * value}
    return {name: value for name, value in row.items() if value}


def test_what_follows_is_found():
    """Two of three summands tell the third, and a sum of two tells neither."""
    assert {"c"} == followed(["abc", "ab"], {*"abc"})
    assert {*"abc"} == followed(["abc", "ab", "bc"], {*"abc"})
    assert set() == followed(["abc", "d"], {*"abc"})


def drawn(random):
    """Rows of two accounts: people and keys of five teams, in three months."""
    teams = ["Red", "Blue", "Green", "Grey", None]
    team_of = {f"p{n}@example.com": random.choice(teams) for n in range(14)}
    loads = []
    for account in ("default", "other")[: random.randint(1, 2)]:
        days = {}
        for day in DAYS:
            people = random.sample(sorted(team_of), random.randint(2, 14))
            days[day] = [
                entry
                for person in people
                for kind in random.sample(TYPES, random.choice([1, 1, 2]))
                for entry in [of_person(random, day, person, kind)]
            ]
        loads.append(Load(account, days))
    of_file = {"version": 1, "_dlt_load_id": "in"}
    lines = [
        {"actor": actor, "team": team, "line": line} | of_file
        for line, (actor, team) in enumerate(team_of.items(), 2)
        if team
    ]
    budgets = [
        {
            **{"scope": "team", "name": team, "month": day.replace(day=1)},
            **{"currency": currency, "basis": basis, "amount": 100},
            **of_file,
        }
        for team in ("Red", "Blue", "Green", "Grey", "(no team)")
        for day in DAYS
        for currency in ("USD", "EUR")
        for basis in ("all", *TYPES)
    ]
    note = {"min_group_size": random.choice([2, 3, 4])} | of_file
    return stored_after(loads).rows() | {
        "team_members": lines,
        "budgets": [row | {"line": line} for line, row in enumerate(budgets, 2)],
        "input_files": [note | {"name": name} for name in ("teams", "budgets")],
    }


def of_person(random, day, person, kind):
    made = record(day.isoformat(), person, customer_type=kind)
    amount = {"currency": random.choice(["USD"] * 9 + ["EUR"]), "amount": 1}
    amount["amount"] = random.randint(1, 10**6)
    made["model_breakdown"] = [{"model": "m", "estimated_cost": amount}]
    made["tool_actions"] = {
        "edit_tool": {"accepted": random.randint(0, 9), "rejected": 1}
    }
    return made


@pytest.fixture(scope="module", params=range(sample(6, 300)))
def engine(request, duckdb_engine):
    """A small organisation with a limit of two to four people."""
    duckdb_engine.fill(drawn(dice(f"small teams {request.param}")))
    return duckdb_engine


def costs(engine):
    """What each team's row would be, by its key, and what the mart has in its place."""
    true = {
        tuple(key): cost
        for *key, cost in engine.ask(
            f"select account, cast(date_trunc('month', date) as date), customer_type,"
            f" currency, team, sum(estimated_cost) from {MARTS}.user_daily"
            " where estimated_cost is not null group by all"
        )
    }
    shown = {
        tuple(key): (cost, partial)
        for *key, cost, partial in engine.ask(
            "select account, month, customer_type, currency, team, estimated_cost,"
            f" is_partial from {MARTS}.team_cost_monthly"
        )
    }
    return true, shown


def by_rest(keys):
    """Keys by all but the team."""
    found = defaultdict(list)
    for key in keys:
        found[key[:-1]].append(key)
    return found


def test_no_small_teams_cost_follows_from_other_rows_totals_and_budgets(engine):
    """Of the mart, of the organisation's totals, and of the budgets that a page has."""
    true, shown = costs(engine)
    withheld = true.keys() - shown.keys()
    groups = by_rest(true)
    # the only team of a customer type: its cost is the organisation's
    alone = {keys[0] for keys in groups.values() if len(keys) == 1}
    equations = [*groups.values(), *([key] for key in shown if key in true)]
    for month in sorted({key[1] for key in true}):
        rows = engine.ask(page_query(queries.SHOWN_TEAMS, month))
        budgets = engine.ask(page_query(queries.BUDGETS, month))
        told, left = without_small_teams(
            [facts.Budget(*row) for row in budgets],
            [facts.ShownTeam(*row) for row in rows],
        )
        assert len(told) + len(left) == len(budgets)
        for budget in told:
            names = [
                key
                for key in true
                if (key[1], key[3], key[4]) == (month, budget.currency, budget.name)
                and budget.basis in ("all", key[2])
            ]
            assert (budget.spent or 0) == sum(true[name] for name in names)
            equations.append(names)

    assert withheld
    assert set() == followed(equations, withheld) - alone


def page_query(query, month):
    names = ("team_cost_monthly", "budget_status")
    return query.format(month=month, **{name: f"{MARTS}.{name}" for name in names})


def test_a_row_that_is_not_partial_is_all_of_its_team(engine):
    """In its account, month and currency; and none is partial without small teams."""
    true, shown = costs(engine)

    def of_team(key):
        return key[0], key[1], key[3], key[4]

    sums, seen = defaultdict(int), defaultdict(int)
    for key, cost in true.items():
        sums[of_team(key)] += cost
    for key, (cost, _) in shown.items():
        seen[of_team(key)] += cost
    small = {of_team(key)[:3] for key in shown if key[-1] == SMALL}
    for key, (_, is_partial) in shown.items():
        if key[-1] != SMALL and not is_partial:
            assert sums[of_team(key)] == seen[of_team(key)]
        assert not is_partial or of_team(key)[:3] in small


@pytest.mark.parametrize("column", ["accepted", "proposals", "users"])
def test_no_small_teams_proposals_follow(engine, column):
    """From those of the other teams and of the organisation."""
    rows = engine.ask(
        "select account, organization_id, month, team,"
        f" {column}, is_withheld from {MARTS}.team_acceptance_monthly"
    )
    assert_none_follows(rows)


def test_no_small_teams_people_follow(engine):
    """From other teams, the organisation, and the members, who are all in a state."""
    columns = ("active_users", "lapsed_users", "never_active")
    rows = engine.ask(
        f"select account, organization_id, month, team, {', '.join(columns)},"
        f" is_withheld from {MARTS}.team_adoption_monthly"
    )
    equations, withheld, groups = [], set(), defaultdict(list)
    for *group, team, active, lapsed, never, is_withheld in rows:
        of_team = [(*group, team, column) for column in columns]
        groups[*group].append(of_team)
        equations.append(of_team)
        if is_withheld:
            assert [None] * 3 == [active, lapsed, never]
            withheld |= {*of_team}
        else:
            equations += [[name] for name in of_team]
    for teams in groups.values():
        equations += [list(names) for names in zip(*teams, strict=True)]
    alone = {name for teams in groups.values() if len(teams) == 1 for name in teams[0]}

    assert set() == followed(equations, withheld) - alone


def test_no_small_cohort_follows(engine):
    """From the other cohorts and the organisation's active people of the month."""
    rows = engine.ask(
        "select account, organization_id, month, cohort_month, retained,"
        f" retained is null from {MARTS}.adoption_cohorts where months_since > 0"
    )
    assert_none_follows(rows)


def assert_none_follows(rows):
    """A figure is shown or withheld, and the total of each group of rows is known."""
    groups = by_rest([tuple(key) for *key, _, _ in rows])
    equations = list(groups.values())
    equations += [[tuple(key)] for *key, _, is_withheld in rows if not is_withheld]
    withheld = {tuple(key) for *key, _, is_withheld in rows if is_withheld}
    alone = {keys[0] for keys in groups.values() if len(keys) == 1}

    assert all(n is None for *_, n, is_withheld in rows if is_withheld)
    assert set() == followed(equations, withheld) - alone
