"""Several accounts in one load, through the command line and a real DuckDB file."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from ccwarehouse.cli import main
from ccwarehouse.words import progress
from ccwarehouse.words.accounts import OF_ALL
from loads import execute, query, record
from processes import interruptible

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
OTHER_KEY = "sk-ant-admin-other"
BAD_KEY = "sk-ant-admin-old"
DAYS = 3
LAST = datetime.now(UTC).date()
STORED = """
    select account, organization_id, count(distinct date), count(*)
    from claude_code.usage_report group by all order by all
"""

pytestmark = pytest.mark.slow


def of(organization, *emails):
    """The records of an organisation: one a day of each person."""

    def usage(day):
        return [record(str(day), who, organization_id=organization) for who in emails]

    return usage


@pytest.fixture
def api():
    """Two organisations, in both of which ann works."""
    with FakeApi(of("ours", "ann@example.com", "bob@example.com")) as api:
        api.more[OTHER_KEY] = of("theirs", "ann@example.com")
        yield api


@pytest.fixture
def given(api):
    """The environment: two accounts and little patience."""
    return {
        f"{SECTION}BASE_URL": api.url,
        f"{SECTION}INITIAL_DAYS": str(DAYS),
        f"{SECTION}BACKOFF": "0.01",
        f"{SECTION}MAX_WAIT": "2",
        f"{SECTION}ACCOUNTS__ACME__API_KEY": DEMO_API_KEY,
        f"{SECTION}ACCOUNTS__BETA__API_KEY": OTHER_KEY,
    }


@pytest.fixture
def call(given, tmp_path, monkeypatch):
    """Run a command in an empty folder; returns how it ended."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)

    def run(*words, **more):
        return CliRunner().invoke(main, words, env=given | more)

    return run


def stored(tmp_path):
    """The account, the organisation, its days and its records."""
    return query(tmp_path / "ccwarehouse.duckdb", STORED)


def bad(**keys):
    """Variables with a key that the API refuses."""
    return {f"{SECTION}ACCOUNTS__{name}__API_KEY": BAD_KEY for name in keys}


def test_one_load_takes_all_and_each_has_its_line(call, tmp_path):
    """The same email in two organisations stays two rows."""
    done = call("load")

    assert (0, "") == (done.exit_code, done.stderr.partition("Interrupted")[2])
    assert [("acme", "ours", 3, 6), ("beta", "theirs", 3, 3)] == stored(tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "acme  3 loaded, 3 changed, 0 empty, 0 failed; 6 records"
    )
    assert lines[1].startswith(
        "beta  3 loaded, 3 changed, 0 empty, 0 failed; 3 records"
    )
    people = "select account, count(*) from claude_code_marts.user_daily"
    assert [("acme", 3), ("beta", 3)] == query(
        tmp_path / "ccwarehouse.duckdb",
        f"{people} where actor = 'ann@example.com' group by all order by all",
    )
    assert 0 == call("transform", "--check").exit_code


def test_one_account_is_taken_by_its_name(api, call, tmp_path):
    """The other one is not asked; its summary is that of a single key."""
    done = call("load", "--account", "Beta", "--json")
    told = json.loads(done.stdout)

    assert (0, "beta", 3) == (done.exit_code, told["account"], told["days_loaded"])
    assert {OTHER_KEY} == {request.headers["x-api-key"] for request in api.calls}
    assert [("beta", "theirs", 3, 3)] == stored(tmp_path)
    unknown = call("load", "--account", "gamma")
    assert 2 == unknown.exit_code
    assert unknown.stderr.endswith("Name one of: acme, beta.\n")


@pytest.mark.parametrize("refused", ["ACME", "BETA"])
def test_one_bad_key_does_not_stop_the_other(call, tmp_path, refused):
    """It ends with 4, and the line names the account and where its key is set."""
    done = call("load", **bad(**{refused: 1}))
    good = {"ACME": "beta", "BETA": "acme"}[refused]

    assert 4 == done.exit_code
    assert [good] == [account for account, *_ in stored(tmp_path)]
    assert f"{refused.lower()}: The API refused the key" in done.stderr
    assert f"Set it as {SECTION}ACCOUNTS__{refused}__API_KEY." in done.stderr
    assert f"{refused.lower()}  not loaded" in done.stdout


