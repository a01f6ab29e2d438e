"""API keys count where their owner does, and teams come from workspaces' tags."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, directory, error
from ccwarehouse import accounts
from ccwarehouse.cli import main
from ccwarehouse.inputs import (
    Belonging,
    InputFileError,
    KeyName,
    KeyTeam,
    Owner,
    TeamsTag,
    owners_file,
    team_of,
    teams_of_tag,
    with_teams,
)
from ccwarehouse.warehouses import materialised
from loads import execute, query

SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)
REPORTS = "claude_code,directory"
ALL = "claude_code,cost_report,messages_usage,directory"
CARL, GORAN = "carl.jensen@example.com", "goran.ilic@example.com"
KEY = "ci-review"  # both keys of this name are Carl's
DAYS = "select {} from claude_code_marts.user_daily where {}"
# Teams of tags have the days before a key was made, too.
OWNED = (
    "select actor, owner, resolution from claude_code_marts.stg_actor_owners"
    " where resolution <> 'unknown'"
)
VERSIONS = "select version from claude_code.input_files where name = '{}' order by all"
TAG = TeamsTag("team")
MONTH = f"{TODAY - DAY:%Y-%m}"


@pytest.fixture(scope="module")
def api():
    """The made-up organisation."""
    with FakeApi() as api:
        yield api


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    """Run a command in a folder with files; `load` fetches three days."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "budgets.csv").write_text(
        "scope,name,month,amount,currency\n"
        f"user,{CARL},{MONTH},1,USD\nuser,{KEY},{MONTH},1000,USD\n"
        f"team,Platform,{MONTH},1000,USD\n"
    )
    (tmp_path / "teams.csv").write_text(f"actor,team\n{CARL},Red\n")
    return runner(api)


def runner(api):
    """Runs a command against the API, here."""
    usual = {
        f"{SECTION}BASE_URL": api.url,
        f"{SECTION}INITIAL_DAYS": "3",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        "CCWAREHOUSE__REPORTS": REPORTS,
    }

    def run(*words, **env):
        return CliRunner().invoke(main, words, env=usual | env)

    return run


@pytest.fixture
def database(tmp_path):
    return tmp_path / "ccwarehouse.duckdb"


@pytest.fixture(scope="module")
def once(api, tmp_path_factory):
    """A file with teams of tags and owners, to be copied."""
    file = tmp_path_factory.mktemp("once") / "ccwarehouse.duckdb"
    words = ("load", "--teams", "workspace_tag:team", "--database", str(file))
    assert 0 == runner(api)(*words).exit_code
    return file


@pytest.fixture
def loaded(once, database):
    """The file of the working folder, with teams of tags and owners."""
    shutil.copy(once, database)
    return database


def cost(database, where):
    """What user_daily has of some actors."""
    [(found,)] = query(database, DAYS.format("sum(estimated_cost)", where))
    return found


def owner(database, key=KEY):
    """The owner of a key by the version in force."""
    return [row[1] for row in query(database, OWNED) if row[0] == key]


@pytest.mark.slow
def test_a_key_counts_in_team_and_budget_of_its_owner(call, database):
    """With teams of tags, a budget of the owner, and all reports; the claims hold."""
    words = ("load", "--teams", "workspace_tag:team", "--budgets", "budgets.csv")
    first = call(*words, CCWAREHOUSE__REPORTS=ALL)
    again = json.loads(call(*words, "--json").stdout)
    budgets = json.loads(call("budgets", "--json").stdout)["budgets"]

    assert 0 == first.exit_code, first.output
    assert "Owners   of API keys stored anew" in first.stdout
    assert f"none: {GORAN} (Backend, Platform). Let all workspaces" in first.stderr
    assert "1 person is in workspaces" in first.stderr
    assert ([], {GORAN: ["Backend", "Platform"]}) == (
        again["files_loaded"],
        again["undecided_actors"],
    )
    assert {
        (KEY, CARL, "same_owner"),
        ("nightly-refactor", None, "ambiguous"),
        ("docs-bot", None, "service_account"),
    } == {*query(database, OWNED)}
    carl, key = cost(database, f"actor = '{CARL}'"), cost(database, f"actor = '{KEY}'")
    platform = cost(database, "team = 'Platform'")
    assert key > 0
    assert [carl + key, key, platform] == [Decimal(each["spent"]) for each in budgets]
    assert [(CARL, "Platform")] == query(
        database, DAYS.format("distinct owner, team", f"actor = '{KEY}'")
    )
    assert [(None, "Platform")] == query(  # by the workspace of its key
        database, DAYS.format("distinct owner, team", "actor = 'docs-bot'")
    )
    assert [("(no team)",)] == query(
        database, DAYS.format("distinct team", f"actor = '{GORAN}'")
    )
    keys = "select actor from claude_code_marts.stg_actor_owners where team <> ''"
    assert {(KEY,), ("docs-bot",)} == {*query(database, keys)}  # which the usage names
    rows = query(database, "from claude_code_marts.stg_team_members")
    assert {True} == {is_person for *_, is_person in rows}
    assert 0 == call("transform", "--check").exit_code


