"""What a person can mend is told as such: where it is, why, and what to do."""

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

from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.problems import explain
from claude_code_analytics.fake import DEMO_API_KEY, FakeApi
from loads import History, record

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
    """A command in a process of its own; its exit code and the one line it says."""

    def run(*words, limit=None, **environment):
        given = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            # where files may not grow Python would leave cut off what it compiles
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
    """And with the whole reason, but without what is written there."""
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
    """Though dlt reads its files long before it needs them."""
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
    """No file of the loader may grow, but those of the server may: it is dlt's."""
    code, said = call(*ONE_DAY, "--destination", "postgres", limit=2000)

    assert 5 == code
    assert f"The temporary folder {tempfile.gettempdir()} cannot be used: " in said
    assert "File too large" in said
    assert "set TMPDIR to another folder" in said
    assert 1 == said.count("\n")


def test_a_missing_temporary_folder_is_named(tmp_path, monkeypatch):
    """Wherever the variable points to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    given = {"ANTHROPIC_ADMIN_KEY": DEMO_API_KEY}
    done = CliRunner().invoke(main, ["load", "--database", "usage.duckdb"], env=given)

    assert 5 == done.exit_code
    assert f"The temporary folder {tmp_path}/gone cannot be used" in done.stderr


def test_a_machine_without_a_temporary_folder_is_told(tmp_path, monkeypatch):
    """Where Python finds none that it could write to, it names no file."""
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
    """And the file that is named is the one that was given."""
    code, said = call(*ONE_DAY, "--database", "usage.duckdb", limit=8000)

    assert 5 == code
    assert said.startswith("ccwarehouse: usage.duckdb cannot be used: ")
    assert f"{tmp_path}/usage.duckdb" in said
    assert "temporary" not in said
    assert 1 == said.count("\n")
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told_by_the_file_s_name(tmp_path, monkeypatch):
    """Not by that of a draft, which nobody has asked for."""
    monkeypatch.chdir(tmp_path)
    given = {"ANTHROPIC_ADMIN_KEY": DEMO_API_KEY}
    words = ["load", "--database", "nowhere/usage.duckdb"]
    done = CliRunner().invoke(main, words, env=given)

    assert 5 == done.exit_code
    assert f'"{tmp_path}/nowhere/usage.duckdb"' in done.stderr


@pytest.mark.process
def test_a_name_that_the_locale_cannot_write_is_wrong_usage(call, tmp_path):
    """DuckDB's names are in UTF-8 everywhere, and so would be another file's."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code, said = call(*ONE_DAY, "--database", "übung.duckdb", **plain)

    assert 2 == code
    assert "Set PYTHONUTF8=1" in said
    assert 1 == said.count("\n")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_with_utf_8_a_name_may_have_any_letters(api, tmp_path):
    """Those of the folder, too."""
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