def test_an_account_without_a_key_does_not_stop_the_other(call, tmp_path):
    """An empty variable, say, of a secret that was not mounted."""
    done = call("load", **{f"{SECTION}ACCOUNTS__ACME__API_KEY": ""})

    assert 4 == done.exit_code
    assert [("beta", "theirs", 3, 3)] == stored(tmp_path)
    assert "acme: Account acme has no key. Set" in done.stderr


def test_without_any_good_key_nothing_is_made(call, tmp_path):
    """It ends with 3, as a load of one."""
    done = call("load", **bad(ACME=1), **{f"{SECTION}ACCOUNTS__BETA__API_KEY": ""})

    assert 3 == done.exit_code
    assert [] == list(tmp_path.iterdir())
    assert ["acme:", "beta:"] == [line.split()[0] for line in done.stderr.splitlines()]


def test_a_failed_day_of_one_is_not_one_of_the_other(api, call, tmp_path):
    """Each has its own days and failures; the next load repeats the failed one."""
    fails = str(LAST - timedelta(days=2))
    api.fault = lambda request: (
        error(404, "not here")
        if request.headers["x-api-key"] == OTHER_KEY
        and request.query["starting_at"] == fails
        else None
    )
    done = call("load", "--json")
    told = json.loads(done.stdout)
    acme, beta = told["accounts"]
    api.fault = None

    assert (4, 4, 0, 4) == (
        done.exit_code,
        told["exit_code"],
        acme["exit_code"],
        beta["exit_code"],
    )
    assert ({}, [fails]) == (acme["days_failed"], list(beta["days_failed"]))
    assert (6, 5) == (told["days_wanted"], told["days_loaded"])
    assert told["error"].startswith("beta: 1 of 3 days failed: ")
    assert f"beta: {fails} failed: " in done.stderr
    assert 0 == call("load").exit_code
    assert [("acme", "ours", 3, 6), ("beta", "theirs", 3, 3)] == stored(tmp_path)


def test_days_of_none_and_a_bad_key_are_7(api, call):
    """One key works, but days were wanted and none could be loaded."""
    api.fault = lambda request: (
        error(404, "not here") if request.query["limit"] == "1000" else None
    )

    assert 7 == call("load", **bad(ACME=1)).exit_code
    assert 7 == call("load").exit_code


def test_the_summary_for_programs_has_each_account_and_sums(call):
    """An item has the keys of a load of one account."""
    several = json.loads(call("load", "--json", **bad(ACME=1)).stdout)
    single = json.loads(call("load", "--account", "beta", "--json").stdout)
    refused, loaded = several.pop("accounts")

    assert {"account", "exit_code", "error"} == set(refused)
    assert ("acme", 3) == (refused["account"], refused["exit_code"])
    of_all = {*OF_ALL, "version"}
    assert set(single) - of_all == set(loaded)
    assert (3, "beta", 3) == (
        several["days_loaded"],
        loaded["account"],
        loaded["days_loaded"],
    )
    assert loaded["cost_usd"] == several["cost_usd"]


def test_a_dry_run_has_a_plan_of_each(call):
    """Without asking the API."""
    told = json.loads(call("load", "--dry-run", "--json").stdout)
    lines = call("load", "--dry-run").stdout.splitlines()

    assert ["acme", "beta"] == [each["account"] for each in told["accounts"]]
    assert [4, 4] == [each["calls_at_least"] for each in told["accounts"]]
    assert ["Account acme", "Account beta"] == [lines[0], lines[3]]


def test_two_keys_of_one_organisation_are_told_before_anything_is_written(
    api, call, tmp_path
):
    """The first account keeps its days; the second would count all costs twice."""
    api.more[OTHER_KEY] = of("ours", "ann@example.com")
    done = call("load")

    assert 4 == done.exit_code
    assert [("acme", "ours", 3, 6)] == stored(tmp_path)
    assert (
        "beta: Account beta reads organisation ours, which account acme" in done.stderr
    )
    assert "costs would count twice" in done.stderr


def test_a_single_key_that_moves_under_a_name_is_told_the_same(call, api, tmp_path):
    """What `default` holds is not loaded again as another account."""
    keyless = {f"{SECTION}ACCOUNTS__{name}__API_KEY": "" for name in ("ACME", "BETA")}
    first = call(
        "load", "--account", "default", ANTHROPIC_ADMIN_KEY=DEMO_API_KEY, **keyless
    )
    done = call("load", "--account", "acme")

    assert (0, 3) == (first.exit_code, done.exit_code)
    assert done.stderr.startswith("ccwarehouse: Account acme reads organisation ours")
    assert "which account default holds already" in done.stderr
    assert [("default", "ours", 3, 6)] == stored(tmp_path)