@pytest.mark.slow
def test_the_owner_decides_where_the_teams_file_does_not(call, database):
    """A key of the file is in its team; others are in that of their owner."""
    call("load", "--teams", "teams.csv")
    by_owner = query(database, DAYS.format("distinct team", f"actor = '{KEY}'"))
    (database.parent / "teams.csv").write_text(f"actor,team\n{CARL},Red\n{KEY},CI\n")
    call("load", "--teams", "teams.csv")
    by_file = query(database, DAYS.format("distinct team", f"actor = '{KEY}'"))

    assert [("Red",)] == by_owner
    assert [("CI",)] == by_file


@pytest.mark.slow
def test_a_new_owner_is_a_new_version_and_the_marts_follow(call, database, monkeypatch):
    """Nights that change nothing, or are without the report, write none."""
    call("load")
    call("load")
    before = query(database, VERSIONS.format("owners"))
    ada = {"id": directory.user_id("ada.brandt"), "type": "user"}
    given_away = [
        key | {"principal": ada} if key["name"] == KEY else key
        for key in directory._ORDINARY
    ]
    monkeypatch.setattr(directory, "_ORDINARY", given_away)
    call("load", CCWAREHOUSE__REPORTS="claude_code")
    kept = owner(database)
    call("load")

    assert ([(1,)], [CARL]) == (before, kept)
    assert [(1,), (2,)] == query(database, VERSIONS.format("owners"))
    # on the day of the change the keys may have been of both
    assert [CARL, None, "ada.brandt@example.com"] == owner(database)
    days = query(database, DAYS.format("date, owner", f"actor = '{KEY}' order by 1"))
    assert {CARL} == {name for _, name in days}
    assert 0 == call("transform", "--check").exit_code


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["before the owners", "while marts follow"])
def test_a_kill_after_the_snapshot_is_healed_by_the_next_load(
    call, database, monkeypatch, cut
):
    """Whether the owners were not asked for yet, or their package was not committed."""
    call("load", CCWAREHOUSE__REPORTS="claude_code")
    with monkeypatch.context() as patch:
        if cut == "before the owners":
            patch.setattr(accounts, "load_inputs", _cut)
        else:
            patch.setattr(materialised, "_replacement", _cut)
        # no day is new or changed, so that only the owners replace marts
        broken = call("load", **{f"{SECTION}LOOKBACK": "0"})
    during = query(database, OWNED)
    healed = call("load")

    assert (1, []) == (broken.exit_code, during)
    assert "taken" not in healed.stderr
    assert [CARL] == owner(database)
    assert 0 == call("transform", "--check").exit_code


def _cut(*_words, **_given):
    raise RuntimeError("cut")


@pytest.mark.parametrize(
    ("teams", "reports", "told"),
    [
        ("workspace_tag:team", "claude_code", "needs the report directory"),
        ("workspace_tag:team", "claude_code,cost_report", "needs the report directory"),
        ("workspace_tag: ", REPORTS, "without the key of a tag"),
    ],
)
def test_tags_that_nothing_tells_stop_a_load_before_it_begins(
    call, api, database, teams, reports, told
):
    """The error says what to do; no call is made, no file created."""
    api.calls.clear()
    done = call("load", "--teams", teams, CCWAREHOUSE__REPORTS=reports)

    assert (3, []) == (done.exit_code, api.calls)
    assert told in done.stderr
    assert not database.exists()


