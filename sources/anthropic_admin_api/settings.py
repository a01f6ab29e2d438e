"""The source's settings, read by dlt's configuration."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Optional

import httpx
from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.configuration.specs.base_configuration import NotResolved
from dlt.common.typing import TSecretStrValue

from .credentials import Credential, admin_key, sendable, token, token_of
from .errors import CredentialsError, SettingsError
from .network import is_loopback

NAME: Final = "claude_code_analytics"
SECTION: Final = f"sources.{NAME}"
CUSTOMARY: Final = "ANTHROPIC_ADMIN_KEY"
CUSTOMARY_FILE: Final = "ANTHROPIC_ADMIN_KEY_FILE"
KINDS: Final = ("api_key", "auth_token", "auth_token_command")

NO_KEY = (
    "No Admin API key is set. Set ANTHROPIC_ADMIN_KEY, or api_key under "
    "[sources.claude_code_analytics] in .dlt/secrets.toml. An organisation's admin "
    "makes one in the Claude Console under Settings, Admin keys (sk-ant-admin...)."
)
NO_KEY_OF = (
    "Account {name} has no key. Set api_key, auth_token or auth_token_command under "
    "[{section}.accounts.{name}] in .dlt/secrets.toml, or set {variable}."
)
REFUSED = (
    "The API refused the key. This report needs an Admin API key (sk-ant-admin...): "
    "an organisation's admin makes one in the Claude Console under Settings, Admin "
    "keys. Set it as {place}."
)
REFUSED_TOKEN = (
    "The API refused the token. This report needs an OAuth token with the scope "
    "org:admin that has not expired. Set it as {place}."
)

MOST_DAYS = 3660  # ten years, longer than the service exists
MOST_SECONDS = 86_400  # a day: the next nightly load starts then
BOUNDS = {  # least and most
    "concurrency": (1, 100),  # httpx opens at most 100 connections
    "initial_days": (1, MOST_DAYS),
    "lookback": (0, MOST_DAYS),
    "settle_minutes": (0, 43_200),  # 30 days, the longest that days are restated
    "max_wait": (0.001, MOST_SECONDS),
    "backoff": (0.001, MOST_SECONDS),
    "timeout": (0.001, MOST_SECONDS),
}


@configspec
class UsageSettings(BaseConfiguration):
    """`[sources.claude_code_analytics]` in `.dlt/config.toml` and `secrets.toml`."""

    # with its own section, dlt never falls back to bare names like BASE_URL and
    # API_KEY, which other programs use
    __section__: ClassVar[str] = NAME

    api_key: Optional[TSecretStrValue] = None  # noqa: UP045 (dlt reads Optional)
    """Admin key; `ANTHROPIC_ADMIN_KEY` is accepted as well."""
    auth_token: Optional[TSecretStrValue] = None  # noqa: UP045 (as above)
    """OAuth token, instead of a key."""
    auth_token_command: Optional[str] = None  # noqa: UP045 (as above)
    """A command that prints the OAuth token, instead of a key."""
    key_file: Annotated[str, NotResolved()] = ""
    """The file that `ANTHROPIC_ADMIN_KEY_FILE` names, if it is in use."""
    is_named: Annotated[bool, NotResolved()] = False
    """Whether it is one of `accounts`, and not the single key."""
    base_url: str = "https://api.anthropic.com"
    """URL of the API; https, or http on this machine."""
    account: str = "default"
    """The name the key's data is stored under."""
    concurrency: int = 4
    """Days in flight at once."""
    max_wait: float = 300
    """Seconds one day may spend on waiting and on calls that fail."""
    backoff: float = 1
    """Seconds before a call is tried again, doubled each time, with jitter."""
    timeout: float = 60
    """Seconds without a byte after which a call has failed."""
    initial_days: int = 90
    """Days that the first load goes back."""
    lookback: int = 3
    """Complete days that every nightly load fetches again."""
    settle_minutes: int = 90
    """Minutes after 24:00 UTC until a day is complete."""

    def on_resolved(self) -> None:
        """Fill in the customary key, and refuse unusable values."""
        for kind in KINDS:
            setattr(self, kind, (getattr(self, kind) or "").strip())
        if not self.kinds:
            # not in a local variable: some tracebacks show these
            self.api_key = os.environ.get(CUSTOMARY, "").strip()
            self.key_file = os.environ.get(CUSTOMARY_FILE, "").strip()
        self.base_url = self.base_url.rstrip("/")
        _require_safe_url(self.base_url)
        for name, (least, most) in BOUNDS.items():
            is_within = least <= getattr(self, name) <= most
            _require(is_within, f"{name} must be from {least:,} to {most:,}")
        _require(
            re.fullmatch(r"[\w.-]+", self.account, re.ASCII) is not None,
            "account may hold letters, digits, '_', '.' and '-' only",
        )

    @property
    def settle(self) -> timedelta:
        """How long after 24:00 UTC a day is complete."""
        return timedelta(minutes=self.settle_minutes)

    @property
    def kinds(self) -> list[str]:
        """Which of `KINDS` are set."""
        return [kind for kind in KINDS if getattr(self, kind)]

    @property
    def has_key(self) -> bool:
        """Whether there is a key, a token, or a command or a file for one."""
        return bool(self.kinds or self.key_file)

    @property
    def key_place(self) -> str:
        """The variable for this account's key or token, as messages name it."""
        kind = (self.kinds or KINDS)[0].upper()
        section = SECTION.upper().replace(".", "__")
        if self.is_named:
            return f"{section}__ACCOUNTS__{self.account.upper()}__{kind}"
        if self.key_file:
            return CUSTOMARY_FILE
        return CUSTOMARY if kind == "API_KEY" else f"{section}__{kind}"

    @property
    def refused(self) -> str:
        """What to say when the API refuses the key or the token."""
        is_token = self.auth_token or self.auth_token_command
        return (REFUSED_TOKEN if is_token else REFUSED).format(place=self.key_place)

    @property
    def credential(self) -> Credential:
        """What calls present, the same one each time.

        Raises `CredentialsError` if it is missing or cannot be sent, and
        `SettingsError` if several are set.
        """
        # dlt's decorator refuses a cached_property
        if "_credential" not in vars(self):
            vars(self)["_credential"] = self._make_credential()
        made: Credential = vars(self)["_credential"]
        return made

    def _make_credential(self) -> Credential:
        self.require_one()
        if self.auth_token_command:
            return token_of(self.auth_token_command)
        if self.auth_token:
            return token(self.auth_token)
        return admin_key(self.require_key())

    def require_one(self) -> None:
        """Raise `SettingsError` if more than one key or token is set."""
        place = f"[{SECTION}.accounts.{self.account}]" if self.is_named else SECTION
        several = self.kinds
        if self.key_file and self.api_key:
            place, several = "The environment", [CUSTOMARY, CUSTOMARY_FILE]
        if len(several) > 1:
            raise SettingsError(
                f"{place} sets {' and '.join(several)}. Keep one of them, and remove "
                "the others."
            )

    def require_key(self) -> str:
        """The key. Raises `CredentialsError` if it is missing or cannot be sent."""
        if self.key_file:
            return sendable(_key_in(self.key_file), "The Admin API key")
        if self.api_key:
            return sendable(self.api_key, "The Admin API key")
        if not self.is_named:
            raise CredentialsError(NO_KEY)
        place = {"section": SECTION, "variable": self.key_place}
        raise CredentialsError(NO_KEY_OF.format(name=self.account, **place))