def test_what_is_stored_twice_is_told_by_every_command(api, call, tmp_path):
    """A dataset that has it already is loaded on, and each load says so."""
    call("load")
    for table in ("usage_report",):
        execute(
            tmp_path / "ccwarehouse.duckdb",
            f"update claude_code.{table} set organization_id = 'ours'",
        )
    api.more[OTHER_KEY] = of("ours", "ann@example.com")
    load, status, doctor = (
        call(*words, "--json") for words in (["load"], ["status"], ["doctor"])
    )
    told = "Organisation ours is in accounts acme and beta: its costs count twice"

    assert (0, 0, 4) == (load.exit_code, status.exit_code, doctor.exit_code)
    assert told in load.stderr
    assert told in status.stderr
    shared = {"ours": ["acme", "beta"]}
    assert shared == json.loads(status.stdout)["shared_organizations"]
    assert [shared] * 2 == [
        each["shared_organizations"] for each in json.loads(load.stdout)["accounts"]
    ]


def test_status_has_a_part_for_each_account(call, tmp_path):
    """Also on a machine without any key; a missing day of one is 4 for all."""
    call("load")
    whole = call("status")
    keyless = {f"{SECTION}ACCOUNTS__{name}__API_KEY": "" for name in ("ACME", "BETA")}
    execute(
        tmp_path / "ccwarehouse.duckdb",
        "delete from claude_code.day_fetches where account = 'beta'"
        f" and date = date '{LAST - timedelta(days=2)}'",
    )
    gap, one = call("status", "--json"), call("status", "--account", "acme", "--json")
    told = json.loads(gap.stdout)

    assert 0 == whole.exit_code
    assert ["acme", "beta"] == [
        line.split()[1] for line in whole.stdout.splitlines() if "Account" in line
    ]
    assert (4, 1) == (gap.exit_code, told["gaps"])
    assert [("acme", 0), ("beta", 1)] == [
        (each["account"], each["gaps"]) for each in told["accounts"]
    ]
    assert "beta: 1 day is missing: " in gap.stderr
    assert (0, "acme") == (one.exit_code, json.loads(one.stdout)["account"])
    assert 2 == call("status", "--account", "gamma").exit_code
    assert 4 == call("status", **keyless).exit_code


def test_budgets_of_one_account_are_its_own(call, tmp_path):
    """The code is the account's; teams and users have theirs in all accounts."""
    call("load", "--account", "acme")
    month = f"{LAST - timedelta(days=1):%Y-%m}"
    (tmp_path / "budgets.csv").write_text(
        "scope,name,month,amount,currency\n"
        f"user,ann@example.com,{month},0,USD\n"
        f"account,acme,{month},0,USD\n"
        f"account,beta,{month},0,USD\n"
        "account,acme,2020-01,5,USD\n"
    )
    call("load", "--account", "acme", "--budgets", "budgets.csv")
    both, acme, beta = (
        call("budgets", "--json", *words)
        for words in ([], ["--account", "acme"], ["--account", "beta"])
    )
    told = json.loads(acme.stdout)
    [of_acme] = told["budgets"]
    unknown = call("budgets", "--account", "gamma")

    assert (6, 6, 0) == (both.exit_code, acme.exit_code, beta.exit_code)
    assert 3 == len(json.loads(both.stdout)["budgets"])
    assert ("account", "acme", "over") == (
        of_acme["scope"],
        of_acme["name"],
        of_acme["state"],
    )
    assert (1, 1) == (told["over"], told["other_months"])
    assert None is json.loads(beta.stdout)["month"]  # none of its days is loaded
    assert 2 == unknown.exit_code
    assert "There is no account 'gamma'. Name one of: acme." in unknown.stderr


def test_status_without_a_configuration_tells_of_all_that_is_stored(
    call, given, monkeypatch
):
    """And with one key only of its account, naming the others."""
    call("load")
    for name in ("ACME", "BETA"):
        given.pop(f"{SECTION}ACCOUNTS__{name}__API_KEY")
    bare = json.loads(call("status", "--json").stdout)
    one = call("status", **{f"{SECTION}ACCOUNT": "beta"}, ANTHROPIC_ADMIN_KEY=OTHER_KEY)

    assert ["acme", "beta"] == [each["account"] for each in bare["accounts"]]
    assert "Others    acme: stored, without a key here" in one.stdout