def test_doctor_knows_that_tags_need_the_directory(call):
    """It says so among the settings."""
    tags = {"CCWAREHOUSE__TEAMS": "workspace_tag:team"}
    done = call("doctor", CCWAREHOUSE__REPORTS="claude_code", **tags)

    assert 3 == done.exit_code
    assert "needs the report directory: name it in reports" in done.stdout


@pytest.mark.slow
def test_a_tag_that_no_workspace_has_leaves_the_teams_as_they_are(call, loaded):
    """It may be misspelt: the load says which there are, and its days are committed."""
    before = query(loaded, "from claude_code_marts.stg_team_members")
    done = call("load", "--teams", "workspace_tag:taem", "--json")
    told = json.loads(done.stdout)

    assert 3 == done.exit_code
    [fault] = told["faults"]
    assert ("workspace_tag:taem", None) == (fault["file"], fault["line"])
    assert fault["text"].endswith('Name one that some have: "env", "team".')
    assert 3 == told["days_loaded"]
    assert before == query(loaded, "from claude_code_marts.stg_team_members")


def test_a_dry_run_looks_for_the_tag_in_the_stored_directory(call, loaded):
    """It says what the load would say, and that tags may have changed since."""
    before = query(loaded, "from claude_code_marts.stg_team_members")
    words = ("load", "--dry-run", "--teams")
    right = call(*words, "workspace_tag:team")
    wrong = call(*words, "workspace_tag:taem")

    rows = f"workspace_tag:team is right: {len(before)} rows of teams"
    assert (0, True) == (right.exit_code, rows in right.stdout)
    assert ["teams"] == json.loads(call(*words, "workspace_tag:team", "--json").stdout)[
        "files"
    ]
    assert 3 == wrong.exit_code
    assert 'Name one that some have: "env", "team". So it was' in wrong.stderr
    assert before == query(loaded, "from claude_code_marts.stg_team_members")


@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_dry_run_without_a_directory_says_that_tags_are_not_checked(
    call, database, is_loaded
):
    """Nothing is known of them before the first snapshot; nothing is written."""
    if is_loaded:
        call("load", CCWAREHOUSE__REPORTS="claude_code")
    done = call("load", "--dry-run", "--teams", "workspace_tag:team")

    assert 0 == done.exit_code, done.output
    assert "workspace_tag:team is not checked: no directory is stored" in done.stdout
    assert is_loaded == database.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("teams", "budgets"),
    [("workspace_tag:taem", "USD"), ("workspace_tag:env", "EUR"), ("a.csv", "EUR")],
)
def test_one_refused_input_leaves_all_of_them_as_they_are(
    call, loaded, tmp_path, monkeypatch, teams, budgets
):
    """Tags, the teams of keys, and files: nothing is half loaded."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("actor,team\nann@example.com,Red\n")
    header = "scope,month,amount,currency\n"
    (tmp_path / "b.csv").write_text(f"{header}organisation,2026-03,5,{budgets}\n")
    stored = [
        *("from claude_code_marts.stg_team_members order by all",),
        *("from claude_code_marts.stg_actor_owners order by all",),
        *("from claude_code_marts.stg_budgets",),
    ]
    before = [query(loaded, each) for each in stored]
    done = call("load", "--teams", teams, "--budgets", "b.csv", "--json")

    told = json.loads(done.stdout)
    assert (3, [], 3) == (done.exit_code, told["files_loaded"], told["days_loaded"])
    assert {} == told["undecided_actors"]
    assert before == [query(loaded, each) for each in stored]


NEIGHBOURS = "select team, count(*) from claude_code_marts.stg_team_members group by 1"


@pytest.mark.slow
def test_a_lost_team_is_told_and_an_empty_tag_takes_nothing_away(
    call, loaded, api, monkeypatch
):
    """A workspace without its tag is a loss; a tag without any value is misspelt."""
    before = {*query(loaded, NEIGHBOURS)}
    tagged = directory.workspaces

    def one_less(today):
        return [
            one | ({"tags": {}} if one["name"] == "Automation" else {})
            for one in tagged(today)
        ]

    monkeypatch.setattr(
        api.neighbours,
        "workspaces",
        lambda today: [one | {"tags": {"team": " "}} for one in tagged(today)],
    )
    empty = call("load", "--teams", "workspace_tag:team")
    kept = {*query(loaded, NEIGHBOURS)}
    monkeypatch.setattr(api.neighbours, "workspaces", one_less)
    less = json.loads(call("load", "--teams", "workspace_tag:team", "--json").stdout)
    again = json.loads(call("load", "--teams", "workspace_tag:team", "--json").stdout)

    assert (3, before) == (empty.exit_code, kept)
    assert "No workspace has a tag with a value" in empty.stderr
    assert ["Platform"] == less["lost_teams"]
    assert less["roster"]["teams_before"] == less["roster"]["teams"] + 1
    assert ([], {}) == (again["lost_teams"], again["roster"])
    assert "Platform" not in {team for team, _ in query(loaded, NEIGHBOURS)}


@pytest.mark.slow
def test_emails_that_are_gone_take_nobody_out_of_a_team(call, loaded, api, monkeypatch):
    """The last email that a snapshot had is still the person's."""
    before = query(loaded, "from claude_code_marts.stg_team_members")
    users = directory.users
    monkeypatch.setattr(
        api.neighbours,
        "users",
        lambda today: [one | {"email": None} for one in users(today)],
    )
    done = json.loads(call("load", "--teams", "workspace_tag:team", "--json").stdout)

    assert [] == done["files_loaded"]
    assert before == query(loaded, "from claude_code_marts.stg_team_members")


