"""Messages about what a person can fix: where, why, and what to do."""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from dlt.common.configuration.providers import ConfigTomlProvider, SecretsTomlProvider
from dlt.common.configuration.providers.toml import TomlProviderReadException

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.problems import explain
from loads import History, record
from whole_days.errors import SharedError

with suppress(ImportError):  # Windows has no such limits
    import resource

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
SECRET = "hunter-Kj5Lw9"
DAY = "2026-03-09"


@pytest.fixture
def api():
    with FakeApi(History({DAY: [record(DAY)]})) as api:
        yield api


@pytest.fixture
def call(api, tmp_path):
    """A command in its own process; returns its exit code and its one line."""

    def run(*words, limit=None, **environment):
        given = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            # under a limit on file sizes Python would leave partial .pyc files
            "PYTHONDONTWRITEBYTECODE": "1",
        }

        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = subprocess.run(
            [PROGRAM, *words],
            cwd=tmp_path,
            env=os.environ | given | environment,
            preexec_fn=limited if limit else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return done.returncode, done.stderr

    return run


ONE_DAY = ("load", "--quiet", "--start", DAY, "--end", DAY)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            "secrets.toml",
            f"[a]\nb = 1\n[destination.postgres]\ncredentials = {SECRET}\n",
            "Invalid value (at line 4, column 15)",
        ),
        (
            "config.toml",
            f"[{SECRET}]\nx = 1\n[{SECRET}]\n",
            "Cannot declare a name twice (at line 3, column 15)",
        ),
        ("config.toml", "a = 1\n\udcff", "can't decode byte 0xff in position 6"),
    ],
)
def test_a_broken_file_of_dlt_is_named_with_the_line(tmp_path, name, text, reason):
    """With the whole reason, but without the file's values."""
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    provider = ConfigTomlProvider if name == "config.toml" else SecretsTomlProvider
    with pytest.raises(TomlProviderReadException) as raised:
        provider(str(tmp_path), "/nowhere")
    told = explain(raised.value, "The configuration")

    assert ExitCode.CONFIGURATION == told.code
    assert told.line.startswith(f"{tmp_path}/{name} cannot be read: ")
    assert reason in told.line
    assert told.line.endswith(". Correct the file.")
    assert SECRET not in told.line


@pytest.mark.process
def test_the_command_says_so_in_one_line(call, tmp_path):
    """Although dlt reads its files long before it needs them."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text("a =\n")
    said = (
        "ccwarehouse: .dlt/config.toml cannot be read: "
        "Invalid value (at line 1, column 4). Correct the file.\n"
    )

    assert (3, said) == call("transform")


def test_a_full_temporary_folder_is_not_taken_for_the_database_s_disk(
    call, database, tmp_path
):
    """Only the loader's files may not grow, so the temporary folder is named."""
    code, said = call(*ONE_DAY, "--destination", "postgres", limit=2000)

    assert 5 == code
    assert f"The temporary folder {tempfile.gettempdir()} cannot be used: " in said
    assert "File too large" in said
    assert "set TMPDIR to another folder" in said
    assert 1 == said.count("\n")


def test_a_missing_temporary_folder_is_named(tmp_path, monkeypatch):
    """TMPDIR names a missing folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    given = {"ANTHROPIC_ADMIN_KEY": DEMO_API_KEY}
    done = CliRunner().invoke(main, ["load", "--database", "usage.duckdb"], env=given)

    assert 5 == done.exit_code
    assert f"The temporary folder {tmp_path}/gone cannot be used" in done.stderr


def test_a_machine_without_a_temporary_folder_is_told(tmp_path, monkeypatch):
    """If Python finds no writable folder, its error names no file."""
    monkeypatch.chdir(tmp_path)
    gone = str(tmp_path / "gone")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [gone])
    given = {"ANTHROPIC_ADMIN_KEY": DEMO_API_KEY}
    done = CliRunner().invoke(main, ["load", "--database", "usage.duckdb"], env=given)

    assert 5 == done.exit_code
    assert "The temporary folder (TMPDIR) cannot be used" in done.stderr
    assert f"No usable temporary directory found in ['{gone}']" in done.stderr


@pytest.mark.process
def test_a_full_disk_of_the_database_is_not_taken_for_the_temporary_folder(
    call, tmp_path
):
    """The line names the given file."""
    code, said = call(*ONE_DAY, "--database", "usage.duckdb", limit=8000)

    assert 5 == code
    assert said.startswith("ccwarehouse: usage.duckdb cannot be used: ")
    assert f"{tmp_path}/usage.duckdb" in said
    assert "temporary" not in said
    assert 1 == said.count("\n")
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told_by_the_file_s_name(tmp_path, monkeypatch):
    """The line does not name a draft."""
    monkeypatch.chdir(tmp_path)
    given = {"ANTHROPIC_ADMIN_KEY": DEMO_API_KEY}
    words = ["load", "--database", "nowhere/usage.duckdb"]
    done = CliRunner().invoke(main, words, env=given)

    assert 5 == done.exit_code
    assert f'"{tmp_path}/nowhere/usage.duckdb"' in done.stderr


def test_an_organisation_of_another_account_is_refused_with_the_option_to_use():
    """The source's error knows no option; the command's line names it."""
    shared = SharedError("acme", "emea", "us")
    problem = explain(shared, "")

    assert ExitCode.CONFIGURATION == problem.code
    assert f"{shared} Name the other dataset with --dataset." == problem.line
    assert "--" not in str(shared)


@pytest.mark.process
def test_a_name_that_the_locale_cannot_write_is_wrong_usage(call, tmp_path):
    """DuckDB encodes names in UTF-8 and would open another file."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code, said = call(*ONE_DAY, "--database", "übung.duckdb", **plain)

    assert 2 == code
    assert "Set PYTHONUTF8=1" in said
    assert 1 == said.count("\n")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_with_utf_8_a_name_may_have_any_letters(api, tmp_path):
    """Also in the folder's name."""
    (tmp_path / "日本").mkdir()
    file = tmp_path / "日本" / "übung.duckdb"
    given = {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }
    words = [*ONE_DAY, "--database", str(file)]
    done = CliRunner().invoke(main, words, env=given)
    stored = CliRunner().invoke(main, ["status", "--database", str(file)])

    assert 0 == done.exit_code, done.stderr
    assert f"{file}, tables in claude_code" in stored.stdout
