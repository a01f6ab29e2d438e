"""Which accounts the configuration has: names, keys, and what is refused."""

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import PluggableRunContext

from anthropic_admin_api.accounts import resolve_one
from api import KEY
from claude_code_analytics import (
    CredentialsError,
    SettingsError,
    UnknownAccountError,
    resolve_accounts,
)

PREFIX = "SOURCES__CLAUDE_CODE_ANALYTICS__"
SECRET = "sk-ant-admin01-hunter-Kj5Lw9"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, and an environment without a key."""
    monkeypatch.chdir(tmp_path)
    for name in ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".dlt").mkdir()
    context = Container()[PluggableRunContext]
    before = context.context.run_dir
    context.reload(str(tmp_path))
    yield tmp_path
    context.reload(before)


@pytest.fixture
def write(folder):
    """Write `accounts` into one of dlt's files."""

    def written(text, name="secrets.toml", section="sources.claude_code_analytics"):
        (folder / ".dlt" / name).write_text(f"[{section}]\n{text}\n")
        Container()[PluggableRunContext].reload_providers()

    return written


@pytest.fixture
def set_key(monkeypatch):
    """Set a variable of an account."""

    def set_one(name, value=KEY):
        monkeypatch.setenv(f"{PREFIX}ACCOUNTS__{name}", value)

    return set_one


def keys(accounts):
    """The key of each account by its name."""
    return {settings.account: settings.api_key for settings in accounts}


def test_files_and_the_environment_name_accounts_together(write, set_key):
    """A variable comes before a file, and both before nothing."""
    write('accounts.acme.api_key = "file"\naccounts.beta.api_key = "b"\nlookback = 9')
    set_key("ACME__API_KEY", "variable")
    set_key("GAMMA__API_KEY", "c")
    accounts = resolve_accounts(concurrency=2)

    assert {"acme": "variable", "beta": "b", "gamma": "c"} == keys(accounts)
    assert [(9, 2)] * 3 == [(one.lookback, one.concurrency) for one in accounts]