@pytest.mark.slow
def test_another_email_is_in_the_same_team_on_all_days(call, loaded, api, monkeypatch):
    """The usage of before keeps its team, and its keys the owner of the day."""
    for table in ("users", "snapshots", "workspace_members", "api_keys"):
        earlier = "set seen_at = seen_at - interval 2 day"
        execute(loaded, f"update claude_code.{table} {earlier}")
    users = directory.users
    new = "carl.new@example.com"
    monkeypatch.setattr(
        api.neighbours,
        "users",
        lambda today: [
            one | ({"email": new} if one["email"] == CARL else {})
            for one in users(today)
        ],
    )
    teams = DAYS.format("distinct owner, team", f"actor in ('{CARL}', '{KEY}')")
    before = query(loaded, teams)
    call("load", "--teams", "workspace_tag:team")

    assert [(CARL, "Platform")] == before == query(loaded, teams)
    members = (
        "select actor, valid_from, valid_to from claude_code_marts.stg_team_members"
    )
    assert {(CARL, None, None), (new, None, None)} == {
        *query(loaded, f"{members} where actor like 'carl.%'")
    }
    assert [CARL, new] == owner(loaded)
    assert 0 == call("transform", "--check").exit_code


@pytest.mark.slow
def test_a_key_named_like_an_email_has_a_team_of_its_own(
    call, database, api, monkeypatch
):
    """By its workspace or its owner; a load without teams keeps that."""
    ada = "ada.brandt@example.com"
    usage, keys = api.usage, directory.api_keys

    def named(day):
        return [
            one | {"actor": {"type": "api_actor", "api_key_name": ada}}
            if one["actor"].get("api_key_name") == KEY
            else one
            for one in usage(day)
        ]

    monkeypatch.setattr(api, "usage", named)
    monkeypatch.setattr(
        api.neighbours,
        "api_keys",
        lambda today: [
            one | ({"name": ada, "workspace_id": None} if one["name"] == KEY else {})
            for one in keys(today)
        ],
    )
    teams = DAYS.format("distinct actor_type, team", f"actor = '{ada}' order by all")
    call("load", "--teams", "workspace_tag:team")
    found = query(database, teams)
    call("load")

    (_, of_key), (_, of_person) = found
    assert ("Platform", True) == (of_key, of_person != "Platform")
    assert found == query(database, teams)
    call("load", "--teams", "teams.csv")  # a file names keys and people alike
    assert [("api_actor", "Red"), ("user_actor", "(no team)")] == query(database, teams)


@pytest.mark.slow
def test_a_directory_that_was_never_read_has_no_teams_and_the_load_says_so(call, api):
    """It ends as for a failed report."""
    api.fault = lambda asked: error(403, "no") if "/api_keys" in asked.path else None
    try:
        done = call("load", "--teams", "workspace_tag:team")
    finally:
        api.fault = None

    assert 4 == done.exit_code
    assert "No teams of workspace_tag:team are loaded" in done.stderr


