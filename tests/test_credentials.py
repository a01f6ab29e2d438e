"""Wrong credentials of every destination: one line that does not contain them.

Each is tried in all forms that dlt accepts: a URL, JSON, single fields in the
environment, and dlt's files.
"""

import json

import psycopg2
import pytest
from click.testing import CliRunner
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import PluggableRunContext
from dlt.common.exceptions import MissingDependencyException

from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.problems import explain
from ccwarehouse.redaction import without_secrets

SECRET = "hunter-Kj5/Lw9@q%Zz"
IN_AN_ADDRESS = "hunter-Kj5%2FLw9%40q%25Zz"
NOBODY = "127.0.0.1:9"  # where nothing listens
ADDRESSES = (
    f"postgresql+psycopg2://loader:{SECRET}@{NOBODY}/usage",
    f"mysql://loader:{IN_AN_ADDRESS}@{NOBODY}/usage?token={IN_AN_ADDRESS}",
    f"https://{NOBODY}/?password={IN_AN_ADDRESS}",
    f"loader:{SECRET}@x y",
)
DESTINATIONS = (
    *("postgres", "redshift", "bigquery", "snowflake", "mssql", "synapse", "fabric"),
    *("databricks", "clickhouse", "dremio", "athena"),
    "sqlalchemy",
)
PARTS = {
    "host": "127.0.0.1",
    "port": "9",
    "database": "usage",
    "catalog": "usage",
    "username": "loader",
    "password": SECRET,
    "server_hostname": NOBODY,
    "http_path": "/sql",
    "access_token": SECRET,
    "token": SECRET,
    "private_key": SECRET,
    "client_secret": SECRET,
    "aws_secret_access_key": SECRET,
    "azure_client_secret": SECRET,
}
ACCOUNT = {
    "type": "service_account",
    "project_id": "usage",
    "client_email": "loader@usage.iam.gserviceaccount.com",
    "private_key": f"-----BEGIN PRIVATE KEY-----\n{SECRET}{SECRET}\n",
    "token_uri": f"http://{NOBODY}/token",
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder without settings; connections are refused at once, downloads too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{NOBODY}")
    monkeypatch.setenv("HTTP_PROXY", f"http://{NOBODY}")
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://{NOBODY}")


def status(destination, **given):
    """The exit code of `status`, and its one line."""
    environment = {
        f"DESTINATION__{destination.upper()}__{name.upper()}": value
        for name, value in given.items()
    }
    words = ["status", "--destination", destination]
    done = CliRunner().invoke(main, words, env=environment)
    said = [line for line in done.stderr.splitlines() if "is not tested" not in line]
    assert (1, "") == (len(said), done.stdout), done.output
    return done.exit_code, said[0]


def is_told(said):
    """Whether the text contains a part of the secret in any spelling."""
    return any(part in said for part in ("hunter", "Kj5", "Lw9", "%Zz", "%25Zz"))


@pytest.mark.slow
@pytest.mark.parametrize("destination", DESTINATIONS)
def test_no_part_of_a_credential_is_told(destination):
    """One line, which ends with 3, or with 5 where something else is missing."""
    forms = [
        *({"credentials": address} for address in ADDRESSES),
        {"credentials": json.dumps(ACCOUNT)},
        {"credentials": json.dumps(ACCOUNT)[:-60]},
        {"credentials": SECRET},
        {f"credentials__{name}": value for name, value in PARTS.items()},
        {"credentials__password": SECRET, "credentials__port": SECRET},
    ]
    ends = [status(destination, **given) for given in forms]

    assert [] == [said for _, said in ends if is_told(said)]
    assert {code for code, _ in ends} <= {3, 5}


def test_no_part_of_a_motherduck_token_is_told():
    """One form is enough: DuckDB tries to download an extension each time."""
    _, said = status("motherduck", credentials=f"md://usage?motherduck_token={SECRET}")

    assert not is_told(said)


@pytest.mark.parametrize("command", ["status", "doctor"])
@pytest.mark.parametrize(
    "scheme", ["postgresql+psycopg2", "postgresql+asyncpg", "mysql"]
)
def test_another_scheme_than_that_of_postgres_is_named(command, scheme):
    """The line says how the URL should begin."""
    address = f"{scheme}://loader:{SECRET}@{NOBODY}/usage"
    given = {"DESTINATION__POSTGRES__CREDENTIALS": address}
    done = CliRunner().invoke(main, [command, "--destination", "postgres"], env=given)

    assert 3 == done.exit_code
    assert f"begin with {scheme}://. Begin them with postgresql://" in done.output
    assert not is_told(done.output)


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("postgresql://loader:a@bcd@127.0.0.1:9/usage", "Write %40 for an @"),
        (f"postgresql://u:{IN_AN_ADDRESS}@/u?host=/a&host=/b", "host more than once"),
        (f"postgresql://loader:{SECRET}@{NOBODY}", "`credentials` (database)"),
        (f"postgresql://u:hunter2@{NOBODY}/u?x=y", "cannot read its credentials"),
        (f"loader:{SECRET}@{NOBODY}", "`postgresql://username:password@host:port/data"),
        (f"postgresql://loader:{SECRET}@127.0.0.1:{SECRET}/u", "cannot be read"),
    ],
)
def test_it_is_said_what_an_address_lacks(address, advice):
    """Without quoting the URL."""
    code, said = status("postgres", credentials=address)

    assert 3 == code
    assert advice in said
    assert not is_told(said)
    assert "bcd" not in said


@pytest.mark.parametrize(
    ("destination", "extra"),
    [("snowflake", "'dlt[snowflake]'"), ("mssql", "'dlt[mssql]'")],
)
def test_a_missing_driver_is_installed_with_the_extra_that_brings_it(
    destination, extra
):
    """dlt's extra, where this package has none."""
    given = {f"credentials__{name}": value for name, value in PARTS.items()}
    code, said = status(destination, **given)

    assert 3 == code
    assert said.endswith(
        f"The driver of {destination} is missing. Install it: pip install {extra}"
    )


@pytest.mark.parametrize("extra", ["postgres", "bigquery"])
def test_it_is_this_package_s_extra_where_it_has_one(extra):
    """As the docs say."""
    error = MissingDependencyException(f"{extra} destination", [f"dlt[{extra}]"])

    assert explain(error, extra).line.endswith(f"pip install 'ccwarehouse[{extra}]'")


def test_a_credential_that_a_driver_quotes_is_not_told(monkeypatch):
    """Some drivers quote the whole URL to which they could not connect."""
    address = f"postgresql://loader:{IN_AN_ADDRESS}@{NOBODY}/usage"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address)
    told = explain(psycopg2.OperationalError(f"no way to {address}"), "postgres")

    assert ExitCode.WAREHOUSE == told.code
    assert "no way to postgresql://loader:***@" in told.line
    assert not is_told(told.line)


def test_a_credential_in_a_file_is_not_told(tmp_path):
    """Even if a driver quotes it."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(
        f"[destination.redshift.credentials]\npassword = '{SECRET}'\n"
        f"[destination.snowflake]\ncredentials = 'snowflake://u:{SECRET}@h/d'\n"
    )
    container = Container()[PluggableRunContext]
    container.reload_providers()
    try:
        told = without_secrets(f'no host "Lw9@q%Zz@h", option "{IN_AN_ADDRESS}"')
    finally:
        (tmp_path / ".dlt" / "secrets.toml").unlink()
        container.reload_providers()

    assert not is_told(told)
    assert 'no host "***@h", option "***"' == told
