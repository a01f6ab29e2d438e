"""Settings come from arguments, the environment and dlt's files, in this order."""

from datetime import UTC, date, datetime

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs import PluggableRunContext

from api import KEY
from ccwarehouse.inputs import read_files, resolve_file_settings
from ccwarehouse.inputs.weekend import WeekendError
from claude_code_analytics import CredentialsError, SettingsError, resolve_settings
from whole_days.calendar import Calendar
from whole_days.plan import nightly

PREFIX = "SOURCES__CLAUDE_CODE_ANALYTICS__"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, and an environment without a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)
    (tmp_path / ".dlt").mkdir()
    context = Container()[PluggableRunContext]
    before = context.context.run_dir
    context.reload(str(tmp_path))
    yield tmp_path
    monkeypatch.undo()  # the folder that dlt reads again is the one of before
    context.reload(before)
    context.reload_providers()


def write(folder, name, text):
    (folder / ".dlt" / name).write_text(f"[sources.claude_code_analytics]\n{text}\n")
    Container()[PluggableRunContext].reload_providers()


def test_without_anything_the_defaults_hold():
    """Only the key has no default."""
    settings = resolve_settings()

    assert "https://api.anthropic.com" == settings.base_url
    assert ("default", 4, 300) == (
        settings.account,
        settings.concurrency,
        settings.max_wait,
    )
    with pytest.raises(CredentialsError, match="Set ANTHROPIC_ADMIN_KEY"):
        settings.require_key()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("base_url", "https://proxy.example/api/", "https://proxy.example/api"),
        ("api_key", KEY, KEY),
        ("account", "emea", "emea"),
        ("concurrency", "8", 8),
        ("max_wait", "12.5", 12.5),
        ("backoff", "0.5", 0.5),
        ("timeout", "9", 9),
        ("initial_days", "30", 30),
        ("lookback", "0", 0),
        ("settle_minutes", "60", 60),
    ],
)
def test_every_setting_can_come_from_the_environment(
    monkeypatch, folder, name, text, expected
):
    """In dlt's form, with the right type, and before dlt's files."""
    write(folder, "config.toml", f"{name} = 1" if expected != KEY else "")
    monkeypatch.setenv(PREFIX + name.upper(), text)

    assert expected == getattr(resolve_settings(), name)


def test_dlts_files_in_the_working_folder_are_read(folder):
    """Settings from config.toml, the key from secrets.toml."""
    write(folder, "config.toml", 'concurrency = 2\nbase_url = "https://a.example"')
    write(folder, "secrets.toml", f'api_key = "{KEY}"')
    settings = resolve_settings()

    assert (2, "https://a.example") == (settings.concurrency, settings.base_url)
    assert KEY == settings.require_key()


def test_what_is_given_wins_over_the_environment_and_that_over_files(
    monkeypatch, folder
):
    """Arguments, dlt's environment, dlt's files, ANTHROPIC_ADMIN_KEY: in this order."""
    found = []
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "customary")
    found.append(resolve_settings().require_key())
    write(folder, "secrets.toml", 'api_key = "file"')
    found.append(resolve_settings().require_key())
    monkeypatch.setenv(f"{PREFIX}API_KEY", "environment")
    found.append(resolve_settings().require_key())
    found.append(resolve_settings(api_key="given").require_key())

    assert ["customary", "file", "environment", "given"] == found


def test_none_is_not_given(monkeypatch):
    """None from the command line counts as not given."""
    monkeypatch.setenv(f"{PREFIX}CONCURRENCY", "8")

    assert 8 == resolve_settings(concurrency=None).concurrency


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_key_is_none(monkeypatch, empty):
    """An empty variable does not count and does not hide ANTHROPIC_ADMIN_KEY."""
    monkeypatch.setenv(f"{PREFIX}API_KEY", empty)
    with pytest.raises(CredentialsError, match="No Admin API key is set"):
        resolve_settings().require_key()

    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)

    assert KEY == resolve_settings().require_key()


@pytest.mark.parametrize("name", ["BASE_URL", "SOURCES__BASE_URL"])
def test_variables_that_others_use_are_not_ours(monkeypatch, name):
    """Another tool's BASE_URL must not receive the key, nor its API_KEY be used."""
    monkeypatch.setenv(name, "https://elsewhere.example")
    monkeypatch.setenv("API_KEY", "another-service")
    monkeypatch.setenv("ACCOUNT", "12345")
    settings = resolve_settings()

    assert "https://api.anthropic.com" == settings.base_url
    assert ("", "default") == (settings.api_key, settings.account)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.anthropic.com",
        "https://localhost",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://127.8.9.10",
        "http://[::1]:8080",
    ],
)
def test_the_key_travels_encrypted_or_stays_here(url):
    """https anywhere, http on this machine."""
    assert url == resolve_settings(base_url=url).base_url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.anthropic.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://localhost.example.com",
        "http://localhost@example.com",
        "http://127.0.0.1.example.com",
        "ftp://localhost",
        "api.anthropic.com",
        "https://",
        "https:///path",
        "/v1",
        "",
        "https://[::1",
        "https://example.com:port",
        "https://exa\nmple.com",
    ],
)
def test_where_the_key_would_be_seen_is_refused(url):
    """Other schemes, hosts that only look local, and invalid URLs."""
    with pytest.raises(SettingsError, match="base_url"):
        resolve_settings(base_url=url)