@pytest.mark.slow
def test_owners_follow_the_usage_also_without_the_report(
    call, database, api, monkeypatch
):
    """A name that is new in the usage has its owner from the stored directory."""
    usage = api.usage
    with monkeypatch.context() as patch:
        patch.setattr(
            api,
            "usage",
            lambda day: [one for one in usage(day) if KEY not in one["actor"].values()],
        )
        call("load")
        before = owner(database)
    call("load", CCWAREHOUSE__REPORTS="claude_code")

    assert ([], [CARL]) == (before, owner(database))


@pytest.mark.slow
def test_a_group_size_is_loaded_with_teams_of_tags(call, loaded):
    """As with a file; another size is another version."""
    call("load", "--teams", "workspace_tag:team", "--min-group-size", "50")

    sizes = "select min_group_size from claude_code_marts.stg_input_files"
    assert [(50,)] == query(loaded, f"{sizes} where name = 'teams'")
    assert [("(small teams)",)] == query(
        loaded,
        "select distinct team from claude_code_marts.team_cost_monthly"
        " where users is null",
    )
    told = json.loads(call("load", "--teams", "workspace_tag:team", "--json").stdout)
    assert ([], 50) == (told["files_loaded"], told["kept_group_size"])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "spans"), [(CARL, 1), (KEY, 2)])
def test_who_is_forgotten_owns_no_key_and_no_key_has_the_name(
    call, loaded, name, spans
):
    """In every version; the next load brings nothing back."""
    done = call("forget", name.upper(), "--json")
    after = query(loaded, f"{OWNED} and actor = '{KEY}'")
    call("load", "--teams", "workspace_tag:team")

    assert 0 == done.exit_code, done.output
    assert spans == json.loads(done.stdout)["rows"]["actor_owners"]
    assert [] == after
    named = f"actor = '{name}' or owner = '{name}'"
    assert [] == query(loaded, f"from claude_code.actor_owners where {named}")
    assert [] == query(loaded, f"from claude_code.team_members where actor = '{name}'")


@pytest.mark.slow
def test_owners_get_pseudonyms_and_the_next_load_changes_nothing(call, loaded):
    """Names of keys that become one are removed until then: a day has one owner."""
    execute(
        loaded,
        "insert into claude_code.actor_owners by name select * replace ('CI-Review' as"
        f" actor) from claude_code.actor_owners where actor = '{KEY}'",
    )
    secret = {
        "CCWAREHOUSE__PSEUDONYMISE": "true",
        "CCWAREHOUSE__PSEUDONYM_SECRET": "5f8e0c1d9b7a46352413f0e1d2c3b4a5",
    }
    before = cost(loaded, "true")
    done = call("pseudonymise", **secret)
    shared = query(loaded, f"select count(*) from ({OWNED})")
    after = cost(loaded, "true")
    again = call("load", "--teams", "workspace_tag:team", "--json", **secret)

    assert 0 == done.exit_code, done.output
    assert ([(2,)], before) == (shared, after)
    # hashes told of names, so both are stored once more
    assert ["teams", "owners"] == json.loads(again.stdout)["files_loaded"]
    [(actor, person, _)] = query(loaded, f"{OWNED} and owner is not null")
    assert (64, True) == (len(actor), person.endswith("@pseudonym"))
    assert (actor, person) in query(
        loaded, DAYS.format("distinct actor, owner", "actor_type = 'api_actor'")
    )
    assert 0 == call("transform", "--check", **secret).exit_code


def span(first, last, resolution="unique", owner=CARL, actor="ci"):
    return Owner("default", "one", actor, first, last, resolution, owner)


def test_days_that_say_the_same_are_one_row():
    """So a new status of a key makes no version."""
    first, second, third = (date(2026, 3, day) for day in (1, 10, 20))
    parts = [
        span(second, third - DAY),
        span(first, second - DAY),
        span(third, date.max, owner=None, resolution="ambiguous"),
        span(date.min, date.max, actor="other"),
    ]

    assert [
        span(first, third - DAY),
        span(third, date.max, owner=None, resolution="ambiguous"),
        span(date.min, date.max, actor="other"),
    ] == owners_file(parts).rows
    whole = [span(first, third - DAY), *parts[2:]]
    assert owners_file(whole).content_hash == owners_file(parts).content_hash


