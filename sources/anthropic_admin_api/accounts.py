"""The accounts of the configuration: each has a key or token of its own.

The single key is the account `default`, or as `account` names it. Further ones are in
`[sources.claude_code_analytics.accounts.<name>]` of dlt's files, or in variables like
SOURCES__CLAUDE_CODE_ANALYTICS__ACCOUNTS__ACME__API_KEY.
"""

import copy
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import dlt
from dlt.common.configuration.providers.doc import BaseDocProvider

from .errors import SettingsError, UnknownAccountError
from .settings import KINDS, SECTION, UsageSettings, resolve_settings

ACCOUNTS: Final = f"{SECTION}.accounts"
PREFIX: Final = f"{ACCOUNTS}.".upper().replace(".", "__")
SECRETS: Final = KINDS[:2]  # a command may be known to others
LONGEST_NAME: Final = 64

FORM: Final = (
    f"Write [{ACCOUNTS}.NAME] with api_key = ... in .dlt/secrets.toml, or set "
    f"{PREFIX}NAME__API_KEY."
)


@dataclass
class _Named:
    """What one place says of an account, under the name that it writes."""

    written: str
    values: dict[str, str] = field(default_factory=dict)


def resolve_accounts(chosen: str | None = None, **given: Any) -> list[UsageSettings]:  # noqa: ANN401 (the spec types them)
    """The settings of each account, the single key's first, or of `chosen` alone.

    `given` are settings that all accounts share. Without any key there is one account.
    A name counts with A to Z in lower case and with `_` for `-` and `.`, because names
    of variables have nothing else. Raises `SettingsError`, `UnknownAccountError` for a
    `chosen` one, and dlt's `ConfigurationException`.
    """
    shared = resolve_settings(**given)
    named = [_named(shared, *account) for account in sorted(_configured().items())]
    accounts = [shared, *named] if shared.has_key or not named else named
    if shared not in accounts and shared.account != "default":
        raise SettingsError(
            f"`account` in [{SECTION}] names the single key's data, but no single key "
            f"is set. Remove `account`, or choose with --account."
        )
    _require_own_names(shared, named)
    for account in accounts:
        account.require_one()
    _require_own_keys(accounts)
    return accounts if chosen is None else [_chosen(accounts, chosen)]


def resolve_one(**given: Any) -> UsageSettings:  # noqa: ANN401 (the spec types them)
    """The settings of one account: the given key's, or the one that `account` names.

    Raises like `resolve_accounts`, and `SettingsError` if there are several.
    """
    name = given.get("account")
    if any(given.get(kind) for kind in KINDS):
        return resolve_settings(**given)
    if name is not None and folded(name) not in _configured():
        return resolve_settings(**given)
    shared = {key: value for key, value in given.items() if key != "account"}
    accounts = resolve_accounts(name, **shared)
    if len(accounts) > 1:
        names = ", ".join(settings.account for settings in accounts)
        raise SettingsError(f"There are several accounts. Name one of: {names}.")
    return accounts[0]


def folded(name: str) -> str:
    """The name under which an account of `accounts` is stored."""
    return re.sub("[.-]", "_", name.lower())


def _chosen(accounts: list[UsageSettings], name: str) -> UsageSettings:
    for account in accounts:
        if name == account.account or folded(name) == folded(account.account):
            return account
    names = ", ".join(account.account for account in accounts)
    raise UnknownAccountError(f"There is no account {name!r}. Name one of: {names}.")


def _named(
    shared: UsageSettings, name: str, values: Mapping[str, str]
) -> UsageSettings:
    """The shared settings with the name and the key of one account."""
    settings = copy.copy(shared)
    settings.account, settings.is_named, settings.key_file = name, True, ""
    for kind in KINDS:
        setattr(settings, kind, values.get(kind, ""))
    return settings


def _require_own_names(single: UsageSettings, named: list[UsageSettings]) -> None:
    if not single.has_key:
        return
    for account in named:
        if folded(single.account) == account.account:
            raise SettingsError(
                f"Account {account.account} has a key of its own, and the single key "
                f"({single.key_place}) is stored as {single.account} too. Remove one "
                f"of the keys, or rename the account under [{ACCOUNTS}]."
            )