def test_an_account_that_was_never_loaded_is_missing(call, given):
    """A new key whose first load failed does not go unnoticed."""
    call("load", "--account", "acme")
    done = call("status")

    alone = call("status", "--account", "beta")

    assert (4, 5) == (done.exit_code, alone.exit_code)
    assert "beta: nothing is loaded yet. Load: ccwarehouse load" in done.stderr
    assert "has no data of account beta yet" in alone.stderr


def test_doctor_checks_each_account(call, api):
    """Each key, and whether two of them read one organisation."""
    call("load", "--account", "acme")
    api.more[OTHER_KEY] = of("ours", "ann@example.com")
    done = call("doctor", "--json", **bad())
    checks = json.loads(done.stdout)["checks"]
    twice = [check for check in checks if check["check"] == "organisation"]

    assert 3 == done.exit_code
    assert ["acme", "beta"] == [
        check["account"] for check in checks if check["check"] == "access"
    ]
    assert ["ok", "problem"] == [check["verdict"] for check in twice]
    assert "beta: Account beta reads organisation ours" in twice[1]["text"]
    one = json.loads(call("doctor", "--account", "acme", "--json").stdout)["checks"]
    assert {"acme", None} == {check["account"] for check in one}


def test_doctor_finds_two_keys_of_one_organisation_before_the_first_load(call, api):
    """Nothing is stored, and both have answered."""
    api.more[OTHER_KEY] = of("ours", "ann@example.com")
    done = call("doctor")

    assert 3 == done.exit_code
    assert "which account acme holds already" in done.stdout


def test_the_age_of_each_account_is_judged(call, tmp_path):
    """One that is too old, or has no final day, is 4 for all."""
    call("load", "--account", "acme")
    fresh = call("status", "--account", "acme", "--max-age", "48")
    never = call("status", "--max-age", "48", "--json")
    call("load", "--account", "beta")
    both = call("status", "--max-age", "48")
    execute(
        tmp_path / "ccwarehouse.duckdb",
        "update claude_code.day_fetches set is_final = false where account = 'beta'",
    )
    old = call("status", "--max-age", "48", "--json")

    codes = [done.exit_code for done in (fresh, never, both, old)]
    assert [0, 4, 0, 4] == codes
    for done in (never, old):
        told = json.loads(done.stdout)["accounts"]
        assert [("acme", False, 48), ("beta", True, 48)] == [
            (each["account"], each["is_too_old"], each["max_age_hours"])
            for each in told
        ]
        assert "beta: No day is final yet, and --max-age wants one." in done.stderr
        assert "acme: " not in done.stderr


def test_the_page_is_that_of_the_account_that_report_takes(call, tmp_path):
    """The one named, else the first by name; the line says whose it is."""
    both = call("load", "--report", "both.html")
    one = call("load", "--account", "beta", "--report", "one.html")
    call("report", "--out", "report.html")

    assert (0, 0) == (both.exit_code, one.exit_code)
    assert "The report of account acme is in both.html." in both.stdout
    assert "The report is in one.html." in one.stdout
    page, named = (tmp_path / name for name in ("both.html", "one.html"))
    assert "bob@example.com" in page.read_text()
    assert "bob@example.com" not in named.read_text()
    assert (tmp_path / "report.html").read_text() == page.read_text()


def events_of(done):
    return list(map(json.loads, done.stderr.splitlines()))


def test_events_have_their_account(call):
    """The message does not repeat it; the summary is that of all."""
    done = call("load", "--log-format", "json", "--json", **bad(ACME=1))
    told = events_of(done)
    *_, summary = told

    assert [
        *[("day_loaded", "beta")] * 3,
        ("package_committed", "beta"),
        ("remark", "acme"),
        ("summary", None),
    ] == [(event["event"], event["account"]) for event in told]
    assert {"claude_code"} == {event["report"] for event in told}
    assert told[-2]["message"].startswith("The API refused the key")
    printed = json.loads(done.stdout)
    assert printed == {key: summary[key] for key in printed}
    assert ["acme", "beta"] == [each["account"] for each in summary["accounts"]]


def samples(file):
    """The value of each metric of each account, without the common prefix."""
    found = {}
    for family in text_string_to_metric_families(file.read_text()):
        for sample in family.samples:
            name = sample.name.removeprefix("ccwarehouse_load_")
            found.setdefault(sample.labels["account"], {})[name] = sample.value
    return found