@pytest.mark.parametrize("around", ["{}", " {}", "{}\n", "\t{} \r\n"])
def test_white_space_around_a_key_is_not_of_it(monkeypatch, around):
    """A key that was copied with its line break works."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", around.format(KEY))

    assert KEY == resolve_settings().require_key()


@pytest.mark.parametrize(
    "within", ["\n", "\r\nx-other: 1", "\0", "ä", "\u2026", "\x7f"]
)
def test_a_key_that_cannot_be_sent_is_refused_unseen(within):
    """A key with a line break or a letter beyond ASCII is refused and not shown."""
    with pytest.raises(CredentialsError, match="Copy it again") as refused:
        resolve_settings(api_key=f"sk-ant-{within}secret").require_key()

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("concurrency", 0),
        ("concurrency", -1),
        ("concurrency", 101),
        ("max_wait", 0),
        ("max_wait", float("nan")),
        ("max_wait", float("inf")),
        ("max_wait", 86_401),
        ("backoff", 0),
        ("backoff", float("nan")),
        ("backoff", float("inf")),
        ("timeout", -1),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("timeout", 1e300),
        ("initial_days", 0),
        ("initial_days", 3661),
        ("initial_days", 10**12),
        ("lookback", -1),
        ("lookback", 3661),
        ("lookback", 10**400),
        ("settle_minutes", -1),
        ("settle_minutes", 43_201),
        ("settle_minutes", 10**18),
    ],
)
def test_a_number_out_of_bounds_is_refused_by_its_name(name, value):
    """The message names the setting, its bounds and where to change it."""
    told = rf"^{name} must be from \S+ to [\d,]+\. .* \.dlt/config.toml"
    with pytest.raises(SettingsError, match=told):
        resolve_settings(**{name: value})


def test_the_longest_settings_make_a_plan():
    """Within the bounds no date overflows: ten years back, complete after a month."""
    most = {"initial_days": 3660, "lookback": 3660, "settle_minutes": 43_200}
    settings = resolve_settings(**most)
    calendar = Calendar(datetime(2026, 3, 10, 12, tzinfo=UTC), settings.settle)
    days = nightly({}, calendar, initial_days=3660, lookback=3660)

    assert (date(2016, 2, 1), date(2026, 2, 7)) == (days[0].day, days[-1].day)


def test_what_is_no_number_is_refused_by_its_name(monkeypatch):
    """dlt says which setting it is."""
    monkeypatch.setenv(f"{PREFIX}CONCURRENCY", "many")

    with pytest.raises(ConfigurationException, match="concurrency"):
        resolve_settings()


@pytest.mark.parametrize("name", ["default", "emea-2", "a.b_c", "7"])
def test_names_of_accounts(name):
    """Letters, digits and three signs."""
    assert name == resolve_settings(account=name).account


@pytest.mark.parametrize("name", ["", "a b", "a'b", "a/b", "é", "a\n", 'a"; drop'])
def test_a_name_that_could_be_more_than_a_name_is_refused(name):
    """The account is used in SQL and in messages."""
    with pytest.raises(SettingsError, match="account"):
        resolve_settings(account=name)


def test_settings_do_not_show_the_key():
    """Neither in str() nor in repr()."""
    settings = resolve_settings(api_key=KEY)

    assert KEY not in f"{settings} {settings!r}"


def weekend(folder, text):
    """The days off that a load would store with this line in config.toml."""
    (folder / ".dlt" / "config.toml").write_text(f"[ccwarehouse]\n{text}\n")
    Container()[PluggableRunContext].reload_providers()
    return [
        row.weekday
        for file in read_files(resolve_file_settings()).files
        for row in file.rows
    ]


def test_a_weekend_is_a_text_or_left_out(folder):
    """Without it nothing is stored, and an empty one is a mistake."""
    assert [5, 6] == weekend(folder, 'weekend = "fri,sat"')
    assert [] == weekend(folder, "")
    for text in ('""', '["fri", "sat"]', "6"):
        with pytest.raises(WeekendError, match="as in fri,sat"):
            weekend(folder, f"weekend = {text}")