def _require_own_keys(accounts: list[UsageSettings]) -> None:
    for one, other in combinations(accounts, 2):
        for kind in KINDS:
            if getattr(one, kind) and getattr(one, kind) == getattr(other, kind):
                raise SettingsError(
                    f"Accounts {one.account} and {other.account} have the same {kind}, "
                    "so that all costs would count twice. Give each its own, or remove "
                    f"one: {one.key_place} or {other.key_place}."
                )


def _configured() -> dict[str, dict[str, str]]:
    """The values of each account by its folded name; the environment comes first."""
    accounts: dict[str, dict[str, str]] = {}
    for place in (_of_files(), _of_environment()):
        for name, account in place.items():
            set_ones = {kind: text for kind, text in account.values.items() if text}
            accounts[name] = accounts.get(name, {}) | set_ones
    return accounts


def _of_environment() -> dict[str, _Named]:
    found: dict[str, _Named] = {}
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX):
            name, _, setting = variable.removeprefix(PREFIX).rpartition("__")
            if not name:
                raise SettingsError(f"A variable {PREFIX}... names no account. {FORM}")
            account = _account(found, name)
            kind = _kind(account, setting.lower())
            account.values[kind] = os.environ[variable].strip()
    return found


def _of_files() -> dict[str, _Named]:
    found: dict[str, _Named] = {}
    for keeps_secrets, table in _tables():
        if not isinstance(table, dict):
            raise SettingsError(f"`accounts` in [{SECTION}] is no table. {FORM}")
        for name, values in table.items():
            account = _account(found, str(name))
            if not isinstance(values, dict):
                raise SettingsError(
                    f"accounts.{name} in [{SECTION}] is no table. {FORM}"
                )
            for setting, value in values.items():
                kind = _kind(account, str(setting))
                account.values[kind] = _text(account, kind, value, keeps_secrets)
    return found


def _tables() -> Iterator[tuple[bool, Any]]:
    """Whether a file is for secrets, and its `accounts`, if it has them."""
    for provider in dlt.config.config_providers:
        if isinstance(provider, BaseDocProvider):
            sections = SECTION.split(".")
            table, _ = provider.get_value("accounts", dict, "", *sections)
            if table is not None:
                yield provider.supports_secrets, table


def _account(found: dict[str, _Named], written: str) -> _Named:
    """The account of this name; new names are checked."""
    is_key = re.match("sk[_-]ant", written, re.IGNORECASE)
    is_name = re.fullmatch(r"[\w.-]+", written, re.ASCII)
    if is_key or not is_name or len(written) > LONGEST_NAME:
        raise SettingsError(
            "The name of an account may hold letters, digits, '_', '.' and '-' only, "
            f"at most {LONGEST_NAME}, and must not look like a key. {FORM}"
        )
    account = found.setdefault(folded(written), _Named(written))
    if account.written != written:
        raise SettingsError(
            f"Accounts {account.written} and {written} have the same name, since case, "
            "'-' and '.' do not count. Rename one."
        )
    return account


def _kind(account: _Named, setting: str) -> str:
    """The setting. An unknown one is quoted only if it cannot be a secret."""
    if setting in KINDS:
        return setting
    named = repr(setting) if re.fullmatch("[a-z_]{1,20}", setting) else "such"
    raise SettingsError(
        f"Account {account.written} has a setting {named}, which accounts do not have. "
        f"Write {KINDS[0]}, {KINDS[1]} or {KINDS[2]}; all others belong to [{SECTION}]."
    )


def _text(account: _Named, kind: str, value: Any, keeps_secrets: bool) -> str:  # noqa: ANN401 - any of TOML's
    if not isinstance(value, str):
        raise SettingsError(
            f"{kind} of account {account.written} is no text. Put it in quotes."
        )
    if kind in SECRETS and not keeps_secrets:
        raise SettingsError(
            f"{kind} of account {account.written} is in config.toml, which others may "
            "read. Move it to .dlt/secrets.toml."
        )
    return value.strip()
