"""OAuth tokens instead of keys, commands that print them, and a file with the key."""

import json
import os
import time

import anyio
import pytest
from click.testing import CliRunner

from anthropic_admin_api import credentials
from anthropic_admin_api.credentials import printed_by, token_of
from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from api import settings
from ccwarehouse.cli import main
from claude_code_analytics import CredentialsError, SettingsError
from loads import query, record

SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
TOKEN, NEWER = "sk-ant-oat01-hunter-first", "sk-ant-oat01-hunter-second"


@pytest.fixture
def api():
    """An API that knows no key, and the first token."""
    with FakeApi(api_key="none") as api:
        api.more[f"Bearer {TOKEN}"] = lambda day: [record(str(day))]
        yield api


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    """Run a command in an empty folder; returns how it ended."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)
    given = {"BASE_URL": api.url, "INITIAL_DAYS": "3", "BACKOFF": "0.01"}

    def run(*words, **more):
        environment = {f"{SECTION}{name}": text for name, text in given.items()}
        return CliRunner().invoke(main, words, env=environment | more)

    return run


@pytest.fixture
def printing(tmp_path):
    """A command that prints its texts in turn, the last one again and again."""
    runs, script = tmp_path / "runs", tmp_path / "print token.sh"

    def command(*texts):
        lines = "\n".join(
            f"{number}) echo '{t}';;" for number, t in enumerate(texts, 1)
        )
        script.write_text(
            f"#!/bin/sh\necho x >> '{runs}'\ncase $(wc -l < '{runs}' | tr -d ' ') in\n"
            f"{lines}\n*) echo '{texts[-1]}';;\nesac\necho hunter-stderr >&2\n"
        )
        script.chmod(0o700)
        return f"'{script}'"

    command.runs = lambda: len(runs.read_text().splitlines()) if runs.exists() else 0
    return command


def days_of(tmp_path):
    """The accounts with their days."""
    return query(
        tmp_path / "ccwarehouse.duckdb",
        "select account, count(distinct date) from claude_code.usage_report group by 1",
    )


@pytest.mark.slow
@pytest.mark.parametrize("account", ["", "ACCOUNTS__ACME__"])
def test_a_token_is_sent_as_bearer_and_no_key_with_it(api, call, tmp_path, account):
    """As the single one or of an account; doctor knows it too."""
    token = {f"{SECTION}{account}AUTH_TOKEN": TOKEN}
    done, doctor = call("load", **token), call("doctor", **token)

    assert (0, 0) == (done.exit_code, doctor.exit_code)
    assert "a token is set" in doctor.stdout
    name = "acme" if account else "default"
    assert [(name, 3)] == days_of(tmp_path)
    assert {f"Bearer {TOKEN}"} == {call.headers["authorization"] for call in api.calls}
    assert not any("x-api-key" in call.headers for call in api.calls)


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("account", ["", "ACCOUNTS__ACME__"])
def test_a_command_prints_the_token_once_for_all_calls(
    api, call, printing, tmp_path, account
):
    """It may have blanks in quotes, and the line break is not of the token."""
    done = call("load", **{f"{SECTION}{account}AUTH_TOKEN_COMMAND": printing(TOKEN)})

    assert 0 == done.exit_code, done.output
    assert 1 == printing.runs()
    assert 4 == len(api.calls)


@pytest.mark.slow
@pytest.mark.process
def test_a_token_that_expires_is_renewed_once_and_the_load_goes_on(
    api, call, printing, tmp_path
):
    """All days in flight get a 401 then; one of them runs the command again."""

    def fault(request):
        if len(api.calls) == 3:  # after the first call of all and the first day's
            api.more = {f"Bearer {NEWER}": lambda day: [record(str(day))]}

    api.fault = fault
    done = call("load", **{f"{SECTION}AUTH_TOKEN_COMMAND": printing(TOKEN, NEWER)})

    assert 0 == done.exit_code, done.output
    assert 2 == printing.runs()
    assert [("default", 3)] == days_of(tmp_path)


@pytest.mark.slow
@pytest.mark.process
def test_a_renewed_token_may_expire_as_well(api, call, printing, tmp_path):
    """What was accepted once may be renewed once more."""

    def expire(request):
        number = len(api.calls)
        token = "first" if number < 3 else "second" if number < 5 else "third"
        api.more = {f"Bearer {token}": lambda day: [record(str(day))]}

    api.fault = expire
    given = {
        f"{SECTION}AUTH_TOKEN_COMMAND": printing("first", "second", "third"),
        f"{SECTION}CONCURRENCY": "1",
    }
    done = call("load", **given)

    assert (0, 3) == (done.exit_code, printing.runs()), done.output


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize(("status", "runs"), [(401, 2), (403, 1)])
def test_a_token_that_stays_refused_is_an_error_after_one_renewal(
    api, call, printing, status, runs
):
    """Only a 401 can mean that it expired. The error says what a token needs."""
    api.fault = lambda request: error(
        status, f"bad {request.headers['authorization']} {NEWER}"
    )
    done = call("load", **{f"{SECTION}AUTH_TOKEN_COMMAND": printing(TOKEN, NEWER)})

    assert (3, runs) == (done.exit_code, printing.runs())
    assert "The API refused the token. This report needs an OAuth token" in done.stderr
    assert f"Set it as {SECTION}AUTH_TOKEN_COMMAND." in done.stderr
    assert TOKEN not in done.output


@pytest.mark.slow
@pytest.mark.process
def test_a_token_refused_in_the_middle_fails_its_days_only(api, call, printing):
    """The first day is in; the command is not run for each of the others."""

    def fault(request):
        late = len(api.calls) > 2
        return error(401, "expired") if late else None

    api.fault = fault
    given = {f"{SECTION}CONCURRENCY": "1", f"{SECTION}INITIAL_DAYS": "6"}
    command = {f"{SECTION}AUTH_TOKEN_COMMAND": printing(TOKEN)}
    done = call("load", "--json", **given, **command)

    assert (4, 2) == (done.exit_code, printing.runs())
    assert 1 == json.loads(done.stdout)["days_loaded"]


@pytest.mark.process
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("false", "ended with 1"),
        ("sh -c 'echo hunter; exit 7'", "ended with 7"),
        ("true", "printed nothing"),
        ("echo hunter two", "printed more than a token"),
        ("printf 'hunter\\nthree'", "printed more than a token"),
        ("printf 'hunter\\303\\244'", "printed more than a token"),
        ("/nowhere/hunter", "could not be started (No such file or directory)"),
        ("/etc", "could not be started (Permission denied)"),
        ("echo 'hunter", "a quote in it is not closed"),
    ],
)
def test_a_command_that_gives_no_token_is_told_without_its_output(command, told):
    """The line ends with what to do, and quotes neither command nor output."""
    with pytest.raises(CredentialsError) as failed:
        printed_by(command)

    assert told in str(failed.value)
    assert "Run the command by hand" in str(failed.value)
    assert "hunter" not in str(failed.value)


@pytest.mark.process
def test_a_command_that_fails_is_not_run_for_each_call(printing):
    """Each call of a load is told the same error."""
    credential = token_of(printing("two words"))
    for _ in range(2):
        with pytest.raises(CredentialsError, match="printed more than a token"):
            anyio.run(credential.secret)

    assert 1 == printing.runs()


@pytest.mark.slow
@pytest.mark.process
def test_a_command_that_hangs_is_ended(monkeypatch):
    """After half a minute; nobody types at its stdin."""
    monkeypatch.setattr(credentials, "COMMAND_SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(CredentialsError, match=r"took more than 0\.3 s"):
        printed_by("sleep 60")

    assert time.monotonic() - began < 10
    with pytest.raises(CredentialsError, match="printed nothing"):
        printed_by("cat")


@pytest.mark.slow
@pytest.mark.process
def test_a_command_that_fails_stops_its_account_only(api, call, tmp_path):
    """The others are loaded, and doctor says what is wrong."""
    given = {
        f"{SECTION}ACCOUNTS__ACME__AUTH_TOKEN": TOKEN,
        f"{SECTION}ACCOUNTS__BETA__AUTH_TOKEN_COMMAND": "false",
    }
    done, doctor = call("load", **given), call("doctor", **given)

    assert (4, 3) == (done.exit_code, doctor.exit_code)
    assert [("acme", 3)] == days_of(tmp_path)
    assert "beta: auth_token_command ended with 1. Run the command by" in done.stderr
    assert "beta: auth_token_command ended with 1" in doctor.stdout


@pytest.mark.parametrize("text", ["a\nb", "ä", "a\0"])
def test_a_token_that_cannot_be_sent_is_refused_unseen(text):
    """As a key."""
    with pytest.raises(CredentialsError, match=r"auth_token holds .* Copy it again"):
        _ = settings(api_key="", auth_token=f"hunter{text}").credential


# the file with the key


@pytest.mark.slow
@pytest.mark.parametrize("around", ["{}", "{}\n", "{}\r\n", "\ufeff{}\n"])
def test_the_key_may_be_in_a_file(api, call, tmp_path, around):
    """As containers get secrets; a line break at its end is not of it."""
    api.api_key = DEMO_API_KEY
    (tmp_path / "key").write_text(around.format(DEMO_API_KEY), "utf-8", newline="")
    done = call("load", ANTHROPIC_ADMIN_KEY_FILE=str(tmp_path / "key"))

    assert 0 == done.exit_code, done.output
    assert [("default", 3)] == days_of(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("", "is empty"),
        (" \n", "is empty"),
        (b"\xff\xfe", "is no text"),
    ],
)
def test_a_file_without_a_key_is_one_line(call, tmp_path, content, told):
    """It ends with 3 and what to do, and does not quote the name."""
    file = tmp_path / "hunter-key"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = call("load", ANTHROPIC_ADMIN_KEY_FILE=str(file))

    assert (3, 1) == (done.exit_code, len(done.stderr.splitlines()))
    assert f"The file that ANTHROPIC_ADMIN_KEY_FILE names {told}. Write" in done.stderr
    assert "hunter" not in done.output
    assert not (tmp_path / "ccwarehouse.duckdb").exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_may_not_be_read_is_one_line(call, tmp_path):
    """Of another user, say."""
    (tmp_path / "key").write_text(DEMO_API_KEY)
    (tmp_path / "key").chmod(0)
    done = call("load", ANTHROPIC_ADMIN_KEY_FILE=str(tmp_path / "key"))

    assert 3 == done.exit_code
    assert "cannot be read (Permission denied)" in done.stderr


def test_a_folder_is_no_file_with_a_key(call, tmp_path):
    """As when a secret is mounted under another name."""
    done = call("load", ANTHROPIC_ADMIN_KEY_FILE=str(tmp_path))

    assert 3 == done.exit_code
    assert "cannot be read (Is a directory)" in done.stderr


def test_the_key_and_a_file_with_it_are_one_too_many(call, tmp_path):
    """Nobody could say which one counts. An empty variable does not count."""
    both = {"ANTHROPIC_ADMIN_KEY": "a", "ANTHROPIC_ADMIN_KEY_FILE": "/nowhere"}
    done = call("load", **both)

    assert 3 == done.exit_code
    assert "sets ANTHROPIC_ADMIN_KEY and ANTHROPIC_ADMIN_KEY_FILE. Keep" in done.stderr
    done = call("load", **both | {"ANTHROPIC_ADMIN_KEY_FILE": ""})
    assert "refused the key" in done.stderr


def test_what_the_section_sets_comes_before_the_customary_variables(monkeypatch):
    """A key for other programs changes nothing where a token is set."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "for another program")
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY_FILE", "/nowhere")

    assert ["auth_token"] == settings(api_key="", auth_token=TOKEN).kinds


def test_a_given_key_comes_before_a_configured_token(monkeypatch):
    """As the demo gives one, and a pipeline of one's own may."""
    monkeypatch.setenv(f"{SECTION}AUTH_TOKEN", TOKEN)

    assert ["api_key"] == settings(api_key=DEMO_API_KEY).kinds
    assert ["auth_token"] == settings(api_key="").kinds


def test_two_kinds_are_refused_in_a_pipeline_of_ones_own_too():
    """Before the first call."""
    given = settings(api_key=DEMO_API_KEY, auth_token=TOKEN)

    with pytest.raises(SettingsError, match="sets api_key and auth_token"):
        _ = given.credential