def test_the_single_key_is_the_account_default_beside_others(monkeypatch, set_key):
    """It comes first, keeps its name, and is not the key of any other account."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    set_key("ACME__API_KEY", "a")

    assert {"default": KEY, "acme": "a"} == keys(resolve_accounts())
    assert ["default", "acme"] == [one.account for one in resolve_accounts()]


def test_without_a_key_there_is_one_account_without_one():
    """As before: commands that need no key run, the others say what to set."""
    (account,) = resolve_accounts()

    assert "default" == account.account
    with pytest.raises(CredentialsError, match="Set ANTHROPIC_ADMIN_KEY"):
        _ = account.credential


@pytest.mark.parametrize("written", ["acme-eu", "Acme.EU", "ACME_EU", "acme_eu"])
@pytest.mark.parametrize("asked", ["acme_eu", "acme-eu", "ACME-EU"])
def test_case_dashes_and_dots_do_not_count_in_a_name(write, set_key, written, asked):
    """So that data stays where it is when a key moves from a file to a variable."""
    write(f'accounts."{written}".auth_token = "t"')
    set_key("ACME_EU__AUTH_TOKEN", "newer")
    (account,) = resolve_accounts(asked)

    assert ("acme_eu", "newer") == (account.account, account.auth_token)


def test_a_chosen_account_is_alone(set_key):
    """`--account` takes one; nothing is asked of the others."""
    set_key("ACME__API_KEY", "a")
    set_key("BETA__API_KEY", "")

    assert {"acme": "a"} == keys(resolve_accounts("acme"))


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
@pytest.mark.parametrize("single", ["ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY_FILE"])
def test_an_empty_variable_is_an_account_without_a_key(
    set_key, monkeypatch, single, empty
):
    """It hides no file, takes no other key, and says what to set once it is used."""
    monkeypatch.setenv(single, KEY)
    set_key("ACME__API_KEY", empty)
    _, acme = resolve_accounts()

    with pytest.raises(CredentialsError) as refused:
        _ = acme.credential
    assert "Account acme has no key. Set api_key" in str(refused.value)
    assert f"{PREFIX}ACCOUNTS__ACME__API_KEY." in str(refused.value)


def test_an_empty_variable_does_not_hide_a_file(write, set_key):
    """As of the single key."""
    write('accounts.acme.api_key = "file"')
    set_key("ACME__API_KEY", "")

    assert {"acme": "file"} == keys(resolve_accounts())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('accounts.a-b.api_key = "x"\naccounts.a_b.api_key = "y"', "same name"),
        ('accounts.Acme.api_key = "x"\naccounts.acme.api_key = "y"', "same name"),
        ('accounts.a.api_key = "x"\naccounts.b.api_key = "x"', "a and b have the same"),
        (
            'accounts.a.auth_token_command = "x"\naccounts.b.auth_token_command = "x"',
            "costs would count twice",
        ),
        ('api_key = "x"\naccounts.a.api_key = "x"', "default and a have the same"),
        ('api_key = "x"\naccounts.default.api_key = "y"', "Remove one of the keys"),
        ('api_key = "x"\naccount="A-1"\naccounts.a_1.api_key = "y"', "rename the acc"),
        ('account = "a"\naccounts.a.api_key = "y"', "choose with --account"),
        ('accounts.a.api_key = "x"\naccounts.a.auth_token = "y"', "Keep one of them"),
        ('api_key = "x"\nauth_token = "y"', "sets api_key and auth_token. Keep one"),
        ('auth_token = "x"\nauth_token_command = "y"', "Keep one"),
        (f'accounts.a = "{SECRET}"', "accounts.a in .* is no table. Write"),
        (f'accounts = "{SECRET}"', "is no table. Write"),
        (f'accounts.api_key = "{SECRET}"', "accounts.api_key in .* is no table"),
        (f'accounts.a.api_key = ["{SECRET}"]', "api_key of account a is no text"),
        (f'accounts.a."{SECRET}" = 1', "a setting such, which accounts do not have"),
        (f'accounts."{SECRET}".api_key = "x"', "must not look like a key"),
        (f'accounts.a.apikey = "{SECRET}"', "setting 'apikey', which"),
        (f'accounts.a.base_url = "{SECRET}"', "all others belong to"),
        ('accounts."a b".api_key = "x"', "name of an account may hold"),
        ("accounts.\"a'b\".api_key = 'x'", "name of an account may hold"),
        ('accounts."".api_key = "x"', "name of an account may hold"),
        ('accounts."é".api_key = "x"', "name of an account may hold"),
    ],
)
def test_what_is_not_clear_is_refused_with_what_to_do(write, text, told):
    """Before anything is asked, and without a value."""
    write(text)
    with pytest.raises(SettingsError, match=told) as refused:
        resolve_accounts()

    assert "hunter" not in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("API_KEY", "names no account"),
        ("__API_KEY", "names no account"),
        ("ACME__APIKEY", "setting 'apikey'"),
        ("ACME__BASE_URL", "all others belong to"),
        ("SK-ANT-ADMIN01__API_KEY", "look like a key"),
    ],
)
def test_a_variable_that_means_no_setting_is_refused(set_key, name, told):
    """A misspelled one would otherwise leave out an account without a word."""
    set_key(name, SECRET)
    with pytest.raises(SettingsError, match=told) as refused:
        resolve_accounts()

    assert "hunter" not in str(refused.value)


def test_two_variables_of_one_name_are_refused(set_key):
    """On systems where case counts in names of variables."""
    set_key("ACME__API_KEY", "a")
    set_key("Acme__API_KEY", "b")

    with pytest.raises(SettingsError, match="the same name"):
        resolve_accounts()


def test_a_secret_is_not_taken_from_the_file_for_others(write):
    """config.toml is made to be shared; a command may be in it."""
    write('accounts.acme.auth_token_command = "print-token"', "config.toml")
    (account,) = resolve_accounts()
    assert "print-token" == account.auth_token_command

    write(f'accounts.acme.api_key = "{SECRET}"', "config.toml")
    with pytest.raises(SettingsError, match=r"Move it to \.dlt/secrets\.toml") as told:
        resolve_accounts()
    assert "hunter" not in str(told.value)


def test_an_unknown_account_is_refused_with_the_names_there_are(set_key):
    """A person sees what to name."""
    set_key("ACME__API_KEY", "a")
    set_key("BETA__API_KEY", "b")

    with pytest.raises(UnknownAccountError, match=r"Name one of: acme, beta\.$"):
        resolve_accounts("gamma")


def test_a_pipeline_of_ones_own_names_one_account(set_key):
    """`usage(account=...)` takes its key; of several one has to be named."""
    set_key("ACME__API_KEY", "a")
    set_key("BETA__API_KEY", "b")

    assert "b" == resolve_one(account="beta").api_key
    assert ("mine", KEY) == (
        (given := resolve_one(account="mine", api_key=KEY)).account,
        given.api_key,
    )
    with pytest.raises(SettingsError, match="Name one of: acme, beta"):
        resolve_one()


def test_settings_of_an_account_do_not_show_its_key(set_key):
    """Neither in str() nor in repr()."""
    set_key("ACME__API_KEY", SECRET)
    (account,) = resolve_accounts()

    assert "hunter" not in f"{account} {account!r}"
