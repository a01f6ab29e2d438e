"""Remove credentials from messages: drivers quote options and even whole URLs."""

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

import dlt
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.providers.doc import BaseDocProvider

OF_DESTINATIONS: Final = re.compile("DESTINATION__|CREDENTIALS")
SECRET: Final = re.compile("pass|pwd|secret|token|key|credential|sas$", re.IGNORECASE)

# Shorter secrets would match parts of ordinary words.
SHORTEST: Final = 4


def without_secrets(text: str) -> str:
    """The text with `***` for the secrets of destinations in dlt's configuration."""
    return secrets_remover()(text)


def secrets_remover() -> Callable[[str], str]:
    """The same for many texts, with the secrets as they are configured now."""
    forms = {form for secret in _secrets() for form in _forms(secret)}
    if not forms:
        return str
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub("***", text)


def _secrets() -> Iterator[str]:
    """The secret values in the environment and in dlt's files."""
    for name, value in os.environ.items():
        if OF_DESTINATIONS.search(name):
            yield from _in_value(name.rpartition("__")[2], value)
    for settings in _files():
        yield from _in_value("", settings.get("destination", {}))
        yield from _in_value("credentials", settings.get("credentials", {}))


def _files() -> Iterator[dict[str, Any]]:
    """The content of dlt's files; nothing if dlt could not read them itself."""
    try:
        providers = dlt.config.config_providers
    except ConfigurationException:
        return
    for provider in providers:
        if isinstance(provider, BaseDocProvider):
            yield tomllib.loads(provider.to_toml())


def _in_value(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - any of TOML's
    match value:
        case dict():
            for key, inner in value.items():
                yield from _in_value(key, inner)
        case str() if value.lstrip().startswith("{"):
            yield from _in_json(name, value)
        case str() if "@" in value or "?" in value:
            yield from _in_address(value)
        case str() if SECRET.search(name) and "://" not in value:
            yield value
            yield from value.splitlines()


def _in_json(name: str, text: str) -> Iterator[str]:
    try:
        yield from _in_value(name, json.loads(text))
    except ValueError:  # in broken JSON each value may be a secret
        yield from re.findall(r':\s*"([^"]+)', text)


def _in_address(address: str) -> Iterator[str]:
    """The password of a URL, parts of it, and the secrets of its query."""
    if found := re.match(r"(?:[\w+.-]+://)?[^:]*:(.*)@", address, re.DOTALL):
        yield found[1]
        # a driver that misreads the URL cuts the password at such a character
        for cut in re.finditer(r"\W", found[1]):
            yield found[1][: cut.start()]
            yield found[1][cut.end() :]
    query = parse_qsl(address.partition("?")[2])
    yield from (value for name, value in query if SECRET.search(name))


def _forms(secret: str) -> set[str]:
    """The spellings of a secret: plain, stripped, and quoted as in a URL."""
    forms = {secret, secret.strip(), unquote(secret), quote(secret), quote(secret, "")}
    return {form for form in forms if len(form) >= SHORTEST}
