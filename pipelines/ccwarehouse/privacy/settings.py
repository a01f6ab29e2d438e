"""The settings that say what is stored of people, from dlt's configuration."""

from datetime import date, timedelta
from typing import ClassVar, Final, Optional

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from whole_days.privacy import SHORTEST_SECRET

LONGEST: Final = 36_600  # days, a hundred years
MAKE_ONE: Final = "`openssl rand -hex 32` makes one. Keep a copy of it."
NO_SECRET: Final = (
    f"pseudonymise is set, but pseudonym_secret is empty or missing. {MAKE_ONE}"
)
NOT_ASKED: Final = (
    f"pseudonymise is not set. Set it to true, and pseudonym_secret. {MAKE_ONE}"
)
SHORT: Final = (
    f"pseudonym_secret has fewer than {SHORTEST_SECRET} characters, so that it could "
    f"be guessed. {MAKE_ONE}"
)


class PrivacySettingError(ConfigurationException):
    """A setting that cannot be used; the message does not quote it."""


@configspec
class PrivacySettings(BaseConfiguration):
    """`[ccwarehouse]` in `.dlt/config.toml`, and the secret in `secrets.toml`."""

    # with its own section, dlt never falls back to bare names like RETENTION_DAYS
    __section__: ClassVar[str] = "ccwarehouse"

    pseudonymise: bool = False
    """Store pseudonyms instead of emails and names of keys."""
    pseudonym_secret: Optional[TSecretStrValue] = None  # noqa: UP045 (dlt reads Optional)
    """The secret that pseudonyms are made with."""
    retention_days: Optional[int] = None  # noqa: UP045 (as above)
    """Days after which rows of people become sums."""

    def on_resolved(self) -> None:
        """Refuse a secret that could be guessed, and an impossible number of days."""
        days = self.retention_days
        if days is not None and not 1 <= days <= LONGEST:
            raise PrivacySettingError(f"retention_days must be from 1 to {LONGEST:,}.")
        if not self.pseudonymise:
            return
        # not in a local variable: some tracebacks show these
        self.pseudonym_secret = (self.pseudonym_secret or "").strip()
        if not self.pseudonym_secret:
            raise PrivacySettingError(NO_SECRET)
        if len(self.pseudonym_secret) < SHORTEST_SECRET:
            raise PrivacySettingError(SHORT)

    def people_from(self, today: date) -> date | None:
        """The first day whose rows stay those of people; None without a limit."""
        if self.retention_days is None:
            return None
        return today - timedelta(days=self.retention_days)

    @property
    def secret(self) -> str | None:
        """The secret, if pseudonyms are stored."""
        return self.pseudonym_secret if self.pseudonymise else None


def resolve_privacy() -> PrivacySettings:
    """The settings. Raises dlt's `ConfigurationException`."""
    return resolve_configuration(PrivacySettings())


def require_secret(settings: PrivacySettings) -> str:
    """The secret. Raises `PrivacySettingError` unless pseudonyms are asked for."""
    if not settings.secret:
        raise PrivacySettingError(NOT_ASKED)
    return settings.secret