def resolve_settings(**given: Any) -> UsageSettings:  # noqa: ANN401 (the spec types them)
    """The settings from arguments, the environment and dlt's files, in this order.

    None counts as not given. A given key or token comes before every other kind of one.
    Raises `SettingsError`, and dlt's `ConfigurationException` for a value of the wrong
    type.
    """
    explicit = {name: value for name, value in given.items() if value is not None}
    if any(explicit.get(kind) for kind in KINDS):
        explicit = dict.fromkeys(KINDS, "") | explicit
    return resolve_configuration(
        UsageSettings(), sections=("sources",), explicit_value=explicit
    )


def _key_in(file: str) -> str:
    """The key in a file. Raises `CredentialsError` if it cannot be had."""
    try:
        text = Path(file).read_text("utf-8-sig").strip()
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    except ValueError:
        why = "is no text"
    else:
        if text:
            return text
        why = "is empty"
    raise CredentialsError(
        f"The file that {CUSTOMARY_FILE} names {why}. Write the Admin key into it, let "
        f"only this user read it (chmod 600), and name it by its full path."
    )


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise SettingsError(
            f"{message}. Change it in [sources.claude_code_analytics] of "
            ".dlt/config.toml, in the environment or on the command line."
        )


def _require_safe_url(text: str) -> None:
    """Require https, except on this machine: every call sends the key."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:  # its message quotes the URL, which may hold a password
        raise SettingsError("base_url is not a URL. Correct it.") from None
    safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    _require(bool(safe and url.host), "base_url must be https, or http on this machine")
    _require(not url.userinfo, "base_url must not hold a user or a password")