def test_metrics_have_a_sample_of_each_account(call, tmp_path):
    """Each has its own code, counts and time of success; HELP stands once."""
    file = tmp_path / "load.prom"
    call("load", "--metrics", "load.prom")
    first = samples(file)
    done = call("load", "--metrics", "load.prom", **bad(ACME=1))
    second = samples(file)
    text = file.read_text()

    assert ["acme", "beta"] == list(first)
    assert [(0, 3, 6), (0, 3, 3)] == [
        (found["exit_code"], found["loaded_day_fetches"], found["records"])
        for found in first.values()
    ]
    assert [4, 4] == [found["api_calls"] for found in first.values()]
    assert (4, 3, 0) == (
        done.exit_code,
        second["acme"]["exit_code"],
        second["beta"]["exit_code"],
    )
    success = "last_success_timestamp_seconds"
    final = "newest_final_day_end_timestamp_seconds"
    assert first["acme"][success] == second["acme"][success]
    assert first["beta"][success] < second["beta"][success]
    assert first["acme"][final] == second["acme"][final]
    assert ("day_lag" in second["acme"], second["beta"]["day_lag"]) == (False, 0)
    assert 1 == text.count("# HELP ccwarehouse_load_exit_code ")


def test_what_ends_the_load_of_all_is_the_code_of_each(call, tmp_path):
    """A warehouse that cannot be written, settings that are wrong, a refused file."""
    file = tmp_path / "load.prom"
    call("load", "--metrics", "load.prom")
    good = samples(file)
    (tmp_path / "budgets.csv").write_text(
        f"scope,name,month,amount,currency\norganisation,,{LAST:%Y-%m},1,EUR\n"
    )
    codes = [
        call("load", "--metrics", "load.prom", *words, **given).exit_code
        for words, given in (
            (["--database", "load.prom/x.duckdb"], {}),
            ([], {f"{SECTION}LOOKBACK": "many"}),
        )
    ]
    wrong = samples(file)
    refused = call("load", "--metrics", "load.prom", "--budgets", "budgets.csv")

    assert [5, 3, 3] == [*codes, refused.exit_code]
    for found in (wrong, samples(file)):
        assert [3, 3] == [each["exit_code"] for each in found.values()]
        assert [each["last_success_timestamp_seconds"] for each in good.values()] == [
            each["last_success_timestamp_seconds"] for each in found.values()
        ]


def test_a_wait_for_one_account_is_told_with_its_name(api, call, monkeypatch):
    """Also while its key is asked about, before anything is loaded."""
    monkeypatch.setattr(progress, "LISTENING", 0.001)
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    api.fault = lambda request: (
        error(503, "Overloaded") if request.headers["x-api-key"] == OTHER_KEY else None
    )
    done = call("load")

    assert 4 == done.exit_code
    assert "beta: No answer from the API for 0.01 s" in done.stderr
    assert "No answer from the API for 0.01 s (503" not in done.stderr.replace(
        "beta: No answer", ""
    )


# in processes of their own


@pytest.fixture
def start(given, tmp_path):
    """Start a load in its own process."""
    started = []

    def run():
        process = interruptible(
            [PROGRAM, "load"],
            cwd=tmp_path,
            env=os.environ | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def hang_at_beta(api):
    """Calls of beta's days hang once acme is loaded; returns when they do."""
    asked = []

    def fault(request):
        if (
            request.headers["x-api-key"] == OTHER_KEY
            and request.query["limit"] == "1000"
        ):
            asked.append(request)
            return replace(api.answer(request), stall=60)
        return None

    api.fault = fault
    return asked


@pytest.mark.process
@pytest.mark.usefixtures("in_the_background")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_load_ended_between_accounts_keeps_the_first_and_goes_on(
    api, start, tmp_path, number
):
    """The first account is committed, and the next load fetches only the second."""
    asked = hang_at_beta(api)
    process = start()
    deadline = time.monotonic() + 60
    while not asked:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)

    assert [("acme", "ours", 3, 6)] == stored(tmp_path)
    if number == signal.SIGTERM:
        assert 130 == process.returncode
        assert "\nInterrupted in account beta. 0 of 3 days are committed" in told
        assert "Loaded before: acme. The next load continues from there." in told
    api.fault = None
    again = start()
    said, _ = again.communicate(timeout=120)
    assert 0 == again.returncode
    assert "acme  3 loaded, 0 changed" in said
    assert "beta  3 loaded, 3 changed" in said
    assert [("acme", "ours", 3, 6), ("beta", "theirs", 3, 3)] == stored(tmp_path)