def ours(team):
    """A team that tags give to a key of this name in one organisation."""
    return KeyTeam(KeyName("default", "one", "ci"), team, date(2026, 3, 5), date.max)


def test_all_days_of_a_key_say_what_tags_decide():
    """Where there is neither owner nor team, too, and of other organisations alone."""
    owners = [span(date(2026, 3, 1), date(2026, 3, 9))]
    names = [KeyName("default", org, "ci") for org in ("one", None)]

    rows = owners_file(with_teams(owners, names, [ours("Red")])).rows

    assert [
        (None, date.min, date.max, None, ""),
        ("one", date.min, date(2026, 2, 28), None, ""),
        ("one", date(2026, 3, 1), date(2026, 3, 4), CARL, ""),
        ("one", date(2026, 3, 5), date(2026, 3, 9), CARL, "Red"),
        ("one", date(2026, 3, 10), date.max, None, "Red"),
    ] == [
        (row.organization_id, row.valid_from, row.valid_to, row.owner, row.team)
        for row in rows
    ]
    assert {"unique", "unknown"} == {row.resolution for row in rows}


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "  ", "(no team)", "(small teams)", "(No Team)", 7),
        *("Red\x1b[31m", "Red\nBlue", "Red\u00a0Sea", "Red\u200b!"),
    ],
)
def test_a_tags_value_may_name_no_team(value):
    """One that is empty, is a name of ours, or no file may hold."""
    assert team_of(value) is None


def test_rows_of_tags_are_ordered_by_team():
    """Their place is the order in which teams are shown; open ends are null."""
    found = [
        Belonging("b@example.com", "Red", date.min, date.max),
        Belonging("a@example.com", "Red", date(2026, 3, 2), date(2026, 3, 4)),
        Belonging("c@example.com", "Blue", date.min, date(2026, 3, 4)),
    ]

    rows = teams_of_tag(TAG, ["team"], found, [], TODAY).file.rows

    assert [
        (1, "Blue", "c@example.com", None, date(2026, 3, 4)),
        (2, "Red", "a@example.com", date(2026, 3, 2), date(2026, 3, 4)),
        (3, "Red", "b@example.com", None, None),
    ] == [(row.line, row.team, row.actor, row.valid_from, row.valid_to) for row in rows]


def test_without_any_tag_the_error_says_to_make_one():
    """Nothing can be named."""
    with pytest.raises(InputFileError, match=r"Give workspaces one in the Claude"):
        teams_of_tag(TAG, [], [], [], TODAY)


WEEK = [date(2026, 3, 1) + number * DAY for number in range(7)]
days = st.sampled_from(WEEK)
belongings = st.builds(
    lambda actor, team, some: Belonging(actor, team, *sorted(some)),
    st.sampled_from("ab"),
    st.sampled_from(["Red", "Blue", None]),
    st.tuples(days, days),
)


@settings(deadline=None)
@given(st.lists(belongings, max_size=8), days)
def test_a_day_is_of_a_team_exactly_if_all_belongings_are(found, today):
    """The same result as looking at each actor day by day; no two rows share a day."""
    keys = [
        Belonging(
            KeyName("default", None, each.actor), each.team, each.first, each.last
        )
        for each in found
    ]
    tagged = teams_of_tag(TAG, ["team"], found, keys, today)

    assert tagged.undecided == tagged.undecided_keys
    assert {
        (row.actor, row.team, row.valid_from, row.valid_to) for row in tagged.file.rows
    } == {(each.key.name, *each[1:]) for each in tagged.keys}
    for actor in "ab":
        rows = [row for row in tagged.file.rows if row.actor == actor]
        for day in WEEK:
            teams = {
                each.team
                for each in found
                if each.actor == actor and each.first <= day <= each.last
            }
            held = [row.team for row in rows if row.valid_from <= day <= row.valid_to]
            alone = [team for team in teams if team and len(teams) == 1]
            assert alone == held
            if day == today:
                told = len(teams) > 1
                assert told == (actor in tagged.undecided)
        ordered = sorted(rows, key=lambda row: row.valid_from)
        assert all(
            (one.team, one.valid_to + DAY) != (other.team, other.valid_from)
            for one, other in pairwise(ordered)
        )
