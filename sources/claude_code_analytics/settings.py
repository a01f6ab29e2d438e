"""The source's settings, read by dlt's configuration."""

import os
import re
from datetime import timedelta
from typing import Any, ClassVar, Optional

import httpx
from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from .errors import CredentialsError, SettingsError
from .network import is_loopback

NO_KEY = (
    "No Admin API key is set. Set ANTHROPIC_ADMIN_KEY, or api_key under "
    "[sources.claude_code_analytics] in .dlt/secrets.toml. An organisation's admin "
    "makes one in the Claude Console under Settings, Admin keys (sk-ant-admin...)."
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
    __section__: ClassVar[str] = "claude_code_analytics"

    api_key: Optional[TSecretStrValue] = None  # noqa: UP045 (dlt reads Optional)
    """Admin key; `ANTHROPIC_ADMIN_KEY` is accepted as well."""
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
        """Fill in the key from ANTHROPIC_ADMIN_KEY, and refuse unusable values."""
        # not in a local variable: some tracebacks show these
        self.api_key = (self.api_key or "").strip() or _customary_key()
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

    def require_key(self) -> str:
        """The key. Raises `CredentialsError` if it is missing or cannot be sent."""
        if not self.api_key:
            raise CredentialsError(NO_KEY)
        if not (self.api_key.isascii() and self.api_key.isprintable()):
            raise CredentialsError(
                "The Admin API key holds characters that no key has. Copy it again."
            )
        return self.api_key


def resolve_settings(**given: Any) -> UsageSettings:  # noqa: ANN401 (the spec types them)
    """The settings from arguments, the environment and dlt's files, in this order.

    None counts as not given. Raises `SettingsError`, and dlt's
    `ConfigurationException` for a value of the wrong type.
    """
    explicit = {name: value for name, value in given.items() if value is not None}
    return resolve_configuration(
        UsageSettings(), sections=("sources",), explicit_value=explicit
    )


def _customary_key() -> str:
    return os.environ.get("ANTHROPIC_ADMIN_KEY", "").strip()


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
